"""How similar the ground around a place is to the photo, and what that says about the position's error.

The encoder scores squares at many positions around the best one. Where the score falls off slowly the
position is loose, along a street more than across it, say. The spread of the scores, read as weights,
gives the shape of the error; its size is then set by a calibration, see
:mod:`gleam.locating.region`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gleam.geo import Frame

SHARPNESS = 0.05
"""Cosine similarity that a square may lack before its weight falls to 1/e."""
FLOOR_SHARE = 0.04
"""Of a tile's width: one sigma that no position is better than, a few pixels of the encoder's square."""


@dataclass(frozen=True, slots=True)
class Surface:
    """Scores around one place.

    frame: local metres. peak: (x, y) of the best position. at: (N, 2) metres of the squares. scores: (N,).
    tile_m: their width. heading_lead: how far the best assumed heading leads those a quarter turn or more
    away at the best square; 0 when the heading was not searched for. rival_heading: the number of the
    best of those.
    """

    frame: Frame
    peak: tuple[float, float]
    at: NDArray[np.float64]
    scores: NDArray[np.float64]
    tile_m: float
    heading_lead: float = 0.0
    rival_heading: int | None = None

    @property
    def covariance_m2(self) -> tuple[float, float, float]:
        """(east-east, east-north, north-north) of the weights around the peak, before any calibration."""
        weights = np.exp((self.scores - self.scores.max()) / SHARPNESS)
        weights = weights * _cells(self.at)
        away = self.at - np.array(self.peak)
        moments = (away * weights[:, None]).T @ away / weights.sum()
        floor = (FLOOR_SHARE * self.tile_m) ** 2
        return float(moments[0, 0] + floor), float(moments[0, 1]), float(moments[1, 1] + floor)

    @property
    def sharpness(self) -> float:
        """How far the best score lies above the mean of those from a fifth to four fifths of a tile away."""
        away = np.hypot(*(self.at - np.array(self.peak)).T)
        ring = (away >= 0.2 * self.tile_m) & (away <= 0.8 * self.tile_m)
        return float(self.scores.max() - self.scores[ring].mean()) if ring.any() else 0.0


def _cells(at: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return for each position (N, 2) how much ground it stands for: the square of its neighbour's distance.

    Positions lie denser around the peak; without this they would count more for it. Positions that occur
    several times share their ground, and where there is but one (imagery one tile wide) all count alike.
    """
    spots, spot_of, times = np.unique(np.round(at, 3), axis=0, return_inverse=True, return_counts=True)
    if len(spots) < 2:
        return np.ones(len(at))
    gaps = np.hypot(*(spots[:, None] - spots[None]).transpose(2, 0, 1))
    np.fill_diagonal(gaps, np.inf)
    return np.asarray((gaps.min(axis=1) ** 2 / times)[spot_of.reshape(-1)])
