"""What a photo says about itself."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, File, Form, UploadFile
from pydantic import BaseModel, Field

from gleam.imagery.decode import image_size
from gleam.imagery.exif import read_metadata
from gleam.locating.detect_view import detect_view
from gleam.locating.reporting import known_fields
from gleam.web.answering import safe_name
from gleam.web.options import Point
from gleam.web.problems import responses
from gleam.web.routes.service_of import Held
from gleam.web.uploads import read_photo

router = APIRouter(prefix="/v1", tags=["locate"])

_TELLS_POSITION = ("gps", "latitude", "longitude", "altitude")


class MetadataBody(BaseModel):
    """What EXIF and XMP tell; the position only when asked for."""

    photo: str | None
    height: int
    width: int
    view: str = Field(description="As it would be detected.")
    view_from: str = Field(description="What tells the view.")
    pose: dict[str, float] = Field(description="Of the camera, as far as it is told.")
    fields: dict[str, str] = Field(description="The fields that were read, as text.")
    has_position: bool
    position: Point | None = Field(description="Of the camera; None unless show_position is set.")
    taken: str | None = Field(description="ISO 8601, with the offset from UTC where it is told.")
    warnings: list[str]


@router.post("/metadata", summary="What a photo's metadata says", responses=responses(408, 413, 415, 422))
async def metadata(
    service: Held,
    photo: Annotated[UploadFile, File(description="JPEG, PNG, WebP, TIFF or BMP.")],
    show_position: Annotated[bool, Form(description="Also tell the position in the EXIF.")] = False,
) -> MetadataBody:
    """Return what EXIF and XMP of a photo tell. Nothing is stored, and nothing is looked for."""
    return await service.files.run(_read, photo, show_position, service.settings.max_photo_pixels)


def _read(upload: UploadFile, show_position: bool, max_pixels: int) -> MetadataBody:
    name, photo = safe_name(upload.filename), read_photo(upload)
    height, width = image_size(photo, max_pixels=max_pixels)
    told = read_metadata(photo)
    detected = detect_view(photo)
    fields = {
        field: text
        for field, text in told.fields.items()
        if show_position or not any(word in field.lower() for word in _TELLS_POSITION)
    }
    position = None
    if show_position and told.position is not None:
        position = Point(lat=told.position[0], lon=told.position[1])
    return MetadataBody(
        photo=name,
        height=height,
        width=width,
        view=detected.view.value,
        view_from=detected.how,
        pose=known_fields(told.pose),
        fields=fields,
        has_position=told.position is not None,
        position=position,
        taken=None if told.taken is None else told.taken.isoformat(),
        warnings=list(told.warnings),
    )
