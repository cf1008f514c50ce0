"""Reading a reply of the chat protocol: content, refusal, usage, the probability of a word."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gleam.explaining.chat.problems import ReplyError

_SHOWN = 120


@dataclass(frozen=True)
class ChatReply:
    """A whole reply.

    data: the JSON object asked for. model: what the server says wrote it. input_tokens, output_tokens:
    what it says it used, None when it does not. tokens: (text, {alternative: log probability}) of each.
    """

    data: Mapping[str, Any]
    model: str | None
    input_tokens: int | None
    output_tokens: int | None
    tokens: tuple[tuple[str, Mapping[str, float]], ...] = ()

    def probability_of(self, key: str, word: str, other: str) -> float | None:
        """Return the probability of ``word`` against ``other`` as the value of ``key``, by its token.

        None when the server did not tell, or neither word was among what it considered.
        """
        written, opening = "", f'"{key}"'
        for text, alternatives in self.tokens:
            before = written
            written += text
            start = before.rfind(opening)
            if start < 0 or before[start + len(opening) :].strip(' :\n\t"') or not text.strip(' :\n\t"'):
                continue
            yes, no = (_mass(alternatives, name) for name in (word, other))
            return yes / (yes + no) if yes + no > 0 else None
        return None


def usage_of(raw: bytes) -> tuple[int | None, int | None]:
    """Return input and output tokens that a reply says it used, whatever else is wrong with it."""
    try:
        usage = json.loads(raw)["usage"]
        counts = [usage.get("prompt_tokens"), usage.get("completion_tokens")]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None, None
    # A count below zero or beyond any context is a lie; then the estimate stands.
    usable = [
        n if isinstance(n, int) and not isinstance(n, bool) and 0 <= n < 10**8 else None for n in counts
    ]
    return usable[0], usable[1]


def read_reply(raw: bytes) -> ChatReply:
    """Read a reply.

    Raises:
        ReplyError: It is not UTF-8, not of the protocol, refused, cut short, or holds no JSON object.
    """
    try:
        body = json.loads(raw.decode("utf-8"))
        choice = body["choices"][0]
        message = choice["message"]
        content, refusal = message.get("content"), message.get("refusal")
    except UnicodeDecodeError:
        raise ReplyError("The reply is not UTF-8 text.") from None
    except (ValueError, RecursionError):
        raise ReplyError("The reply is not JSON; it may be cut short or no chat server.") from None
    except (KeyError, IndexError, TypeError, AttributeError):
        raise ReplyError("The reply is JSON but not one of a chat server.") from None
    if refusal:
        raise ReplyError(f"The model refused: {_short(refusal)}", refused=True)
    finish = choice.get("finish_reason")
    if finish == "content_filter":
        raise ReplyError("The server's filter held the reply back.", refused=True)
    if finish == "length":
        raise ReplyError("The reply was cut off at the limit of tokens.")
    # Reasoning models say what they thought in message.reasoning_content, which is no part of the answer.
    if not isinstance(content, str) or not content.strip():
        raise ReplyError("The reply is empty.")
    data = _object_in(content)
    inputs, outputs = usage_of(raw)
    model = body.get("model")
    return ChatReply(
        data, model if isinstance(model, str) else None, inputs, outputs, _tokens(choice.get("logprobs"))
    )


def _object_in(content: str) -> Mapping[str, Any]:
    """Return the JSON object of a text, also from between the marks of a code block."""
    text = content.strip()
    if text.startswith("```"):
        text = text.split("\n", 1)[-1].rsplit("```", 1)[0]
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        raise ReplyError(f"The model did not write JSON: {_short(content)}") from None
    if not isinstance(data, dict):
        raise ReplyError(f"The model did not write a JSON object: {_short(content)}")
    return data


def _tokens(logprobs: Any) -> tuple[tuple[str, Mapping[str, float]], ...]:
    try:
        return tuple((str(entry["token"]), _alternatives(entry)) for entry in logprobs["content"])
    except (KeyError, TypeError, ValueError):
        return ()


def _alternatives(entry: Mapping[str, Any]) -> Mapping[str, float]:
    listed: Sequence[Any] = entry.get("top_logprobs") or [entry]
    return {str(item["token"]): float(item["logprob"]) for item in listed}


def _mass(alternatives: Mapping[str, float], word: str) -> float:
    """Return the probability of the tokens that begin the word, however they are spaced or written."""
    total = 0.0
    for token, logprob in alternatives.items():
        said = token.strip(' :\n\t",}').lower()
        if said and word.lower().startswith(said) and math.isfinite(logprob):
            total += math.exp(min(0.0, logprob))
    return total


def _short(text: object) -> str:
    said = " ".join(str(text).split())
    return said if len(said) <= _SHOWN else said[:_SHOWN] + "…"
