"""The verdict on a pair of pictures: the one form that every explainer fills."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

VERSION = 2
"""Of the JSON form."""

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = ("en", "zh")

Share = Annotated[float, Field(ge=-1, le=1)]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Box(_Model):
    """A rectangle in a picture, in pixels from the upper left of the upright picture."""

    left: float
    top: float
    right: float
    bottom: float


class Look(_Model):
    """What a region looks like, measured on its pixels.

    colour: a word of :mod:`gleam.explaining.facts`. brightness, contrast: mean and standard deviation of
    grey, 0..255. lines_deg: direction in which its lines run, 0..180 clockwise from north, when they run
    in one direction at all.
    """

    colour: str
    brightness: float
    contrast: float
    lines_deg: float | None = None


class Region(_Model):
    """A region of ground seen in both pictures, numbered as drawn.

    supports: it speaks for a match, otherwise against. query_box, tile_box: where it lies in each
    picture; query_box_rest: its part beyond the seam of a panorama. similarity: of the region's two
    descriptions, -1..1. share: of everything that was measured, with its sign. direction, distance_m:
    from the centre of the tile. visible: share of the region that the query picture shows.
    """

    number: int = Field(ge=1)
    supports: bool
    query_box: Box
    query_box_rest: Box | None = None
    tile_box: Box
    similarity: Share
    share: Share
    direction: str
    distance_m: float = Field(ge=0)
    visible: Annotated[float, Field(ge=0, le=1)]
    query_look: Look
    tile_look: Look


ProbabilityFrom = Literal["calibration", "logprobs", "head", "votes", "stated"]
"""Calibrated on known pairs; of the verdict's token; of a network's output; share of several answers; or
merely what a language model says of itself."""


class Verdict(_Model):
    """Whether a picture shows the ground of a tile, and why.

    match: the verdict. probability: that it is a match, and probability_from: where that comes from; None
    when nothing is known. calibration: name of the pairs that it was calibrated on, if any. Of
    ``evidence`` without a calibration the similarity had to reach ``threshold`` and to exceed
    ``control``, the highest of the query turned and mirrored. similarity: cosine of the two pictures.
    These three are None where no encoder measured. evidence_for, evidence_against: measured regions,
    strongest first. elsewhere: share of what was measured that lies in regions not cited. text: sentences
    in ``language``. explainer: who wrote them, and model: with which weights or language model, None for
    none. reasons: short statements that a language model says its verdict rests on; not measured.
    seconds, cost_usd: what it took. notes: what was assumed.
    """

    version: Literal[2] = 2
    match: bool
    probability: Annotated[float, Field(ge=0, le=1)] | None
    probability_from: ProbabilityFrom | None = None
    calibration: str | None
    threshold: float | None
    similarity: Share | None
    control: Share | None
    evidence_for: tuple[Region, ...]
    evidence_against: tuple[Region, ...]
    elsewhere: float
    text: str
    language: Language
    explainer: str
    model: str | None = None
    reasons: tuple[str, ...] = ()
    view: str
    seconds: float = Field(ge=0)
    cost_usd: float = Field(ge=0)
    notes: tuple[str, ...] = ()

    @property
    def regions(self) -> tuple[Region, ...]:
        """All cited regions in the order of their numbers."""
        return tuple(sorted(self.evidence_for + self.evidence_against, key=lambda region: region.number))
