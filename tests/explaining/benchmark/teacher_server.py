"""A real HTTP server that speaks the OpenAI chat protocol and misbehaves when told to.

    with TeacherServer() as server:
        server.plan = lambda number, body: "busy" if number % 3 == 0 else "ok"
        Chat(Target.parse(f"model@{server.url}"))

``plan`` gets the number of the request (from 0) and its body, and names the behaviour: one of ``BEHAVIOURS``.
``requests`` holds what was asked. Answers follow from the request alone.
"""

import asyncio
import base64
import hashlib
import io
import json
import math
import re
import socket
import threading
import time
from dataclasses import dataclass, field

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from PIL import Image

KEY = "sk-test-0123456789abcdef"
BEHAVIOURS = {
    *("ok", "fence", "no_schema", "no_logprobs", "no_usage", "lying_usage", "other_model"),
    *("busy", "busy_long", "quota", "e500", "slow", "drip", "cut", "huge", "huge_error", "one_image"),
    *("echo_key", "redirect", "gzip", "half", "length", "prose", "wrong_language", "non_utf8"),
    *("refusal", "html", "null_match", "empty", "deep"),
}


@dataclass
class Asked:
    """One request as the server saw it."""

    number: int
    digest: str
    body: dict
    pictures: list
    behaviour: str
    idempotency: str | None
    answered: bool = False


@dataclass
class State:
    plan: object = field(default=lambda number, body: "ok")
    requests: list = field(default_factory=list)
    models: object = field(default_factory=lambda: ["model", "other", "gpt-4o-2024-11-20"])
    key: str | None = KEY
    latency: float = 0.0
    usage: tuple | None = None


def said(body, digest):
    """Return the object that a model would write for this request."""
    text = json.dumps(body, ensure_ascii=False)
    match = int(digest[:2], 16) % 2 == 0
    en = f"The road layouts {'agree' if match else 'differ'} in both pictures, seen clearly ({digest[:6]})."
    zh = f"两幅图像的道路走向和路口位置{'一致' if match else '不同'}，由此可以作出判断。"
    if "explanation_en" in text:
        return {
            "evidence_en": ["road: agrees"],
            "evidence_zh": ["道路：一致"],
            "explanation_en": en,
            "explanation_zh": zh,
            "match": match,
            "confidence": 0.9,
        }
    if '"choice"' in text or '\\"choice\\"' in text:
        return {"evidence": ["the bend of the river"], "choice": "A" if match else "B"}
    chinese = re.search("[\u4e00-\u9fff]", body["messages"][0]["content"]) is not None
    return {
        "evidence": ["道路：一致"] if chinese else ["road: agrees"],
        "explanation": zh if chinese else en,
        "match": match,
        "confidence": 0.9,
        "language": "zh" if chinese else "en",
    }


def pictures_of(body):
    """Return every picture of a request as opened by Pillow, and the bytes."""
    found = []
    for message in body["messages"]:
        for part in message["content"] if isinstance(message["content"], list) else []:
            if part["type"] == "image_url":
                head, _, data = part["image_url"]["url"].partition(",")
                assert head == "data:image/jpeg;base64"
                raw = base64.b64decode(data)
                found.append((Image.open(io.BytesIO(raw)), raw))
    return found


def logprobs_of(content):
    """Tokens that join to the text again; the verdict's carries the other verdict too."""
    out, after = [], False
    for token in re.findall(r"true|false|\w+|\W", content):
        verdict = after and token in ("true", "false", "A", "B")
        top = [{"token": token, "logprob": -0.1, "bytes": None}]
        if verdict:
            other = {"true": "false", "false": "true", "A": "B", "B": "A"}[token]
            top.append({"token": other, "logprob": math.log(1 - math.exp(-0.1)), "bytes": None})
        out.append({"token": token, "logprob": -0.1, "bytes": None, "top_logprobs": top})
        after = (after or token in ("match", "choice")) and not verdict and token not in ",{}"
    return {"content": out}


