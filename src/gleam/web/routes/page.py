"""The page and what it is made of."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

STATIC = Path(str(files("gleam.web"))) / "static"
PAGE = STATIC / "index.html"
MIME = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".pbf": "application/x-protobuf",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
"""By ending, whatever the machine's tables say: some call scripts text/plain, which nosniff forbids."""

router = APIRouter(include_in_schema=False)


class Assets(StaticFiles):
    """Files of the package, asked for anew when they changed."""

    def file_response(self, full_path: object, *args: object, **options: object) -> Response:
        """Return a file with its own type."""
        response = super().file_response(full_path, *args, **options)  # type: ignore[arg-type]
        kind = MIME.get(Path(str(full_path)).suffix.lower())
        if kind is not None:
            response.headers["Content-Type"] = kind
        response.headers["Cache-Control"] = "no-cache"
        return response

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return a file; hidden ones are not there."""
        if any(part.startswith(".") for part in Path(path).parts if part != "."):
            path = "no-such-file"
        return await super().get_response(path, scope)


@router.get("/")
@router.get("/r/{result}")
@router.get("/b/{job}")
async def page() -> FileResponse:
    """Return the page; it reads the address itself."""
    return FileResponse(PAGE, headers={"Cache-Control": "no-cache", "Content-Type": MIME[".html"]})
