"""The page itself."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse

from gleam.web.routes.page import MIME

FILES = Path(str(files("gleam.web.review"))) / "static"

router = APIRouter(include_in_schema=False)


@router.get("/")
async def page() -> FileResponse:
    """Return the page."""
    headers = {"Cache-Control": "no-cache", "Content-Type": MIME[".html"]}
    return FileResponse(FILES / "index.html", headers=headers)


@router.get("/healthz")
async def health() -> dict[str, str]:
    """Tell that the server runs."""
    return {"status": "ok"}
