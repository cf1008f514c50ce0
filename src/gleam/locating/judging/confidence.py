"""How sure an answer is: a calibrated probability where there is one, a documented rule else."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gleam.evaluation.calibration import Calibration
from gleam.locating.answer import CalibrationUse, Status
from gleam.locating.calibrations import Calibrations
from gleam.locating.judging.signs import MOST_PLACES, chance_of_lead, signs_of
from gleam.locating.region import SHARE
from gleam.locating.searching.places import Place
from gleam.locating.searching.surface import Surface

CHANCE = 0.1
"""Uncalibrated: a lead counts that chance would give the best of wrong places less often than this. On a
city, with the true place taken away, it held for 2 of 160 photos; with it there, for a quarter of those
found."""
MORE_THAN_ARE_LISTED = "no 95 % region: the places found do not hold the position surely enough together"
LIKE_NO_PLACE = "the photo does not look like any place searched"
NO_PLACE_STANDS_OUT = "no place stands out enough to be claimed"
ENOUGH_PLACES = 4
"""Fewer places give no spread to measure a lead by."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """status, the probability with its calibration (or neither), and why.

    here: probability that the photo shows any of the ground that was searched, where that is calibrated;
    never less than that of the position.
    open: how many of the first places together hold the truth in 95 % of such answers, for an ambiguous one;
    0 where not even all do, None where that is not calibrated.
    """

    status: Status
    probability: float | None = None
    calibration: CalibrationUse | None = None
    notes: tuple[str, ...] = ()
    open: int | None = None
    here: float | None = None


def judge(
    places: Sequence[Place],
    tiles: int,
    view: str,
    calibrations: Calibrations,
    surface: Surface | None = None,
    *,
    heading_searched: bool = False,
) -> Judgement:
    """Judge the places found for a photo, by calibration where there is one.

    With a calibration of answers: ``not_here`` when the calibration of presence gives too little;
    else ``located`` and ``ambiguous`` from the probabilities in its claims on, and ``cannot_tell`` below.
    Where presence is not calibrated, the calibration of pairs for the best tile stands for it, for
    answers that are not located. Without a calibration of answers: see :func:`judge_by_lead`.

    Args:
        places: The places found; at least one. The first is the one to judge, the others are best first.
        tiles: Number of tiles that the photo was compared with.
        view: The photo's view.
        calibrations: Those of the encoder.
        surface: Of scores around the first place.
        heading_searched: Whether several headings were tried.
    """
    kind = calibrations.kind_of(view, heading_searched=heading_searched)
    calibration = calibrations.answer(kind)
    if calibration is None:
        return judge_by_lead(places)
    signs = signs_of(places, tiles, calibration.within_m or 0.0, surface, heading_searched=heading_searched)
    judged = judge_by_signs(signs, kind, calibrations, similarity=places[0].best.score)
    if judged is None:
        return judge_by_lead(places)
    return among_enough(judged, tiles, calibrations.claim(kind).least_tiles)


def among_enough(judged: Judgement, tiles: int, least: int) -> Judgement:
    """Return a judgement, without any claim where a photo was compared with too few tiles for one.

    Args:
        judged: By calibration.
        tiles: How many the photo was compared with.
        least: With so many the answers were that the calibration comes from.
    """
    if tiles >= least or judged.status not in (Status.LOCATED, Status.AMBIGUOUS):
        return judged
    note = (
        f"compared with {tiles} tiles only, while the calibration begins at {least}: no place is claimed, no "
        "probability given; an atlas of more ground tells more"
    )
    return Judgement(Status.AMBIGUOUS, notes=(note,), open=0)


def judge_by_signs(
    signs: Mapping[str, float], kind: str, calibrations: Calibrations, *, similarity: float | None = None
) -> Judgement | None:
    """Judge by calibration; None without one, or when a sign that it needs is missing.

    Args:
        signs: Those of :func:`gleam.locating.judging.signs.signs_for` the kind.
        kind: A view, ``together`` or ``sequence``.
        calibrations: Those of the encoder.
        similarity: Of the best tile, for a calibration of pairs.
    """
    calibration = calibrations.answer(kind)
    probability = None if calibration is None else probability_from(calibration, signs)
    if calibration is None or probability is None:
        return None
    use = CalibrationUse(calibration.name, calibration.within_m or 0.0, calibration.n)
    claims = calibrations.claim(kind)
    presence, pair = calibrations.presence(kind), calibrations.pair(kind)
    chance = None if presence is None else probability_from(presence, signs)
    # Fitted apart, the two need not agree; a photo whose place is right is from here, at least as probably.
    here = None if chance is None else max(chance, probability)
    if presence is not None:
        why = LIKE_NO_PLACE
    elif pair is not None and similarity is not None:
        chance = float(pair.probability([similarity])[0])
        why = "even the best tile does not look like the photo"
    # A calibration of pairs knows nothing of the lead, so it cannot overrule it.
    if presence is None and probability >= claims.located_from:
        return Judgement(Status.LOCATED, probability, use)
    if chance is not None and chance < claims.not_here_below:
        return Judgement(Status.NOT_HERE, probability, use, (why,), here=here)
    if probability >= claims.located_from:
        return Judgement(Status.LOCATED, probability, use, here=here)
    if probability >= claims.ambiguous_from:
        left = places_left_open(signs, kind, calibrations)
        notes = (MORE_THAN_ARE_LISTED,) if left == 0 else ()
        return Judgement(Status.AMBIGUOUS, probability, use, notes, left, here)
    return Judgement(Status.CANNOT_TELL, probability, use, (NO_PLACE_STANDS_OUT,), here=here)


def places_left_open(signs: Mapping[str, float], kind: str, calibrations: Calibrations) -> int | None:
    """Return how many of the first places hold the truth with a chance of at least ``SHARE``.

    0 when not even the most that are calibrated do, None when nothing is.
    """
    modes = calibrations.mode(kind)
    if not modes:
        return None
    for places, calibration in modes.items():
        chance = probability_from(calibration, signs)
        if chance is not None and chance >= SHARE:
            return places
    return 0


def probability_from(calibration: Calibration, signs: Mapping[str, float]) -> float | None:
    """Return the calibrated probability for these signs; None when a sign it needs is missing."""
    if not set(calibration.features) <= set(signs):
        return None
    return float(calibration.probability([[signs[name] for name in calibration.features]])[0])


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


def grid_radius95_m(stride_m: float, tile_m: float) -> float:
    """Return a radius from the geometry of the tiles alone, for the case that the right tile was found.

    The nearest tile centre lies within half the diagonal of a grid cell; what a match cannot tell apart
    (a shift of about a sixteenth of a tile, two input pixels of the smallest encoder's features) is added.
    """
    return math.hypot(stride_m, stride_m) / 2 + tile_m / 16


RADIUS_FROM_GRID = "geometry of the tiles, if the right place was found; not calibrated"
