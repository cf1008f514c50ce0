"""What can be seen of a fused answer without knowing the truth; see :mod:`gleam.locating.judging.signs`."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from gleam.geo import distance_m
from gleam.locating.judging.signs import MOST_LEAD, MOST_PLACES, lead_of, log_odds
from gleam.locating.several.fusion import Fused, JointPlace
from gleam.locating.several.sightings import Floats, Sighting


def together_signs(
    fused: Fused, places: Sequence[JointPlace], sightings: Sequence[Sighting], same_m: float
) -> dict[str, float]:
    """Return the number of each of ``TOGETHER_SIGNS``.

    Args:
        fused: Of the sightings.
        places: Joint places, the likeliest first; at least one.
        sightings: One per photo.
        same_m: Places nearer to each other are one.
    """
    best = places[0]
    agreement = agreement_of(fused, best)
    there, elsewhere, sharp = 0.0, 0.0, []
    for sighting in sightings:
        lead = lead_alone(sighting)
        if points_at(sighting, best.lat, best.lon, same_m):
            there += lead
            if sighting.found is not None and sighting.found.surface is not None:
                sharp.append(sighting.found.surface.sharpness)
        else:
            elsewhere = max(elsewhere, lead)
    joint = float(fused.joint[best.best])
    second = float(fused.joint[places[1].best]) if len(places) > 1 else -math.inf
    searched = max(s.searched for s in sightings)
    return {
        "share": log_odds(best.share),
        "joint_lead": min(joint - second, MOST_LEAD),
        "evidence": joint - math.log(max(searched, 1)),
        "photos": math.log(len(sightings)),
        "agreeing": float(agreement.sum()),
        "disagreeing": float((1 - agreement).sum()),
        "alone": there,
        "against": elsewhere,
        "sharpness": float(np.mean(sharp)) if sharp else 0.0,
    }


def agreement_of(fused: Fused, place: JointPlace) -> Floats:
    """Return for each photo the chance (P,) that it shows a place rather than nothing."""
    return np.asarray(1.0 / (1.0 + np.exp(-fused.each[:, place.best])))


def lead_alone(sighting: Sighting) -> float:
    """Return the lead of the photo's best place over its others; 0 when it found none."""
    if sighting.found is None or not sighting.found.places:
        return 0.0
    return lead_of([place.score for place in sighting.found.places[:MOST_PLACES]])


def points_at(sighting: Sighting, lat: float, lon: float, same_m: float) -> bool:
    """Tell whether the photo alone finds this place."""
    own = sighting.answer
    if own.lat is None or own.lon is None:
        return False
    return distance_m(lat, lon, own.lat, own.lon) <= same_m
