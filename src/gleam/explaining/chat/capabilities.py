"""What a server turns out not to understand, learnt from how it refuses a request."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from gleam.explaining.chat.request import ChatRequest
from gleam.explaining.chat.target import Target


@dataclass(frozen=True)
class Capabilities:
    """structured: ``json_schema``, ``json_object`` or ``none``; the other fields of a request."""

    structured: str
    token_limit: str
    logprobs: bool
    temperature: bool = True

    @classmethod
    def first_guess(cls, target: Target) -> Capabilities:
        """Return what the server is known to understand, or what most do."""
        return cls(target.host.structured, target.host.token_limit, target.host.logprobs)

    def body(self, request: ChatRequest, model: str) -> dict[str, Any]:
        """Return the request in the words this server understands."""
        body: dict[str, Any] = {
            "model": model,
            "messages": request.messages(with_schema=self.structured != "json_schema"),
            self.token_limit: request.max_tokens + request.reasoning_tokens,
            **request.extra,
        }
        if self.structured == "json_schema":
            form = {"name": request.schema_name, "strict": True, "schema": dict(request.schema)}
            body["response_format"] = {"type": "json_schema", "json_schema": form}
        elif self.structured == "json_object":
            body["response_format"] = {"type": "json_object"}
        if self.logprobs and request.logprobs:
            body |= {"logprobs": True, "top_logprobs": 5}
        if self.temperature and request.temperature is not None:
            body["temperature"] = request.temperature
        return body

    def without(self, complaint: str) -> Capabilities | None:
        """Return what is left after a refusal with that text; None when it is about something else."""
        said = complaint.lower()
        if "max_tokens" in said and self.token_limit == "max_tokens":
            return replace(self, token_limit="max_completion_tokens")
        if "max_completion_tokens" in said and self.token_limit == "max_completion_tokens":
            return replace(self, token_limit="max_tokens")
        if "logprobs" in said and self.logprobs:
            return replace(self, logprobs=False)
        if "temperature" in said and self.temperature:
            return replace(self, temperature=False)
        about_format = any(
            word in said for word in ("response_format", "json_schema", "json_object", "schema")
        )
        weaker = {"json_schema": "json_object", "json_object": "none"}
        if about_format and self.structured in weaker:
            return replace(self, structured=weaker[self.structured])
        return None
