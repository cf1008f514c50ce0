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
STANDS_OUT = 1.0
"""Uncalibrated: the best place must lead the second by this share of the second's lead over the last."""
ENOUGH_PLACES = 4
"""Fewer places give no spread to measure a lead by."""


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
    """Judge without a calibration: does the best place stand out from the other places?

    The lead of the best over the second place is compared with the spread of the places after it, which
    needs no scale of similarity. It is a rule of thumb and gives no probability.
    """
    uncalibrated = "not calibrated for this view: no probability is given"
    if len(places) < ENOUGH_PLACES:
        why = f"only {len(places)} places were compared, too few to tell whether the best stands out"
        return Judgement(Status.AMBIGUOUS, notes=(uncalibrated, why))
    scores = [place.best.score for place in places]
    lead, spread = scores[0] - scores[1], scores[1] - scores[-1]
    stands_out = lead > 0 and lead >= STANDS_OUT * spread
    status = Status.LOCATED if stands_out else Status.AMBIGUOUS
    rule = (
        f"status by rule: the best place leads the second by {lead:.3f} of similarity, the places after it "
        f"spread over {spread:.3f}"
    )
    return Judgement(status, notes=(uncalibrated, rule))


def grid_radius95_m(stride_m: float, tile_m: float) -> float:
    """Return a radius from the geometry of the tiles alone, for the case that the right tile was found.

    The nearest tile centre lies within half the diagonal of a grid cell; what a match cannot tell apart
    (a shift of about a sixteenth of a tile, two input pixels of the smallest encoder's features) is added.
    """
    return math.hypot(stride_m, stride_m) / 2 + tile_m / 16


RADIUS_FROM_GRID = "geometry of the tiles, if the right place was found; not calibrated"
