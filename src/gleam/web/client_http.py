"""What the client says over HTTP, with the standard library: forms, the token, refusals, patience."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import tempfile
import time
from http.client import HTTPException
from pathlib import Path
from typing import IO, Any
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from gleam.errors import GleamError

_IN_MEMORY = 8 * 2**20
_FIRST_WAIT_S = 1.0


class ServerError(GleamError):
    """A refusal of the server: its sentence, status and code."""

    def __init__(self, sentence: str, status: int, code: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.code = code


class Form:
    """A multipart form, on the disk where it is large; use it as a context."""

    def __init__(self) -> None:
        self._boundary = secrets.token_hex(16)
        self._end = f"--{self._boundary}--\r\n".encode()
        self._body: IO[bytes] = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115

    def __enter__(self) -> Form:
        """Return the form itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of it."""
        self._body.close()

    @property
    def type(self) -> str:
        """Its Content-Type."""
        return f"multipart/form-data; boundary={self._boundary}"

    def add_text(self, name: str, text: str) -> None:
        """Add a field."""
        self._begin(f'name="{name}"')
        self._body.write(text.encode() + b"\r\n")

    def add_file(self, name: str, photo: str | os.PathLike[str] | bytes) -> None:
        """Add a file, by its path or its content.

        Raises:
            GleamError: It cannot be read.
        """
        file_name = "photo" if isinstance(photo, bytes) else Path(photo).name
        quoted = file_name.replace("\\", "_").replace('"', "%22").replace("\r", "").replace("\n", "")
        self._begin(f'name="{name}"; filename="{quoted}"', "application/octet-stream")
        if isinstance(photo, bytes):
            self._body.write(photo)
        else:
            try:
                with open(photo, "rb") as file:
                    shutil.copyfileobj(file, self._body)
            except OSError as error:
                raise GleamError(f"{photo} cannot be read: {error.strerror}.") from None
        self._body.write(b"\r\n")

    def finished(self) -> tuple[IO[bytes], int]:
        """Return the body, to be read from its beginning, and its length."""
        self._body.seek(0, os.SEEK_END)
        self._body.write(self._end)
        length = self._body.tell()
        self._body.seek(0)
        return self._body, length

    def unfinish(self) -> None:
        """Take the end off again, so that the form can be sent once more."""
        self._body.seek(-len(self._end), os.SEEK_END)
        self._body.truncate()

    def _begin(self, disposition: str, type: str | None = None) -> None:
        lines = [f"--{self._boundary}", f"Content-Disposition: form-data; {disposition}"]
        if type is not None:
            lines.append(f"Content-Type: {type}")
        self._body.write(("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "replace"))


class Connection:
    """Requests to one server."""

    def __init__(self, url: str, token: str | None, timeout_s: float, patience_s: float) -> None:
        if not url.startswith(("http://", "https://")):
            raise GleamError(f"{url!r} is no address of a server; write http://127.0.0.1:8765.")
        self._url = url.rstrip("/")
        self._token = token
        self._timeout_s, self._patience_s = timeout_s, patience_s
        # A redirect would carry the token to wherever it points.
        self._opener = build_opener(_NoRedirect)

    def get(self, path: str) -> bytes:
        """Return the body of a GET.

        Raises:
            GleamError: The server cannot be reached or refuses.
        """
        return self._send("GET", path)

    def delete(self, path: str) -> bytes:
        """Return the body of a DELETE, like :meth:`get`."""
        return self._send("DELETE", path)

    def post(self, path: str, form: Form) -> bytes:
        """Return the body of a POST, like :meth:`get`."""
        return self._send("POST", path, form)

    def _send(self, method: str, path: str, form: Form | None = None) -> bytes:
        until = time.monotonic() + self._patience_s
        while True:
            try:
                return self._once(method, path, form)
            except _Busy as busy:
                if time.monotonic() + busy.wait_s > until:
                    raise busy.error from None
                time.sleep(busy.wait_s)

    def _once(self, method: str, path: str, form: Form | None) -> bytes:
        headers = {"Accept": "*/*"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        body: Any = None
        if form is not None:
            body, length = form.finished()
            headers |= {"Content-Type": form.type, "Content-Length": str(length)}
        request = Request(self._url + path, data=body, headers=headers, method=method)
        try:
            with self._opener.open(request, timeout=self._timeout_s) as response:
                content: bytes = response.read()
                return content
        except HTTPError as error:
            with error:
                refusal = _refusal(error)
            if error.code != 429:
                raise refusal from None
            raise _Busy(refusal, _seconds(error.headers.get("Retry-After"))) from None
        except (URLError, HTTPException, OSError) as error:
            reason = getattr(error, "reason", error)
            raise GleamError(
                f"The server {self._url} cannot be reached ({reason}); is gleam serve running there?"
            ) from None
        finally:
            if form is not None:
                form.unfinish()


class _Busy(Exception):
    def __init__(self, error: ServerError, wait_s: float) -> None:
        super().__init__()
        self.error = error
        self.wait_s = wait_s


class _NoRedirect(HTTPRedirectHandler):
    def redirect_request(self, *args: Any, **options: Any) -> None:
        return None


def _refusal(error: HTTPError) -> ServerError:
    try:
        body = json.loads(error.read())
        return ServerError(str(body["error"]), error.code, str(body["code"]))
    except (ValueError, KeyError, TypeError, OSError):
        return ServerError(f"The server answered with status {error.code}.", error.code, "error")


def _seconds(text: str | None) -> float:
    return float(text) if text is not None and text.isascii() and text.isdigit() else _FIRST_WAIT_S
