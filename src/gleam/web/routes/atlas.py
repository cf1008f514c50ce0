"""What is searched, and pictures of it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response

from gleam.errors import AtlasError
from gleam.web.basemap import MOST_ZOOM
from gleam.web.bodies import AtlasBody
from gleam.web.problems import WebError, responses
from gleam.web.routes.service_of import Held

router = APIRouter(prefix="/v1", tags=["atlas"])

_DAY = "private, max-age=86400"
_SHORT = "private, max-age=300"
Number = Annotated[int, Path(ge=0, lt=2**MOST_ZOOM)]


@router.get("/atlas", summary="What is searched and offered", responses=responses())
async def atlas(service: Held) -> AtlasBody:
    """Return the atlas, its imagery, the encoder, and what this server offers and allows."""
    return AtlasBody.model_validate(await service.mapper.run(service.describe))


@router.get(
    "/basemap/{z}/{x}/{y}.png",
    summary="The map: web-Mercator tiles of the atlas's own imagery",
    response_class=Response,
    responses={
        200: {"content": {"image/png": {"schema": {"type": "string", "format": "binary"}}}},
        204: {"description": "No imagery there."},
        **responses(404, 422),
    },
)
async def basemap(
    service: Held, z: Annotated[int, Path(ge=0, le=MOST_ZOOM)], x: Number, y: Number
) -> Response:
    """Return a tile of 256 pixels, transparent where there is no imagery."""
    if x >= 2**z or y >= 2**z:
        raise WebError(404, f"There is no tile {z}/{x}/{y}: columns and rows end at {2**z - 1}.")
    png = await service.mapper.run(service.basemap.tile, z, x, y)
    headers = {"Cache-Control": _SHORT}
    if png is None:
        return Response(status_code=204, headers=headers)
    return Response(png, media_type="image/png", headers=headers)


@router.get(
    "/tiles/{tile}.jpg",
    summary="The satellite picture of a candidate",
    response_class=Response,
    responses={
        200: {"content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}}},
        **responses(404, 422),
    },
)
async def tile(service: Held, tile: Annotated[str, Path(max_length=200)]) -> Response:
    """Return the stored picture of a tile, north up."""
    store = service.atlas.store
    try:
        (picture,) = await service.mapper.run(store.thumbnails_of, [tile])
    except AtlasError:
        raise WebError(404, f"The atlas has no tile {tile!r}.") from None
    return Response(picture, media_type="image/jpeg", headers={"Cache-Control": _DAY})
