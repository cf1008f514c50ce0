"""Photos and JSON out of multipart forms."""

from __future__ import annotations

from typing import TypeVar

from fastapi import UploadFile
from pydantic import BaseModel, ValidationError

from gleam.web.problems import WebError

MOST_PHOTOS = 1000
"""Of a batch: as many parts of a form as the framework reads."""

Model = TypeVar("Model", bound=BaseModel)


def read_photo(upload: UploadFile) -> bytes:
    """Return the content of an uploaded photo and let go of the upload; for worker threads.

    What waits for a worker lies on the disk, so that a full queue of large photos does not fill the memory.

    Raises:
        WebError: It is empty.
    """
    with upload.file as file:
        data: bytes = file.read()
    if not data:
        raise WebError(422, "The photo is empty (0 bytes); send its content in the field photo.")
    return data


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
