"""The application of the review page: routes, and around them what guards and limits."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

import gleam
from gleam.explaining.reviewing.conflicts import ConflictError
from gleam.explaining.reviewing.store import ReviewStore
from gleam.web.guard import Guard
from gleam.web.headers import SecurityHeaders
from gleam.web.limits import Limits
from gleam.web.problems import say_problems
from gleam.web.review.bodies import Conflict, seen
from gleam.web.review.desk import Desk
from gleam.web.review.measuring import Measuring
from gleam.web.review.routes import deciding, looking, page, reading
from gleam.web.routes.page import STATIC, Assets
from gleam.web.settings import Settings


def create_review_app(store: ReviewStore, settings: Settings, encoder: str | None = None) -> FastAPI:
    """Return the application over a review.

    Args:
        store: The review.
        settings: Of the server; of them only host, token, rate and the sizes of requests matter here.
        encoder: Name or folder of the encoder that measures the numbered regions; none draws none.
    """
    desk = Desk(store, Measuring(store, encoder))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        desk.publisher.start()
        yield
        desk.publisher.stop()

    app = FastAPI(
        title="GLEAM review",
        version=gleam.__version__,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.desk = desk
    for module in (page, reading, looking, deciding):
        app.include_router(module.router)
    app.mount("/static", Assets(directory=STATIC), name="static")
    app.mount("/review", Assets(directory=page.FILES), name="review")
    say_problems(app)
    app.add_exception_handler(ConflictError, _conflict)
    app.add_middleware(Limits, settings=settings, refuse_when_full=_never_full)
    app.add_middleware(Guard, settings=settings)
    app.add_middleware(SecurityHeaders)
    return app


async def _conflict(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ConflictError)
    recorded = [seen(event) for event in error.recorded]
    body = Conflict(error=str(error), kind=error.kind, base=error.base, recorded=recorded)
    return JSONResponse(body.model_dump(mode="json"), status_code=409)


def _never_full() -> None:
    """Nothing here is queued."""
