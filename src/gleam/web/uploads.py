"""Photos and JSON out of multipart forms."""

from __future__ import annotations

from typing import Any, TypeVar

from fastapi import UploadFile
from pydantic import BaseModel, ValidationError

from gleam.web.answering import safe_name
from gleam.web.problems import WebError

MOST_PHOTOS = 1000
"""Of a batch: as many parts of a form as the framework reads."""

Model = TypeVar("Model", bound=BaseModel)


async def read_photo(upload: UploadFile) -> tuple[bytes, str | None]:
    """Return the bytes and the safe name of an uploaded photo; the upload itself is let go of.

    Raises:
        WebError: It is empty.
    """
    try:
        data = await upload.read()
    finally:
        await upload.close()
    if not data:
        raise WebError(422, "The photo is empty (0 bytes); send its content in the field photo.")
    return data, safe_name(upload.filename)


def parse(model: type[Model], text: str | None, field: str) -> Model:
    """Return a model from the JSON of a form field; its defaults when there is none.

    Raises:
        WebError: It is no JSON, or a value is wrong; the field is named.
    """
    try:
        return model.model_validate_json(text or "{}")
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join([field, *(str(part) for part in first["loc"])])
        told = first["msg"].removeprefix("Value error, ")
        raise WebError(422, f"{where}: {told[:1].lower()}{told[1:]}.") from None


def json_schema(model: type[BaseModel]) -> dict[str, Any]:
    """Return what describes a form field that holds the JSON of a model."""
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    schema.pop("$defs", None)
    return {"contentMediaType": "application/json", "contentSchema": schema}
