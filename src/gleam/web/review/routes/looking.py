"""The pictures and their numbered regions."""

from __future__ import annotations

import io
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from fastapi.responses import FileResponse, Response

from gleam.imagery.decode import image_size, load_image
from gleam.web.problems import WebError, responses
from gleam.web.review.desk import Held

SHOWN = {".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".webp": "image/webp"}
"""What browsers show; anything else is turned into PNG."""

router = APIRouter(prefix="/v1", responses=responses(404, 422))


@router.get("/pictures/{sha256}", response_class=Response)
def picture(desk: Held, sha256: Annotated[str, Path(pattern="^[0-9a-f]{64}$")]) -> Response:
    """Return a picture of the benchmark; its name is the hash of its content, so it never changes."""
    store = desk.store
    if not any(sha256 in (i.pair.query_image, i.pair.tile_image) for i in store.items.values()):
        raise WebError(404, "No pair of this review has that picture.")
    file = store.bench.image_path(sha256)
    headers = {"Cache-Control": "private, max-age=31536000, immutable"}
    kind = SHOWN.get(file.suffix.lower())
    if kind is not None:
        image_size(file)  # its first bytes have to be those of a picture, whatever its name says
        return FileResponse(file, media_type=kind, headers=headers)
    from PIL import Image

    data = io.BytesIO()
    Image.fromarray(load_image(file)).save(data, "PNG")
    return Response(data.getvalue(), media_type="image/png", headers=headers)


@router.get("/regions")
def regions(desk: Held, pair_id: Annotated[str, Query(max_length=200)]) -> dict[str, Any]:
    """Return the sizes of both pictures and the regions that were measured in them."""
    return desk.measuring.regions(pair_id)