def make_app(state):
    app = FastAPI()

    def error(status, message, code=None, headers=None):
        return JSONResponse(
            {"error": {"message": message, "code": code}}, status_code=status, headers=headers
        )

    def refused_key(request):
        sent = request.headers.get("authorization", "")
        return state.key is not None and sent != f"Bearer {state.key}"

    @app.get("/v1/models")
    async def models(request: Request):
        if refused_key(request):
            return error(401, "Incorrect API key")
        if state.models is None:
            return error(404, "no such path")
        listed = [m if isinstance(m, dict) else {"id": m} for m in state.models]
        return {"object": "list", "data": listed}

    @app.post("/v1/chat/completions")
    async def chat(request: Request):
        body = await request.json()
        digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
        number = len(state.requests)
        behaviour = state.plan(number, body)
        assert behaviour in BEHAVIOURS, behaviour
        asked = Asked(
            number, digest, body, pictures_of(body), behaviour, request.headers.get("idempotency-key")
        )
        state.requests.append(asked)
        if refused_key(request) or behaviour == "echo_key":
            return error(401, f"Incorrect API key provided: {request.headers.get('authorization')}")
        if state.latency:
            await asyncio.sleep(state.latency)
        early = {
            "busy": lambda: error(429, "Rate limit reached", "rate_limit_exceeded", {"retry-after-ms": "50"}),
            "busy_long": lambda: error(429, "Too many", "rate_limit_exceeded", {"retry-after": "3600"}),
            "quota": lambda: error(429, "You exceeded your current quota", "insufficient_quota"),
            "e500": lambda: error(500, "The server had an error"),
            "one_image": lambda: error(400, "At most 1 image(s) may be provided in one request."),
            "html": lambda: Response("<html>Welcome to the hotel wifi</html>", media_type="text/html"),
            "redirect": lambda: RedirectResponse("http://127.0.0.1:9/v1/chat/completions", 307),
            "non_utf8": lambda: Response(b'{"choices": "\xff\xfe\xfa"}', media_type="application/json"),
            "huge": lambda: Response(b"x" * 10_000_000, media_type="application/json"),
            "huge_error": lambda: Response(b"x" * 10_000_000, status_code=500),
            "deep": lambda: Response(b"[" * 100_000, media_type="application/json"),
        }
        if behaviour in early:
            return early[behaviour]()
        if behaviour == "no_schema" and body.get("response_format", {}).get("type") == "json_schema":
            return error(400, "response_format of type json_schema is not supported")
        if behaviour == "no_logprobs" and "logprobs" in body:
            return error(400, "this model does not support logprobs")
        if behaviour == "slow":
            await asyncio.sleep(30)
        return reply(state, asked)

    return app


def reply(state, asked):
    body, behaviour = asked.body, asked.behaviour
    answer = said(body, asked.digest)
    if behaviour == "wrong_language":
        for name in list(answer):
            if name.startswith("explanation"):
                answer[name] = "Die Straßen stimmen nicht überein, 道路走向完全不同。中文和德文混合的文字。"
    if behaviour == "null_match":
        answer["match"] = None
    content, finish = json.dumps(answer, ensure_ascii=False), "stop"
    if behaviour in ("half", "length"):
        content, finish = content[: len(content) // 2], "length" if behaviour == "length" else "stop"
    content = {"prose": "They match, I think.", "fence": f"```json\n{content}\n```", "empty": ""}.get(
        behaviour, content
    )
    message = {"role": "assistant", "content": content}
    if behaviour == "refusal":
        message = {"role": "assistant", "content": None, "refusal": "I can't help with that."}
    message["reasoning_content"] = "The poster says answer yes. " * 3
    inputs, outputs = state.usage or (1800, len(content) // 3)
    if behaviour == "lying_usage":
        inputs, outputs = -5, 10**12
    choice = {"index": 0, "message": message, "finish_reason": finish}
    if body.get("logprobs") and content:
        choice["logprobs"] = logprobs_of(content)
    full = {
        "id": f"chatcmpl-{asked.number}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": "quite-another-model" if behaviour == "other_model" else body["model"],
        "choices": [choice],
        "usage": {"prompt_tokens": inputs, "completion_tokens": outputs},
    }
    if behaviour == "no_usage":
        del full["usage"]
    raw = json.dumps(full, ensure_ascii=False).encode()
    if behaviour == "gzip":
        import gzip

        return Response(gzip.compress(raw), headers={"content-encoding": "gzip"})
    if behaviour == "cut":

        async def broken():
            yield raw[: len(raw) // 2]
            raise ConnectionResetError("cut")

        return StreamingResponse(broken(), headers={"content-length": str(len(raw))})
    if behaviour == "drip":

        async def dripping():
            for byte in raw:
                yield bytes([byte])
                await asyncio.sleep(0.2)

        return StreamingResponse(dripping())
    asked.answered = True
    return Response(raw, media_type="application/json")


class TeacherServer(State):
    """Runs the server in a thread on a free port of this machine."""

    def __enter__(self):
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        config = uvicorn.Config(make_app(self), log_level="critical", timeout_graceful_shutdown=1)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([listener],), daemon=True)
        self._thread.start()
        end = time.monotonic() + 20
        while not self._server.started:
            assert time.monotonic() < end, "the server did not start"
            time.sleep(0.01)
        return self

    def __exit__(self, *error):
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join(5)

    def clear(self):
        """Forget what was asked and behave well again."""
        self.requests.clear()
        self.plan = lambda number, body: "ok"
        self.models, self.key, self.latency, self.usage = ["model", "other"], KEY, 0.0, None
