"""Results again, their photos where kept, and downloads of them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response

from gleam.web.bodies import Located
from gleam.web.exporting import export
from gleam.web.problems import WebError, responses
from gleam.web.results import Result
from gleam.web.routes.service_of import Held
from gleam.web.service import Service

router = APIRouter(prefix="/v1/results", tags=["locate"])

Id = Annotated[str, Path(max_length=64)]
Format = Annotated[str, Query(alias="format", max_length=40, description="One of those /v1/atlas lists.")]
FILE: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}
}
_MIME = {".jpg": "image/jpeg", ".png": "image/png", ".webp": "image/webp"}


def found(service: Service, id: str) -> Result:
    """Return a result.

    Raises:
        WebError: There is none, or its time is over.
    """
    result = service.results.get(id)
    if result is None:
        raise WebError(404, "There is no such result; results that are not kept are forgotten after a time.")
    return result


@router.get("/{id}", summary="A result again", responses=responses(404, 422))
async def result(service: Held, id: Id) -> Located:
    """Return what `/v1/locate` answered, and the explanations made since."""
    return Located.model_validate(service.results.told(found(service, id)))


@router.get(
    "/{id}/photo",
    summary="The kept photo of a result",
    response_class=Response,
    responses={**FILE, **responses(404, 422)},
)
async def photo(service: Held, id: Id) -> Response:
    """Return the photo without its metadata."""
    kept = found(service, id).photo
    if kept is None:
        raise WebError(404, "The photo of this result was not kept.")
    return Response(await service.files.run(kept.read_bytes), media_type=_MIME.get(kept.suffix))


@router.get(
    "/{id}/export",
    summary="A result as a file of another program",
    response_class=Response,
    responses={**FILE, **responses(404, 409, 422)},
)
async def download(service: Held, id: Id, format: Format = "geojson") -> Response:
    """Return the answer in a format; nothing that the photo said of its own position is in it."""
    result = found(service, id)
    photos = None if result.photo is None else [result.photo]
    file = await service.files.run(export, result.id, format, [result.answer], photos=photos)
    return Response(file.content, media_type=file.type, headers=file.headers)


@router.delete(
    "/{id}", summary="Forget a result and its photo", status_code=204, responses=responses(404, 422)
)
async def forget(service: Held, id: Id) -> None:
    """Forget a result, its explanations and its kept photo."""
    if not service.results.remove(id):
        raise WebError(404, "There is no such result.")
