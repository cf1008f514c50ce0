"""Whether the server lives, and its counters."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel

from gleam.web.metrics import CONTENT_TYPE
from gleam.web.problems import responses
from gleam.web.routes.service_of import Held

router = APIRouter(tags=["operation"])


class Health(BaseModel):
    """The server lives."""

    status: Literal["ok"] = "ok"


@router.get("/healthz", summary="Whether the server lives; needs no token")
async def healthz() -> Health:
    """Answer as long as the server lives."""
    return Health()


@router.get(
    "/metrics",
    summary="Counters for Prometheus",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}, **responses()},
)
async def metrics(service: Held) -> Response:
    """Return the counters in Prometheus' text format."""
    return Response(service.metrics.text(), media_type=CONTENT_TYPE)
