"""A question to a multimodal model: what is asked, apart from which words a server wants it in."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gleam.explaining.chat.pictures import data_url


@dataclass(frozen=True)
class ChatRequest:
    """A question with pictures.

    system: instructions that nothing in the pictures can change. prompt: the question. pictures: JPEG
    files with a caption each. schema: of the JSON reply, and schema_name. max_tokens: of the reply;
    reasoning_tokens: what a reasoning model may think besides, which many servers count into one limit.
    """

    system: str
    prompt: str
    pictures: tuple[tuple[str, bytes], ...]
    schema: Mapping[str, Any]
    schema_name: str
    max_tokens: int = 1200
    reasoning_tokens: int = 0
    temperature: float | None = None
    logprobs: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict)

    def plain(self) -> dict[str, Any]:
        """Return what is asked as plain data, every picture by the SHA-256 of its bytes."""
        return {
            "system": self.system,
            "prompt": self.prompt,
            "pictures": [[caption, hashlib.sha256(jpeg).hexdigest()] for caption, jpeg in self.pictures],
            "schema": dict(self.schema),
            "schema_name": self.schema_name,
            "max_tokens": self.max_tokens,
            "reasoning_tokens": self.reasoning_tokens,
            "temperature": self.temperature,
            "logprobs": self.logprobs,
            "extra": dict(self.extra),
        }

    def messages(self, *, with_schema: bool) -> list[dict[str, Any]]:
        """Return the messages of the protocol; ``with_schema`` puts the schema into the text as well."""
        parts: list[dict[str, Any]] = [{"type": "text", "text": self.prompt}]
        for caption, jpeg in self.pictures:
            parts.append({"type": "text", "text": caption})
            parts.append({"type": "image_url", "image_url": {"url": data_url(jpeg), "detail": "high"}})
        system = self.system
        if with_schema:
            schema = json.dumps(self.schema, ensure_ascii=False)
            system += f"\nReply with one JSON object and nothing else. It follows this JSON schema:\n{schema}"
        return [{"role": "system", "content": system}, {"role": "user", "content": parts}]
