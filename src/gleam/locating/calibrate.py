"""Calibrating answers through an atlas: the way a user gets them, grid, overlap and all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from gleam.atlas import Region
from gleam.errors import GleamError
from gleam.evaluation.calibration import answer_features, fit_calibration
from gleam.geo import Circle, distance_m, offset
from gleam.locating.confidence import LOCATED_FROM
from gleam.locating.locator import REFINED, Locator
from gleam.locating.places import Place
from gleam.places import PlaceImage, Places
from gleam.progress import track
from gleam.views import View, parse_view

PRIOR_RADII_M: tuple[float | None, ...] = (None, 500.0)
"""Searched each in turn (None: the whole atlas), so that the effect of the number of tiles is learnt."""
_FEWEST_FOR_RADIUS = 40


@dataclass(frozen=True, slots=True)
class _Example:
    features: tuple[float, ...]
    error_m: float
    present: bool


def calibrate_locator(
    locator: Locator,
    places: Places,
    *,
    name: str,
    views: Iterable[View | str] | None = None,
    within_m: float = 50.0,
    absent_share: float = 0.2,
    seed: int = 0,
) -> dict[str, Any]:
    """Fit the probability of answers and the 95 % radius on photos of known position.

    Each photo is located with its heading known and unknown, in the whole atlas and around a prior. Use an
    area that the encoder was not trained on. The result replaces the parts of the same name in the
    encoder's calibration: ``encoder.calibration |= calibrate_locator(...)``, then save the encoder.

    Args:
        locator: The encoder with an atlas of the area, from imagery of another date than the places'.
        places: Photos with positions; the satellite rows are not used.
        name: Of the data set; it is told with every probability.
        views: Views to calibrate; all query views present when not given.
        within_m: An answer is right within this distance.
        absent_share: For this share of the examples the tiles around the truth are taken away, as if
            the photo came from elsewhere.
        seed: Of what is taken away and of the priors.

    Returns:
        ``{"answers": [...], "radius95": {...}}``, see :mod:`gleam.locating.calibrations`.

    Raises:
        GleamError: A view has no photo with a position, or its answers are all right or all wrong.
    """
    present = [v for v in places.views if v is not View.SATELLITE]
    chosen = present if views is None else [parse_view(v) for v in views]
    rng = np.random.default_rng(seed)
    out: dict[str, Any] = {"answers": [], "radius95": {}}
    for view in chosen:
        examples = []
        for row in track(places.select(view=view), f"Calibrating {view.value}"):
            examples += _examples(locator, places, row, within_m, absent_share, rng)
        if not examples:
            raise GleamError(f"No {view.value} photo of {name} has a position inside the atlas.")
        features = np.array([e.features for e in examples])
        right = np.array([e.error_m <= within_m and e.present for e in examples])
        fitted = fit_calibration(features, right, name=name, views=[view.value], within_m=within_m)
        out["answers"].append(fitted.to_dict())
        claimed = fitted.probability(features) >= LOCATED_FROM
        errors = [e.error_m for e, c in zip(examples, claimed, strict=True) if c and e.present]
        if len(errors) >= _FEWEST_FOR_RADIUS:
            radius = float(np.quantile(errors, 0.95, method="inverted_cdf"))
            out["radius95"][view.value] = {
                "radius95_m": round(radius, 1),
                "name": name,
                "n": len(errors),
                "through": "atlas",
            }
    return out


def _examples(
    locator: Locator,
    places: Places,
    row: PlaceImage,
    within_m: float,
    absent_share: float,
    rng: np.random.Generator,
) -> list[_Example]:
    if row.lat is None or row.lon is None:
        return []
    examples = []
    # Maps are made north-up, so their heading is never unknown.
    poses = [row.pose] if row.view is View.MAP else [row.pose, row.pose.with_heading(None)]
    for pose in poses:
        for radius in PRIOR_RADII_M:
            region = None if radius is None else Region.around(_prior(row.lat, row.lon, radius, rng))
            tiles = locator.atlas.store.count(region)
            _, found = locator.find(places.path_of(row), row.view, pose, region, REFINED + 1)
            absent = bool(rng.random() < absent_share)
            found = _without(found, row.lat, row.lon, locator.atlas.tile_m) if absent else found
            if found:
                error = float(distance_m(row.lat, row.lon, found[0].lat, found[0].lon))
                examples.append(_Example(_features(found[:REFINED], tiles, within_m), error, not absent))
    return examples


def _prior(lat: float, lon: float, radius_m: float, rng: np.random.Generator) -> Circle:
    """Return a circle that holds the truth somewhere in its inner two thirds."""
    east, north = rng.uniform(-1, 1, 2) * radius_m * 0.45
    return Circle(*offset(lat, lon, float(east), float(north)), radius_m)


def _without(found: list[Place], lat: float, lon: float, tile_m: float) -> list[Place]:
    """Return the places whose ground does not touch the truth's."""
    away = np.asarray(distance_m(lat, lon, [p.lat for p in found], [p.lon for p in found]))
    return [place for place, metres in zip(found, np.atleast_1d(away), strict=True) if metres > 1.5 * tile_m]


def _features(found: list[Place], tiles: int, within_m: float) -> tuple[float, ...]:
    features = answer_features(
        np.array([[p.best.score for p in found]]),
        np.array([[p.lat for p in found]]),
        np.array([[p.lon for p in found]]),
        tiles,
        within_m,
    )
    return tuple(float(v) for v in features[0])
