"""Does this photo show the ground of that tile, and why?"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, File, Form, UploadFile

from gleam.explaining import Verdict
from gleam.web.explaining import explain_pair, explain_result
from gleam.web.openapi import field_of
from gleam.web.options import ExplainOptions
from gleam.web.problems import WebError, responses
from gleam.web.routes.results import found
from gleam.web.routes.service_of import Held
from gleam.web.service import Service
from gleam.web.uploads import parse, read_photo

router = APIRouter(prefix="/v1", tags=["explain"])


@router.post("/explain", summary="Explain a match", responses=responses(404, 408, 409, 413, 415, 422))
async def explain(
    service: Held,
    request: Annotated[str, Form(json_schema_extra=field_of(ExplainOptions))],
    photo: Annotated[
        UploadFile | None, File(description="Needed unless the photo of the result is kept.")
    ] = None,
) -> Verdict:
    """Return the verdict that `gleam explain --json` prints.

    An explanation never changes an answer. Writing inside the pictures is not obeyed.
    """
    asked = parse(ExplainOptions, request, "request")
    if asked.result is None and photo is None:
        raise WebError(422, "Send the photo in the field photo, or name a result whose photo is kept.")
    return Verdict.model_validate(await service.explaining.run(_explain, service, photo, asked))


def _explain(service: Service, photo: UploadFile | None, asked: ExplainOptions) -> dict[str, Any]:
    """Return the verdict as plain data; in a worker thread."""
    data = None if photo is None else read_photo(photo)
    explainers, atlas, most = service.explainers, service.atlas, service.settings.max_photo_pixels
    if asked.result is not None:
        return explain_result(explainers, atlas, found(service, asked.result), data, asked, most)
    return explain_pair(explainers, atlas, data or b"", asked, most)
