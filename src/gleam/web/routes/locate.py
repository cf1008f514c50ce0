"""Where was this photo taken?"""

from __future__ import annotations

import math
from typing import Annotated, Any

from fastapi import APIRouter, File, Form, UploadFile

from gleam.web.answering import answer_photo, safe_name
from gleam.web.bodies import Located
from gleam.web.explaining import digest
from gleam.web.keeping import without_metadata
from gleam.web.openapi import field_of
from gleam.web.options import LocateOptions
from gleam.web.problems import WebError, responses
from gleam.web.results import Result
from gleam.web.routes.service_of import Held
from gleam.web.service import Service
from gleam.web.uploads import parse, read_photo

router = APIRouter(prefix="/v1", tags=["locate"])


@router.post("/locate", summary="Locate a photo", responses=responses(408, 413, 415, 422))
async def locate(
    service: Held,
    photo: Annotated[UploadFile | None, File(description="JPEG, PNG, WebP, TIFF or BMP.")] = None,
    url: Annotated[
        str | None, Form(max_length=2000, description="Instead of a photo, from a host that is allowed.")
    ] = None,
    options: Annotated[str | None, Form(json_schema_extra=field_of(LocateOptions))] = None,
) -> Located:
    """Return where a photo was taken: the answer that `gleam locate --json` prints, and an id to it.

    The photo is read into memory and let go of with the answer, unless `keep` asks for it.
    """
    asked = parse(LocateOptions, options, "options")
    if asked.keep and service.settings.keep is None:
        raise WebError(422, "options.keep: this server keeps no photos; it was started without --keep.")
    if (photo is None) == (url is None):
        raise WebError(422, "Send one photo in the field photo (or, where that is allowed, its url).")
    if photo is not None:
        body = await service.engine.run(_answer, service, photo, safe_name(photo.filename), asked)
    else:
        data, name = await service.fetching.run(service.fetcher.fetch, url or "")
        body = await service.engine.run(_answer, service, data, safe_name(name), asked)
    return Located.model_validate(body)


def _answer(
    service: Service, photo: UploadFile | bytes, name: str | None, asked: LocateOptions
) -> dict[str, Any]:
    """Locate a photo, hold the result and return the body of the response; in a worker thread."""
    data = photo if isinstance(photo, bytes) else read_photo(photo)
    answer, body = answer_photo(service.locator, data, name, asked, service.settings.max_photo_pixels)
    service.metrics.answers.labels(answer.status.value).inc()
    id = service.results.new_id()
    expires = None if asked.keep else round(service.results.expiry, 1)
    body |= {"id": id, "kept": asked.keep, "expires": expires}
    body["preview"] = f"/v1/results/{id}/photo" if asked.keep else None
    result = Result(id, answer, body, expires or math.inf, digest=digest(data))
    if asked.keep:
        service.results.keep(result, *without_metadata(data))
    else:
        service.results.add(result)
    return body
