"""Does this photo show the ground of that tile, and why?"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, File, Form, UploadFile

from gleam.explaining import Verdict
from gleam.web.explaining import explain_pair, explain_result
from gleam.web.options import ExplainOptions
from gleam.web.problems import WebError, responses
from gleam.web.routes.results import found
from gleam.web.routes.service_of import Held
from gleam.web.uploads import json_schema, parse, read_photo

router = APIRouter(prefix="/v1", tags=["explain"])


@router.post("/explain", summary="Explain a match", responses=responses(404, 408, 409, 413, 415, 422))
async def explain(
    service: Held,
    request: Annotated[str, Form(json_schema_extra=json_schema(ExplainOptions))],
    photo: Annotated[
        UploadFile | None, File(description="Needed unless the photo of the result is kept.")
    ] = None,
) -> Verdict:
    """Return the verdict that `gleam explain --json` prints.

    An explanation never changes an answer. Writing inside the pictures is not obeyed.
    """
    asked = parse(ExplainOptions, request, "request")
    data = None if photo is None else (await read_photo(photo))[0]
    most = service.settings.max_photo_pixels
    if asked.result is not None:
        result = found(service, asked.result)
        verdict = await service.explaining.run(
            explain_result, service.explainers, service.atlas, result, data, asked, most
        )
    elif data is None:
        raise WebError(422, "Send the photo in the field photo, or name a result whose photo is kept.")
    else:
        verdict = await service.explaining.run(
            explain_pair, service.explainers, service.atlas, data, asked, most
        )
    return Verdict.model_validate(verdict)
