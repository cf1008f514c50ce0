"""The HTTP API from Python, with the base install alone.

from gleam.web.client import Client

answer = Client("http://127.0.0.1:8765").locate("photo.jpg", view="drone")
print(answer.status, answer.lat, answer.lon)
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from gleam.errors import GleamError
from gleam.locating.answer import Answer
from gleam.locating.batch import Failure
from gleam.web.client_http import Connection, Form

if TYPE_CHECKING:
    from gleam.explaining.verdict import Verdict

POLL_S = 0.5
OVER = ("done", "cancelled", "interrupted", "failed")


class Client:
    """A server of ``gleam serve``.

    Args:
        url: Of the server.
        token: That of the server; ``GLEAM_TOKEN`` of the environment when not given.
        timeout_s: Seconds to wait for a response.
        patience_s: Seconds to try again while the server says that it is busy.
    """

    def __init__(
        self,
        url: str = "http://127.0.0.1:8765",
        token: str | None = None,
        *,
        timeout_s: float = 120.0,
        patience_s: float = 60.0,
    ) -> None:
        secret = token if token is not None else os.environ.get("GLEAM_TOKEN")
        self._http = Connection(url, secret, timeout_s, patience_s)

    def atlas(self) -> dict[str, Any]:
        """Return what the server searches and offers: the body of ``/v1/atlas``."""
        return self._get("/v1/atlas")

    def locate(self, photo: Any, view: str | None = None, **options: Any) -> Answer:
        """Return where a photo was taken.

        Args:
            photo: A path, or the bytes of an image file.
            view: How it sees the world; detected when not given.
            options: Those of ``/v1/locate``: ``heading_deg``, ``near={"lat", "lon", "radius_m"}``, ``k``...

        Raises:
            GleamError: The server cannot be reached or refuses; it says why.
        """
        return Answer.from_json(self.locate_json(photo, view, **options)["answers"][0])

    def locate_json(self, photo: Any, view: str | None = None, **options: Any) -> dict[str, Any]:
        """Return the whole body of ``/v1/locate``: id, answer, scores and the rest."""
        asked = {**options, **({} if view is None else {"view": view})}
        with Form() as form:
            form.add_file("photo", photo)
            form.add_text("options", json.dumps(asked))
            return self._post("/v1/locate", form)

    def explain(self, photo: Any = None, **request: Any) -> Verdict:
        """Return the verdict on a candidate (``result=ID, rank=1``) or on a tile (``tile=ID, view=...``).

        Args:
            photo: A path or bytes; not needed for a result whose photo is kept.
            request: ``result``, ``rank``, ``tile``, ``view``, ``language``, ``explainer``...

        Raises:
            GleamError: The server cannot be reached or refuses; it says why.
        """
        from gleam.explaining.verdict import Verdict

        with Form() as form:
            if photo is not None:
                form.add_file("photo", photo)
            form.add_text("request", json.dumps(request))
            return Verdict.model_validate(self._post("/v1/explain", form))

    def result(self, id: str) -> dict[str, Any]:
        """Return a result again, with the explanations made since."""
        return self._get(f"/v1/results/{_part(id)}")

    def export(self, id: str, format: str = "geojson", *, job: bool = False) -> bytes:
        """Return a result, or the answers of a job, as a file of another program."""
        kind = "jobs" if job else "results"
        return self._http.get(f"/v1/{kind}/{_part(id)}/export?{urlencode({'format': format})}")

    def start_job(
        self, photos: Sequence[str | os.PathLike[str]], mode: str = "each", **options: Any
    ) -> dict[str, Any]:
        """Start a batch of files in the background and return how far it is; see :meth:`wait`."""
        with Form() as form:
            for photo in photos:
                form.add_file("photo", photo)
            form.add_text("mode", mode)
            form.add_text("options", json.dumps(options))
            return self._post("/v1/jobs", form)

    def job(self, id: str) -> dict[str, Any]:
        """Return how far a batch is."""
        return self._get(f"/v1/jobs/{_part(id)}")

    def wait(self, id: str, *, timeout_s: float = float("inf")) -> dict[str, Any]:
        """Return a batch once it is over: done, cancelled, interrupted or failed.

        Raises:
            GleamError: It is not over in time.
        """
        until = time.monotonic() + timeout_s
        while True:
            job = self.job(id)
            if job["state"] in OVER:
                return job
            if time.monotonic() > until:
                raise GleamError(f"The batch {id} is not over after {timeout_s:g} s; wait longer.")
            time.sleep(POLL_S)

    def results(self, id: str) -> Iterator[Answer | Failure]:
        """Yield the results of a batch so far, in the order they came."""
        after = 0
        while True:
            page = self._get(f"/v1/jobs/{_part(id)}/results?after={after}")
            for row in page["results"]:
                if row["answer"] is None:
                    yield Failure(row["photo"], row["error"])
                else:
                    yield Answer.from_json(row["answer"])
            if not page["results"]:
                return
            after = page["next"]

    def cancel(self, id: str, *, forget: bool = False) -> None:
        """Stop a batch after the photo in work; with ``forget`` delete everything of it."""
        self._http.delete(f"/v1/jobs/{_part(id)}{'?forget=true' if forget else ''}")

    def resume(self, id: str) -> dict[str, Any]:
        """Go on with a batch that was cancelled, failed or interrupted."""
        with Form() as form:
            return self._post(f"/v1/jobs/{_part(id)}/resume", form)

    def _get(self, path: str) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(self._http.get(path))
        return body

    def _post(self, path: str, form: Form) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(self._http.post(path, form))
        return body


def _part(id: str) -> str:
    return quote(str(id), safe="")
