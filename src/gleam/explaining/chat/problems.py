"""What can go wrong when a server is asked, so that the caller can tell what to do about it."""

from __future__ import annotations

from typing import Literal

from gleam.errors import GleamError

Kind = Literal["key", "quota", "busy", "server", "unreachable", "timeout", "too_long", "request", "model"]
"""No or a wrong key; no money left; too many requests; the server failed; it cannot be reached; it did not
answer in time; its reply is too long; it does not accept the request; it does not have the model."""

STOPPING: frozenset[Kind] = frozenset({"key", "quota", "model"})
"""Every further request would end the same way."""
PASSING: frozenset[Kind] = frozenset({"busy", "server", "unreachable", "timeout"})
"""The same request may succeed later."""


class ChatError(GleamError):
    """A server did not answer a request.

    kind: what went wrong. status: of HTTP, when there was one. retry_after_s: how long the server asks to
    wait. may_be_billed: whether the request may have been worked on all the same. body: what the server
    sent, keys taken out.
    """

    def __init__(
        self,
        kind: Kind,
        message: str,
        *,
        status: int | None = None,
        retry_after_s: float | None = None,
        may_be_billed: bool = False,
        body: bytes = b"",
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.status = status
        self.retry_after_s = retry_after_s
        self.may_be_billed = may_be_billed
        self.body = body


class ReplyError(GleamError):
    """A reply is not what was asked for: the text tells why in one sentence.

    refused: the model declined; otherwise the reply is malformed.
    """

    def __init__(self, message: str, *, refused: bool = False) -> None:
        super().__init__(message)
        self.refused = refused
