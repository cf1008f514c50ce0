"""What can be seen of an answer without knowing the truth: the numbers its probability is made from."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from gleam.evaluation.calibration import answer_features
from gleam.geo import distance_m
from gleam.locating.searching.places import Place
from gleam.locating.searching.surface import Surface

MOST_PLACES = 10
"""Places that the numbers are made from; more are not all looked at closely."""
SIGNS = (
    "similarity",
    "margin",
    "log_gallery",
    "lead",
    "runner_up",
    "dispersion",
    "support",
    "sharpness",
    "looseness",
    "heading_searched",
    "heading_lead",
    "ground",
    "ground_lead",
)
"""similarity: of the best place. margin: over the best place further away than the stated distance.
log_gallery: of the number of tiles searched. lead: -ln of :func:`chance_of_lead`. runner_up: of the
second place over the third. dispersion: ln of the mean distance (m) of the next four from the first.
support: ln of the number of tiles in the best place. sharpness: of the peak of the
:class:`~gleam.locating.searching.surface.Surface`. looseness: ln of one sigma of the position (m) before
calibration. heading_searched: 0 or 1. heading_lead: of the best heading over those turned away from it.
ground: how far the ground of a panorama or ground photo stands out on that of the place, 0 of other views;
ground_lead: over the other places."""
TOGETHER, SEQUENCE = "together", "sequence"
"""What stands in place of a view for several photos of one place, and for a photo of a flight."""
TOGETHER_SIGNS = (
    "share",
    "joint_lead",
    "evidence",
    "photos",
    "agreeing",
    "disagreeing",
    "alone",
    "against",
    "sharpness",
)
"""share: log-odds of the share of the joint likelihood at the place. joint_lead: of its joint logarithm over
the second place. evidence: its joint logarithm less that of the number of tiles. photos: ln of how many.
agreeing, disagreeing: how many show it, and do not. alone: sum of the leads (see ``SIGNS``) of the photos
that point there alone; against: the largest lead of one that points elsewhere. sharpness: mean of those
that point there, 0 without any."""
SEQUENCE_SIGNS = ("share", "weight", "lead", "around", "around_lead", "room")
"""share: log-odds of the probability that the flight gives the place. weight: of the photo alone there, a
logarithm. lead: of the photo (see ``SIGNS``) when it points there alone, else 0. around: how many of the
photos beside it show a place that fits; around_lead: the sum of the leads of those. room: ln(1 + metres)
that its neighbours leave an outlier, 0 for a photo that shows its own place."""
FIRST_SIGNS = ("similarity", "margin", "log_gallery")
"""Of one photo, used always. Another is taken in when it helps in areas it was not fitted on: what tells
right from wrong in one city need not in the next."""
MOST_LEAD = 12.0
"""Logarithms of chances are cut here: no lead is surer than a few in a million."""
ALL_SIGNS = tuple(dict.fromkeys((*SIGNS, *TOGETHER_SIGNS, *SEQUENCE_SIGNS)))


def signs_for(kind: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names of the signs of a view, or of several photos, and those that are used always."""
    if kind == TOGETHER:
        return TOGETHER_SIGNS, ("share", "evidence")
    if kind == SEQUENCE:
        return SEQUENCE_SIGNS, ("share",)
    return SIGNS, FIRST_SIGNS


def signs_of(
    places: Sequence[Place],
    tiles: int,
    within_m: float,
    surface: Surface | None,
    *,
    heading_searched: bool,
) -> dict[str, float]:
    """Return the number of each of :data:`SIGNS`, of places that were found, best first.

    Those that need a closer look are left out without one. ``tiles``: how many were searched.
    """
    first = places[:MOST_PLACES]
    lats, lons = np.array([[p.lat for p in first]]), np.array([[p.lon for p in first]])
    scores = [p.score for p in first]
    similarity, margin, size = answer_features([scores], lats, lons, max(tiles, 1), within_m)[0]
    out = {"similarity": float(similarity), "margin": float(margin), "log_gallery": float(size)}
    out["lead"] = lead_of(scores)
    out["runner_up"] = scores[1] - scores[2] if len(scores) >= 3 else 0.0
    away = np.asarray(distance_m(lats[0, :1], lons[0, :1], lats[0, 1:5], lons[0, 1:5]))
    out["dispersion"] = math.log1p(float(away.mean())) if away.size else 0.0
    out["support"] = math.log(first[0].members)
    out["heading_searched"] = float(heading_searched)
    out["ground"] = first[0].ground
    out["ground_lead"] = first[0].ground - max((p.ground for p in first[1:]), default=0.0)
    if surface is not None:
        east, _, north = surface.covariance_m2
        out["sharpness"] = surface.sharpness
        out["looseness"] = 0.5 * math.log((east + north) / 2)
        out["heading_lead"] = surface.heading_lead
    return out


def lead_of(scores: Sequence[float]) -> float:
    """Return -ln of :func:`chance_of_lead`; the most there is when there are too few scores to tell."""
    if len(scores) < 3:
        return MOST_LEAD
    return min(MOST_LEAD, -math.log(max(chance_of_lead(scores), math.exp(-MOST_LEAD))))


def log_odds(share: float) -> float:
    """Return the log-odds of a share, cut at ``MOST_LEAD``."""
    least = math.exp(-MOST_LEAD)
    share = min(max(share, least), 1 - least)
    return math.log(share / (1 - share))


def chance_of_lead(scores: Sequence[float]) -> float:
    """Return how often the best of equally wrong places would lead the second by so much.

    The highest scores of many wrong places fall off like an exponential tail, whose gaps between
    neighbours in rank i and i + 1 are independent with mean 1 / i (Renyi 1953). So the lead divided by
    the spread of the places after it needs no scale of similarity: with c the quotient, the chance is
    the product of i / (i + c) over the ranks i from 2 to n - 1.

    Args:
        scores: Best first, at least three.
    """
    lead, spread = scores[0] - scores[1], scores[1] - scores[-1]
    if lead <= 0:
        return 1.0
    if spread <= 0:
        return 0.0
    quotient = lead / spread
    return math.prod(i / (i + quotient) for i in range(2, len(scores)))
