"""One request over HTTP by the ``openai`` client, under limits of time and size.

Nothing is retried here: whoever pays decides about that. The key is taken out of everything the server
sends, so that a server that echoes it cannot bring it into a file.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gleam.errors import GleamError
from gleam.explaining.chat.capabilities import Capabilities
from gleam.explaining.chat.problems import ChatError, Kind
from gleam.explaining.chat.request import ChatRequest
from gleam.explaining.chat.target import Target

TIMEOUT_S = 180.0
MAX_REPLY_BYTES = 2 * 1024 * 1024
"""No honest reply with an explanation is a hundredth of this."""
_SHOWN = 200


@dataclass(frozen=True)
class RawReply:
    """What a server sent, and how long it took."""

    body: bytes
    seconds: float


class Chat:
    """A server and a model that can be asked; keeps what the server turned out to understand.

    Args:
        target: Which.
        timeout_s: For the whole of one request.
        max_bytes: Of one reply.

    Raises:
        GleamError: The ``openai`` package or the key is missing.
    """

    def __init__(
        self, target: Target, *, timeout_s: float = TIMEOUT_S, max_bytes: int = MAX_REPLY_BYTES
    ) -> None:
        try:
            import openai
        except ModuleNotFoundError:
            raise GleamError(
                "Asking a server needs the package openai; run: pip install 'gleam-geo[explain]'."
            ) from None
        self.target = target
        self.can = Capabilities.first_guess(target)
        self._key = target.key()
        self._timeout_s = timeout_s
        self._max_bytes = max_bytes
        self._openai = openai
        # A redirect would carry the pictures to another server than the one that was named.
        http = openai.DefaultHttpxClient(follow_redirects=False, event_hooks={"response": [self._limit]})
        self._client = openai.OpenAI(
            api_key=self._key,
            base_url=target.url,
            max_retries=0,
            timeout=timeout_s,
            http_client=http,
            # Without compression the size of a reply is what it takes to hold it.
            default_headers={"Accept-Encoding": "identity"},
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def send(self, request: ChatRequest, idempotency_key: str | None = None) -> RawReply:
        """Send a request once; say it in other words where the server does not understand all of it.

        Raises:
            ChatError: The server did not answer it.
        """
        while True:
            try:
                return self._post(self.can.body(request, self.target.model), idempotency_key)
            except ChatError as error:
                weaker = None if error.kind != "request" else self.can.without(str(error))
                if weaker is None:
                    raise
                self.can = weaker

    def models(self) -> list[dict[str, Any]] | None:
        """Return the models that the server says it has, with what it says of each; None if it has no list.

        Raises:
            ChatError: The server cannot be reached or does not accept the key.
        """
        try:
            with self._problems():
                body = self._client.models.with_raw_response.list().http_response.content
        except ChatError as error:
            if error.kind in ("model", "request"):
                return None
            raise
        try:
            listed = json.loads(body)["data"]
            return [dict(model) for model in listed if isinstance(model["id"], str)]
        except (ValueError, TypeError, KeyError, RecursionError):
            return None

    def _post(self, body: dict[str, Any], idempotency_key: str | None) -> RawReply:
        started = time.perf_counter()
        messages, model = body.pop("messages"), body.pop("model")
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        with self._problems():
            reply = self._client.chat.completions.with_raw_response.create(
                messages=messages, model=model, extra_body=body, extra_headers=headers
            )
            content = reply.http_response.content
        return RawReply(self._clean(content), time.perf_counter() - started)

    def _limit(self, response: Any) -> None:
        """Bound what is read of a response, in bytes and in time."""
        encoding = response.headers.get("content-encoding", "identity")
        if encoding != "identity":
            raise ChatError("request", f"{self.target.address} sent its reply as {encoding}, unasked.")
        response.stream = _stream_within(
            response.stream, self._max_bytes, self._timeout_s, self.target.address
        )

    def _clean(self, body: bytes) -> bytes:
        return body.replace(self._key.encode(), b"[key]") if self._key != "none" else body

    @contextlib.contextmanager
    def _problems(self) -> Iterator[None]:
        """Turn what the client raises into a ``ChatError`` with one sentence."""
        where, openai = self.target.address, self._openai
        try:
            yield
        except openai.APITimeoutError:
            raise ChatError(
                "timeout", f"{where} did not answer within {self._timeout_s:g} s.", may_be_billed=True
            ) from None
        except openai.APIStatusError as error:
            raise self._refusal(error) from None
        except openai.APIConnectionError as error:
            cause = " ".join(str(error.__cause__ or error).split())[:_SHOWN] or "no reason given"
            sent = "connect" not in type(error.__cause__).__name__.lower()
            raise ChatError(
                "unreachable", f"{where} cannot be reached or broke off: {cause}.", may_be_billed=sent
            ) from None

    def _refusal(self, error: Any) -> ChatError:
        status, where = int(error.status_code), self.target.address
        body = self._clean(error.response.content)
        said, code = _complaint(body)
        kind: Kind = "request"
        sentence = f"{where} does not accept the request ({status}): {said}"
        if status in (401, 403):
            kind, sentence = (
                "key",
                f"{where} does not accept the key in {self.target.host.key} ({status}): {said}",
            )
        elif status == 404:
            kind, sentence = "model", f"{where} has no model {self.target.model!r} at this address: {said}"
        elif status == 402 or code == "insufficient_quota":
            kind, sentence = "quota", f"{where} says that the account has no money left: {said}"
        elif status in (408, 409, 429):
            kind, sentence = "busy", f"{where} asks to wait ({status}): {said}"
        elif status >= 500:
            kind, sentence = "server", f"{where} failed ({status}): {said}"
        elif 300 <= status < 400:
            sentence = f"{where} points to another address; name that one if it is right."
        wait = _retry_after(error.response.headers)
        return ChatError(kind, sentence, status=status, retry_after_s=wait, body=body)


def _stream_within(stream: Any, most: int, seconds: float, where: str) -> Any:
    """Wrap a stream of bytes so that it ends in an error rather than never."""
    # The client insists on its own class, which has another home in every generation of the client.
    base: Any = next((c for c in type(stream).__mro__ if c.__name__ == "SyncByteStream"), object)

    class Limited(base):  # type: ignore[misc]
        def __iter__(self) -> Iterator[bytes]:
            size, end = 0, time.monotonic() + seconds
            for chunk in stream:
                size += len(chunk)
                if size > most:
                    raise ChatError(
                        "too_long",
                        f"{where} sent more than {most / 2**20:g} MiB, which is no reply to a question.",
                        may_be_billed=True,
                    )
                if time.monotonic() > end:
                    raise ChatError(
                        "timeout", f"{where} had not finished after {seconds:g} s.", may_be_billed=True
                    )
                yield chunk

        def close(self) -> None:
            stream.close()

    return Limited()


def _complaint(body: bytes) -> tuple[str, str | None]:
    """Return what a server says is wrong on one line, and its code."""
    try:
        error = json.loads(body)["error"]
        said, code = (error["message"], error.get("code")) if isinstance(error, dict) else (error, None)
    except (ValueError, TypeError, KeyError, RecursionError):
        said, code = body.decode("utf-8", "replace"), None
    return " ".join(str(said).split())[:_SHOWN] or "it does not say why", code


def _retry_after(headers: Any) -> float | None:
    """Return the seconds that a server asks to wait."""
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            wait = float(headers.get(name, "")) / unit
        except ValueError:
            continue
        if 0 <= wait < 1e6:
            return wait
    return None
