"""What the demo found out: plain data between the story that makes it and the report that shows it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gleam.views import View

Picture = NDArray[np.uint8]
"""An image (height, width, 3), uint8 RGB."""

LatLon = tuple[float, float]

Box = tuple[float, float, float, float]
"""Left, top, right, bottom as shares of a picture's width and height."""

HIT_M = 50.0
"""An answer nearer than this counts as found: the distance that the shipped probabilities speak of."""


@dataclass(frozen=True)
class Stage:
    """One part of the demo: its name in both languages, its seconds, and the command that does the same."""

    en: str
    zh: str
    seconds: float
    command: str | None = None


@dataclass(frozen=True)
class TrainingProgress:
    """Recall@1 (0 to 1) of the short training run on held-out places, before and after each phase.

    recall: one entry per moment, in order: its name in English and Chinese and recall per view.
    """

    recall: tuple[tuple[str, str, dict[View, float]], ...]
    places: int
    gallery: int
    seconds: float
    parameters: int


@dataclass(frozen=True)
class Score:
    """A value between 0 and 1 with its 95 % bootstrap interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class ViewScores:
    """How the shipped weights did on one view, with the colour histogram beside."""

    view: View
    queries: int
    recall_1: Score
    recall_5: Score
    recall_10: Score
    histogram_1: float
    median_m: float | None


@dataclass(frozen=True)
class Photo:
    """One located photo file.

    found_tile and true_tile are satellite pictures around the answer and around the truth;
    ``answer`` is ``None`` when no position was given.
    """

    file: str
    view: View
    picture: Picture
    truth: LatLon
    answer: LatLon | None
    status: str
    probability: float | None
    radius95_m: float | None
    error_m: float | None
    seconds: float
    found_tile: Picture | None
    true_tile: Picture
    candidates: tuple[str, ...] = ()
    """Tiles of the atlas by their ids, best first."""

    @property
    def found(self) -> bool:
        """Whether the answer lies close to the truth."""
        return self.error_m is not None and self.error_m <= HIT_M

    @property
    def aspect(self) -> float:
        """Width of the picture over its height."""
        return float(self.picture.shape[1] / self.picture.shape[0])


@dataclass(frozen=True)
class Region:
    """A numbered region in both images: usually one box in each, two across the seam of a panorama."""

    number: int
    query_boxes: tuple[Box, ...]
    tile_boxes: tuple[Box, ...]
    supports: bool


@dataclass(frozen=True)
class Explained:
    """A verdict on a query and a tile, with regions over both pictures and text in both languages."""

    file: str
    view: View
    query: Picture
    tile: Picture
    truth: bool
    match: bool
    probability: float | None
    similarity: float
    regions: tuple[Region, ...]
    text_en: str
    text_zh: str

    @property
    def aspect(self) -> float:
        """Width of the query picture over its height."""
        return float(self.query.shape[1] / self.query.shape[0])


@dataclass(frozen=True)
class Overview:
    """The atlas area as one picture, north up, and its bounds west, south, east, north in degrees."""

    picture: Picture
    bounds: tuple[float, float, float, float]
    width_m: float

    def place(self, position: LatLon) -> tuple[float, float]:
        """Return where a position lies in the picture, as shares of its width and height."""
        west, south, east, north = self.bounds
        lat, lon = position
        return (lon - west) / (east - west), (north - lat) / (north - south)


@dataclass(frozen=True)
class Story:
    """Everything the report shows."""

    seed: int
    version: str
    machine: str
    encoder: str
    area_km2: float
    tiles: int
    tile_m: float
    training: TrainingProgress
    scores: tuple[ViewScores, ...]
    gallery: int
    photos: tuple[Photo, ...]
    explained: tuple[Explained, ...]
    overview: Overview
    stages: tuple[Stage, ...]
    notes: tuple[tuple[str, str], ...] = ()

    @property
    def seconds(self) -> float:
        """Time of all stages together."""
        return sum(stage.seconds for stage in self.stages)
