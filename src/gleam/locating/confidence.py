"""How sure an answer is: a calibrated probability where there is one, a documented rule else."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gleam.evaluation.calibration import Calibration, answer_features
from gleam.locating.answer import CalibrationUse, Status
from gleam.locating.calibrations import Calibrations
from gleam.locating.places import Place

LOCATED_FROM = 0.5
"""Calibrated probability from which a position is claimed."""
AMBIGUOUS_FROM = 0.1
"""Calibrated probability from which the candidates are worth a look; below, nothing is claimed."""
NO_MATCH_BELOW = 0.02
"""When even the best tile matches the photo with less than this probability, the photo is not from here."""
CHANCE = 0.1
"""Uncalibrated: a lead counts that chance would give the best of wrong places less often than this. On a
city, with the true place taken away, it held for 2 of 160 photos; with it there, for a quarter of those
found."""
ENOUGH_PLACES, MOST_PLACES = 4, 10
"""Fewer places give no spread to measure a lead by; more are not all looked at closely."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """status, the probability with its calibration (or neither), and why."""

    status: Status
    probability: float | None = None
    calibration: CalibrationUse | None = None
    notes: tuple[str, ...] = ()


def judge(places: Sequence[Place], tiles: int, view: str, calibrations: Calibrations) -> Judgement:
    """Judge the places found for a photo, by calibration where there is one.

    With a calibration of answers: ``located`` from probability 0.5, ``ambiguous`` from 0.1, below that
    ``cannot_tell``; and ``not_here`` when the calibration of pairs gives even the best tile less than
    0.02. Without one: see :func:`judge_by_lead`.

    Args:
        places: The places found, best first; at least one.
        tiles: Number of tiles that were searched.
        view: The photo's view.
        calibrations: Those of the encoder.
    """
    calibration = calibrations.answer(view)
    if calibration is None:
        return judge_by_lead(places)
    probability = answer_probability(places, tiles, calibration)
    within_m = calibration.within_m or 0.0
    use = CalibrationUse(calibration.name, within_m, calibration.n)
    pair = calibrations.pair(view)
    if probability >= LOCATED_FROM:
        return Judgement(Status.LOCATED, probability, use)
    if pair is not None and float(pair.probability([places[0].best.score])[0]) < NO_MATCH_BELOW:
        return Judgement(
            Status.NOT_HERE, probability, use, ("even the best tile does not look like the photo",)
        )
    if probability >= AMBIGUOUS_FROM:
        return Judgement(Status.AMBIGUOUS, probability, use)
    return Judgement(Status.CANNOT_TELL, probability, use, ("no place stands out enough to be claimed",))


def answer_probability(places: Sequence[Place], tiles: int, calibration: Calibration) -> float:
    """Return the calibrated probability that the first place is right."""
    features = answer_features(
        np.array([[p.best.score for p in places]]),
        np.array([[p.lat for p in places]]),
        np.array([[p.lon for p in places]]),
        tiles,
        calibration.within_m or 0.0,
    )
    return float(calibration.probability(features)[0])


def judge_by_lead(places: Sequence[Place]) -> Judgement:
    """Judge without a calibration: would the best of wrong places lead by as much?

    See :func:`chance_of_lead`. A rule with a documented threshold; its result is no probability that the
    answer is right, and none is given.
    """
    uncalibrated = "not calibrated for this view: no probability is given"
    scores = [place.best.score for place in places[:MOST_PLACES]]
    if len(scores) < ENOUGH_PLACES:
        why = f"only {len(scores)} places were compared, too few to tell whether the best stands out"
        return Judgement(Status.AMBIGUOUS, notes=(uncalibrated, why))
    chance = chance_of_lead(scores)
    status = Status.LOCATED if chance < CHANCE else Status.AMBIGUOUS
    rule = (
        f"status by rule: the best place leads the second by {scores[0] - scores[1]:.3f}, which wrong "
        f"places would reach in {max(chance, 0.001):.1%} of cases ({CHANCE:.0%} decides)"
    )
    return Judgement(status, notes=(uncalibrated, rule))


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


def grid_radius95_m(stride_m: float, tile_m: float) -> float:
    """Return a radius from the geometry of the tiles alone, for the case that the right tile was found.

    The nearest tile centre lies within half the diagonal of a grid cell; what a match cannot tell apart
    (a shift of about a sixteenth of a tile, two input pixels of the smallest encoder's features) is added.
    """
    return math.hypot(stride_m, stride_m) / 2 + tile_m / 16


RADIUS_FROM_GRID = "geometry of the tiles, if the right place was found; not calibrated"
