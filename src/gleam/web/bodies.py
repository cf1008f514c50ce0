"""The JSON that leaves the server, described for OpenAPI."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Notations(_Body):
    """A position as people write it."""

    decimal: str
    dms: str
    mgrs: str


class Positions(_Body):
    """The claimed position, None when nothing is claimed, and those of the candidates by rank."""

    answer: Notations | None
    candidates: list[Notations]


class Score(_Body):
    """A tile's centre and its similarity, -1..1."""

    lat: float
    lon: float
    score: float


class Truth(_Body):
    """The answer against where the photo was taken; None where no position is claimed."""

    lat: float
    lon: float
    distance_m: float | None
    bearing_deg: float | None
    within_radius95: bool | None
    candidates_m: list[float]


class FailureBody(_Body):
    """A photo that could not be used."""

    photo: str
    error: str


class Located(_Body):
    """Answers in the form of ``gleam locate --json``, and what a map shows beside them.

    ``version`` is that of the answers. ``answers`` and ``failures`` are equal to the command line's.
    """

    id: str
    version: int
    answers: list[dict[str, Any]] = Field(description="As `gleam locate --json` prints them.")
    failures: list[FailureBody]
    summary: dict[str, int] = Field(description="Photos by status.")
    positions: list[Positions]
    scores: list[Score]
    truth: Truth | None
    kept: bool = Field(description="Whether the photo is kept, without its metadata.")
    preview: str | None = Field(description="Path of the kept photo.")
    expires: float | None = Field(description="Seconds since 1970 at which the result is forgotten.")
    verdicts: list[dict[str, Any]] = Field(
        default_factory=list, description="Explanations made so far, each with its rank."
    )


class JobBody(_Body):
    """How far a batch is. Times are seconds since 1970; ``eta_s`` are the seconds left, about."""

    id: str
    state: Literal["queued", "running", "done", "cancelled", "interrupted", "failed"]
    cancelling: bool = Field(description="It stops after the photo in work.")
    mode: str
    options: dict[str, Any]
    done: int
    total: int
    eta_s: float | None
    seconds: float | None = Field(description="In work so far, since this server started or resumed it.")
    summary: dict[str, int] = Field(description="Photos by status.")
    error: str | None
    created: float
    finished: float | None
    expires: float


class JobRow(_Body):
    """A photo of a batch: its answer, or the error."""

    number: int = Field(description="Of the photo in the upload, from 1.")
    photo: str | None
    answer: dict[str, Any] | None
    error: str | None
    position: Notations | None


class JobRows(_Body):
    """Results of a batch in the order they came; ask again with ``after=next`` while it is in work."""

    results: list[JobRow]
    next: int
    state: str


class Bounds(_Body):
    """Degrees; west > east across the antimeridian."""

    west: float
    south: float
    east: float
    north: float


class BasemapBody(_Body):
    """Where the map's tiles are; beyond ``maxzoom`` they are to be enlarged."""

    url: str
    minzoom: int
    maxzoom: int
    tile_size: int
    attribution: str


class Limits(_Body):
    """What a request may ask for."""

    max_upload_bytes: int
    max_batch_bytes: int
    max_batch_photos: int
    max_photo_pixels: int
    rate_per_s: float
    queue: int
    keep: bool
    url_input: bool
    results_s: float


class Encoded(_Body):
    """The encoder of the atlas; ``calibrated`` tells whether answers carry probabilities."""

    name: str
    fingerprint: str
    dim: int
    calibrated: bool


class Imagery(_Body):
    """One source of the atlas's imagery."""

    name: str
    date: str | None
    licence: str | None
    origin: str | None
    kind: str
    pixel_m: float
    tiles: int
    bounds: Bounds


class AtlasBody(_Body):
    """What the server searches and what it offers."""

    name: str
    fingerprint: str
    tiles: int
    bounds: Bounds
    tile_m: float
    stride_m: float
    tile_sizes_m: list[float]
    imagery: list[Imagery]
    encoder: Encoded
    views: list[str]
    formats: list[str]
    explainers: list[str]
    languages: list[str]
    language: str | None = Field(description="Of the page, when the operator chose one.")
    modes: list[str] = Field(description="How the photos of a job may belong together.")
    basemap: BasemapBody
    limits: Limits
    versions: dict[str, Any] = Field(description="Of GLEAM, and of its answers and verdicts.")
