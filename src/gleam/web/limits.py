"""Limits on what comes in, checked before anything is read, decoded or started."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gleam.web.problems import WebError, send_problem
from gleam.web.settings import MIB, Settings

BURST_S = 2.0
"""Seconds of its rate that a client may use at once."""
_MOST_CLIENTS = 10_000
_SMALL_BODY = 64 * 1024
"""Of requests that carry no photo."""
SLOWEST_BYTES_PER_S = 8 * 1024
_WITH_PHOTO = ("/v1/locate", "/v1/explain", "/v1/metadata")


class RateLimit:
    """A bucket of requests for each client that fills at a rate.

    Args:
        per_s: Requests per second.
        clock: Seconds that only grow.
    """

    def __init__(self, per_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_s = per_s
        self._most = max(1.0, per_s * BURST_S)
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, client: str) -> float:
        """Count a request; return 0, or the seconds to wait when there were too many."""
        now = self._clock()
        left, before = self._buckets.pop(client, (self._most, now))
        left = min(self._most, left + (now - before) * self._per_s)
        wait = 0.0 if left >= 1 else (1 - left) / self._per_s
        self._buckets[client] = (left if wait else left - 1, now)
        while len(self._buckets) > _MOST_CLIENTS:
            self._buckets.popitem(last=False)
        return wait


class Limits:
    """Refuses requests that come too often, find the queue full, are too large or too slow.

    Args:
        app: What they are handed on to.
        settings: The limits.
        refuse_when_full: Raises a :class:`WebError` when no more work can be taken.
    """

    def __init__(self, app: ASGIApp, settings: Settings, refuse_when_full: Callable[[], None]) -> None:
        self._app = app
        self._settings = settings
        self._rate = RateLimit(settings.rate_per_s)
        self._refuse_when_full = refuse_when_full

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check a request, and its body while it comes."""
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD", "OPTIONS"):
            await self._app(scope, receive, send)
            return
        client = (scope.get("client") or ("unknown", 0))[0]
        wait = self._rate.take(client)
        if wait:
            sentence = f"More than {self._settings.rate_per_s:g} requests per second; come back later."
            await send_problem(send, 429, sentence, wait)
            return
        largest = self._largest(scope["path"])
        try:
            if scope["path"] == "/v1/locate":
                self._refuse_when_full()
            _check_length(Headers(scope=scope), largest)
        except WebError as error:
            await send_problem(send, error.status, error.sentence, error.retry_s)
            return
        body = _Body(receive, largest, self._settings.slowest_body_s)
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            if body.refused is not None and not started:
                return  # the framework says something of a broken form; the cause is said below
            started = True
            await send(message)

        try:
            await self._app(scope, body.receive, watched)
        except WebError:
            if body.refused is None:
                raise
        if body.refused is not None and not started:
            await send_problem(send, body.refused.status, body.refused.sentence)

    def _largest(self, path: str) -> int:
        if path == "/v1/jobs":
            return self._settings.max_batch_bytes
        return self._settings.max_upload_bytes if path in _WITH_PHOTO else _SMALL_BODY


class _Body:
    """Counts the bytes of a body and the seconds it takes. refused: why it was cut off, if it was."""

    def __init__(self, receive: Receive, largest: int, patience_s: float) -> None:
        self._receive = receive
        self._largest = largest
        self._patience_s = patience_s
        self._bytes = 0
        self._begun = time.monotonic()
        self._done = False
        self.refused: WebError | None = None

    async def receive(self) -> Message:
        """Return the next part.

        Raises:
            WebError: The body is too large (413) or comes too slowly (408).
        """
        if self.refused is not None:
            raise self.refused
        try:
            return await self._next()
        except WebError as error:
            self.refused = error
            raise

    async def _next(self) -> Message:
        if self._done:
            return await self._receive()
        allowed = self._patience_s + self._bytes / SLOWEST_BYTES_PER_S
        left = self._begun + allowed - time.monotonic()
        try:
            message = await asyncio.wait_for(self._receive(), max(left, 0.001))
        except TimeoutError:
            raise WebError(408, "The request came too slowly; send it again over a better line.") from None
        if message["type"] == "http.request":
            self._bytes += len(message.get("body", b""))
            if self._bytes > self._largest:
                raise too_large(self._largest)
            self._done = not message.get("more_body", False)
        else:
            self._done = True
        return message


def _check_length(headers: Headers, largest: int) -> None:
    told = headers.get("content-length")
    if told is None:
        return
    # More than 18 digits is no size, and Python refuses to read thousands.
    if not (told.isascii() and told.isdigit()) or len(told) > 18:
        raise WebError(400, "The Content-Length is not a number.")
    if int(told) > largest:
        raise too_large(largest)


def too_large(largest: int) -> WebError:
    """Return the refusal of a request above ``largest`` bytes."""
    size = f"{largest / MIB:g} MiB" if largest >= MIB else f"{largest / 1024:g} KiB"
    return WebError(413, f"The request is larger than {size}, the limit of this server.")
