"""Answers that can be asked for again by an id: deep links, exports, explanations."""

from __future__ import annotations

import secrets
import shutil
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gleam.files import atomic_folder, read_json, write_json
from gleam.locating.answer import Answer

MOST_HELD = 2000
"""Some 50 kB each, when the scores of many tiles were asked for."""
_ID_BYTES = 12
_RESULT, _PHOTO = "result.json", "photo"


@dataclass
class Result:
    """One answered photo.

    body: the response that told it. verdicts: explanations made so far, by rank, language and explainer.
    photo: the kept photo, without metadata; None when it was not kept. digest: of the photo that was sent;
    None when the server has been started anew. expires: seconds since 1970.
    """

    id: str
    answer: Answer
    body: dict[str, Any]
    expires: float
    photo: Path | None = None
    digest: str | None = None
    verdicts: dict[str, dict[str, Any]] = field(default_factory=dict)


class Results:
    """Holds results in memory for a time, and those whose photo is kept in a folder until they are removed.

    Args:
        seconds: How long a result is held.
        keep: The folder for kept photos; None keeps none.
    """

    def __init__(self, seconds: float, keep: Path | None) -> None:
        self._seconds = seconds
        self._keep = keep
        self._held: OrderedDict[str, Result] = OrderedDict()
        self._lock = threading.Lock()

    @staticmethod
    def new_id() -> str:
        """Return an id that cannot be guessed."""
        return secrets.token_urlsafe(_ID_BYTES)

    @property
    def expiry(self) -> float:
        """When a result made now expires, in seconds since 1970."""
        return time.time() + self._seconds

    @staticmethod
    def told(result: Result) -> dict[str, Any]:
        """Return the body of a result with the explanations made so far."""
        made = []
        for key, verdict in sorted(result.verdicts.items()):
            rank, language, explainer = key.split(" ", 2)
            made.append({"rank": int(rank), "language": language, "explainer": explainer, "verdict": verdict})
        return {**result.body, "verdicts": made}

    def add(self, result: Result) -> None:
        """Hold a result; the oldest goes when there are too many."""
        with self._lock:
            self._held[result.id] = result
            while len(self._held) > MOST_HELD:
                self._held.popitem(last=False)

    def keep(self, result: Result, photo: bytes, suffix: str) -> None:
        """Store a result with its photo, both or none, and hold it."""
        assert self._keep is not None
        folder = self._keep / result.id
        with atomic_folder(folder) as temporary:
            (temporary / (_PHOTO + suffix)).write_bytes(photo)
            write_json(temporary / _RESULT, result.body)
        result.photo = folder / (_PHOTO + suffix)
        self.add(result)

    def get(self, id: str) -> Result | None:
        """Return a result, or None when there is none or its time is over."""
        with self._lock:
            found = self._held.get(id)
            if found is not None and (found.photo is not None or found.expires > time.time()):
                return found
            self._held.pop(id, None)
        return self._stored(id)

    def remove(self, id: str) -> bool:
        """Forget a result and its photo; tell whether there was one."""
        there = self.get(id) is not None
        with self._lock:
            self._held.pop(id, None)
        if there and self._keep is not None:
            shutil.rmtree(self._keep / id, ignore_errors=True)
        return there

    def __len__(self) -> int:
        """Return how many are held in memory."""
        return len(self._held)

    def _stored(self, id: str) -> Result | None:
        if self._keep is None or not is_id(id) or not (self._keep / id / _RESULT).is_file():
            return None
        folder = self._keep / id
        body = read_json(folder / _RESULT)
        photo = next((p for p in sorted(folder.iterdir()) if p.stem == _PHOTO), None)
        result = Result(id, Answer.from_json(body["answers"][0]), body, float("inf"), photo)
        self.add(result)
        return result


def is_id(text: str) -> bool:
    """Tell whether a text can be an id: nothing that could name another folder."""
    return 8 <= len(text) <= 64 and all(c.isascii() and (c.isalnum() or c in "-_") for c in text)
