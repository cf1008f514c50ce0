"""What goes wrong, as JSON: one sentence and a code for programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from gleam.errors import GleamError, ImageError

if TYPE_CHECKING:
    from starlette.types import Send

BUG = "This is a bug in GLEAM; the server's log has the lines to report."
CODES = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    408: "too_slow",
    409: "conflict",
    411: "length_required",
    413: "too_large",
    415: "not_a_photo",
    422: "bad_input",
    429: "busy",
    500: "bug",
    503: "unavailable",
}


class Problem(BaseModel):
    """What was wrong, in one sentence, and a code for programs."""

    error: str
    code: str


class WebError(Exception):
    """A refusal with its status; ``retry_s`` tells when to come back."""

    def __init__(self, status: int, sentence: str, retry_s: float | None = None) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence
        self.retry_s = retry_s


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the refusals of a route for its description; those any route can give are among them."""
    always = (400, 401, 403, 429, 503)
    return {status: {"model": Problem} for status in sorted({*always, *statuses})}


def problem(status: int, sentence: str, retry_s: float | None = None) -> JSONResponse:
    """Return a refusal."""
    headers = {}
    if retry_s is not None:
        headers["Retry-After"] = str(max(1, round(retry_s)))
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    body = {"error": sentence, "code": CODES.get(status, "error")}
    return JSONResponse(body, status_code=status, headers=headers)


async def send_problem(send: Send, status: int, sentence: str, retry_s: float | None = None) -> None:
    """Send a refusal from below the framework, and close the connection: its body was not read."""
    response = problem(status, sentence, retry_s)
    response.headers["Connection"] = "close"
    await send({"type": "http.response.start", "status": status, "headers": response.raw_headers})
    await send({"type": "http.response.body", "body": bytes(response.body)})


def say_problems(app: FastAPI) -> None:
    """Let every failure of an application leave as :class:`Problem`."""

    async def refused(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, WebError)
        return problem(error.status, error.sentence, error.retry_s)

    async def gleam_error(request: Request, error: Exception) -> JSONResponse:
        return problem(status_of(error), str(error))

    async def http_error(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        response = problem(error.status_code, _sentence(error, request))
        response.headers.update(error.headers or {})
        return response

    async def invalid(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        return problem(422, _first(error))

    app.add_exception_handler(WebError, refused)
    app.add_exception_handler(GleamError, gleam_error)
    app.add_exception_handler(HTTPException, http_error)
    app.add_exception_handler(RequestValidationError, invalid)


def status_of(error: Exception) -> int:
    """Return the status for an error of GLEAM."""
    if isinstance(error, ImageError):
        return {"too_large": 413, "format": 415}.get(error.kind or "", 422)
    return 422


def _sentence(error: HTTPException, request: Request) -> str:
    if error.status_code == 404:
        return f"There is nothing at {request.url.path}; the routes are described at /openapi.json."
    if error.status_code == 405:
        return f"{request.method} does not work on {request.url.path}; see /openapi.json."
    detail = error.detail
    return detail if isinstance(detail, str) else json.dumps(detail)


def _first(error: RequestValidationError) -> str:
    """Return the first of the complaints: which field, and what is wrong with it."""
    first = error.errors()[0]
    where = ".".join(str(part) for part in first.get("loc", ()) if part not in ("body", "query", "path"))
    told = str(first.get("msg", "is wrong"))
    return f"{where or 'The request'}: {told[:1].lower()}{told[1:]}."
