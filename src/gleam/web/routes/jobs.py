"""Batches: many photos in the background."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Path, Query, Response, UploadFile

from gleam.locating.job import Mode
from gleam.web.answering import safe_name
from gleam.web.batch import Batch, row_json
from gleam.web.bodies import JobBody, JobRows
from gleam.web.exporting import Download, export
from gleam.web.openapi import field_of
from gleam.web.options import JobOptions
from gleam.web.problems import WebError, responses
from gleam.web.routes.results import FILE, Format
from gleam.web.routes.service_of import Held
from gleam.web.service import Service
from gleam.web.uploads import MOST_PHOTOS, parse

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])

Id = Annotated[str, Path(max_length=64)]


@router.post(
    "", summary="Locate many photos in the background", status_code=202, responses=responses(408, 413, 422)
)
async def start(
    service: Held,
    photo: Annotated[list[UploadFile], File(description=f"Up to {MOST_PHOTOS} photos.")],
    options: Annotated[str | None, Form(json_schema_extra=field_of(JobOptions))] = None,
    mode: Annotated[
        Mode, Form(description="Whether the photos show one place, or are one flight.")
    ] = Mode.EACH,
) -> JobBody:
    """Take a batch. It is on the disk when this answers: no kill of the server loses it.

    The photos are deleted when the batch is done, unless `keep` asks for them.
    """
    asked = parse(JobOptions, options, "options")
    if not 0 < len(photo) <= MOST_PHOTOS:
        raise WebError(422, f"Send 1 to {MOST_PHOTOS} photos in fields called photo.")
    files = [(safe_name(upload.filename) or "photo", upload.file) for upload in photo]
    batch = await service.files.run(service.batches.add, files, mode, asked)
    return _body(batch)


@router.get("", summary="All batches, the newest first", responses=responses())
async def all(service: Held) -> list[JobBody]:
    """Return the batches that the server knows of."""
    return [_body(batch) for batch in service.batches.all()]


@router.get("/{id}", summary="How far a batch is", responses=responses(404, 422))
async def one(service: Held, id: Id) -> JobBody:
    """Return progress, seconds left and the photos by status."""
    return _body(service.batches.get(id))


@router.get("/{id}/results", summary="Answers of a batch so far", responses=responses(404, 422))
async def results(
    service: Held,
    id: Id,
    after: Annotated[int, Query(ge=0, le=MOST_PHOTOS, description="Results that are known already.")] = 0,
    limit: Annotated[int, Query(ge=1, le=MOST_PHOTOS)] = 100,
) -> JobRows:
    """Return results in the order they came."""
    batch = service.batches.get(id)
    state = batch.about.state
    rows = batch.rows[after : after + limit]
    told = await service.files.run(lambda: [row_json(row) for row in rows])
    return JobRows.model_validate({"results": told, "next": after + len(rows), "state": state})


@router.delete(
    "/{id}",
    summary="Cancel a batch, or forget it",
    responses={204: {"description": "Forgotten."}, **responses(404, 422)},
    response_model=JobBody,
)
async def cancel(
    service: Held, id: Id, forget: Annotated[bool, Query(description="Delete everything of it.")] = False
) -> Any:
    """Stop a batch after the photo in work. It can be resumed until it expires, unless it is forgotten."""
    if forget:
        await service.files.run(service.batches.forget, id)
        return Response(status_code=204)
    return _body(await service.files.run(service.batches.cancel, id))


@router.post("/{id}/resume", summary="Go on with a batch", responses=responses(404, 409, 422))
async def resume(service: Held, id: Id) -> JobBody:
    """Go on with a batch that was cancelled, failed, or was in work when the server stopped.

    Photos that are answered already are not located again, unless atlas or encoder have changed.
    """
    return _body(await service.files.run(service.batches.resume, id))


@router.get(
    "/{id}/export",
    summary="The answers of a batch as a file of another program",
    response_class=Response,
    responses={**FILE, **responses(404, 409, 422)},
)
async def download(service: Held, id: Id, format: Format = "geojson") -> Response:
    """Return the answers so far in a format; nothing that the photos said of their position is in it."""
    file = await service.files.run(_download, service, id, format)
    return Response(file.content, media_type=file.type, headers=file.headers)


def _body(batch: Batch) -> JobBody:
    return JobBody.model_validate(batch.to_json())


def _download(service: Service, id: str, format: str) -> Download:
    batch = service.batches.get(id)
    outcome = batch.outcome()
    kept = outcome.files if batch.about.options.get("keep") and outcome.files else None
    return export(batch.about.id, format, outcome.answers, outcome.failures, photos=kept)
