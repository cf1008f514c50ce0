"""The 95 % region and the covariance of an answer, from what is calibrated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gleam.geo import LatLon
from gleam.locating.answer import Status
from gleam.locating.calibrations import Calibrations
from gleam.locating.judging.confidence import Judgement
from gleam.locating.region import GAUSS_95, Covariance, ellipse_ring, rings_around, sigma_covariance

REGION_FROM_SCORES = "the 95 % region is not calibrated: it follows from the spread of the scores alone"


def speaks_of_one_place(judgement: Judgement) -> bool:
    """Tell whether sizes measured on located answers may be told: not of one that leaves places open."""
    return judgement.status is not Status.AMBIGUOUS or judgement.open is None


def shape_of(
    places: Sequence[LatLon],
    covariance: Covariance | None,
    kind: str,
    judgement: Judgement,
    calibrations: Calibrations,
) -> dict[str, Any]:
    """Return region and covariance as fields of an answer.

    A located answer has the ellipse around its position. An ambiguous one has a circle around each of the
    places left open, as wide as the distance that its probability speaks of, and none when all are open;
    where that is not calibrated, the ellipse around the first, as if that were right. Others have none.

    Args:
        places: (lat, lon) of the places found, best first.
        covariance: Of the first, before calibration; None when unknown. An answer that leaves several places
            open has none.
        kind: A view, ``together`` or ``sequence``.
        judgement: Of the answer.
        calibrations: Those of the encoder.
    """
    measured = calibrations.region(kind)
    scale = measured.scale if measured is not None else GAUSS_95
    out: dict[str, Any] = {}
    if covariance is not None and speaks_of_one_place(judgement):
        out["covariance_m2"] = sigma_covariance(covariance, scale)
    ambiguous = judgement.status is Status.AMBIGUOUS
    if ambiguous and judgement.open == 0:
        return out
    if ambiguous and judgement.open is not None and judgement.calibration is not None:
        rings = rings_around(places[: judgement.open], judgement.calibration.within_m)
        return out | ({"region95": rings[0], "region95_others": rings[1:]} if rings else {})
    if covariance is not None and (ambiguous or judgement.status is Status.LOCATED):
        out["region95"] = ellipse_ring(*places[0], covariance, scale)
    return out
