"""The application: routes, and around them what guards, limits and counts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

import gleam
from gleam.web.guard import Guard
from gleam.web.headers import SecurityHeaders
from gleam.web.limits import Limits
from gleam.web.metrics import Counting
from gleam.web.openapi import complete
from gleam.web.problems import say_problems
from gleam.web.routes import atlas, explain, health, jobs, locate, metadata, page, results
from gleam.web.service import Service
from gleam.web.settings import Settings

DESCRIPTION = """Where was a photo taken, as far as one atlas of satellite imagery tells?

Answers have the form of `gleam locate --json`, verdicts that of `gleam explain --json`; both carry their
version. Failures are `{"error": one sentence, "code"}`. When the queue is full or requests come too often,
the status is 429 and `Retry-After` tells when to come back.
"""


def create_app(settings: Settings) -> FastAPI:
    """Return the application over an atlas, ready to serve.

    Raises:
        GleamError: The atlas or the encoder cannot be opened, or a setting is impossible.
    """
    service = Service(settings)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await asyncio.to_thread(service.close)

    app = FastAPI(
        title="GLEAM",
        version=gleam.__version__,
        description=DESCRIPTION,
        lifespan=lifespan,
        # Their pages load scripts from elsewhere; the description itself is at /openapi.json.
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.service = service
    for module in (health, page, atlas, metadata, locate, results, explain, jobs):
        app.include_router(module.router)
    app.mount("/static", page.Assets(directory=page.STATIC), name="static")
    complete(app, with_token=settings.token is not None)
    say_problems(app)
    # From the inside out: the guard sees a request before its body is looked at.
    app.add_middleware(Limits, settings=settings, refuse_when_full=service.engine.refuse_when_full)
    app.add_middleware(Guard, settings=settings)
    app.add_middleware(Counting, metrics=service.metrics)
    app.add_middleware(SecurityHeaders)
    return app
