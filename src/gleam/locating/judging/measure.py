"""Measuring answers as users get them: photos of an area, of other areas, and of no place at all."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gleam.errors import GleamError
from gleam.evaluation.bootstrap import RESAMPLES, mean_intervals, quantile_intervals, statistic_interval
from gleam.evaluation.calibration import (
    brier_score,
    expected_calibration_error,
    honest_calibration_error,
)
from gleam.evaluation.open_set import auroc, false_locate_rate, pooled_false_locate_rate
from gleam.evaluation.selective import area_under_risk_coverage, coverage_at_risk
from gleam.geo import distance_m
from gleam.locating.answer import Answer, Status
from gleam.locating.judging.baselines import CONFIDENCES
from gleam.locating.judging.nonplaces import NON_PLACES, draw_nonplace
from gleam.locating.locator import Locator
from gleam.locating.region import rings_contain
from gleam.places import PlaceImage, Places
from gleam.progress import track
from gleam.views import View, parse_view

WITHIN_M = (10, 25, 50, 100)
COVERAGE = 0.8
_ECE_RESAMPLES = 200


def measure_answers(
    locator: Locator,
    places: Places,
    others: Sequence[Places] = (),
    *,
    views: Iterable[View | str] | None = None,
    limit: int | None = None,
    hide_heading: bool = False,
    non_places: int = 10,
    right_within_m: float = 50.0,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> dict[str, Any]:
    """Locate photos in an atlas and measure positions, confidence and refusals.

    Args:
        locator: An encoder with an atlas of the ground of ``places``.
        places: Photos with positions; satellite rows are not used.
        others: Photos from elsewhere: each that is located is a false claim.
        views: Query views to measure; all that occur when not given.
        limit: Most photos per view and table, evenly drawn.
        hide_heading: Pretend not to know the headings.
        non_places: Pictures of each kind of :data:`gleam.locating.judging.nonplaces.NON_PLACES` per view.
        right_within_m: An answer is right within this distance; the calibration's own where it tells one.
        resamples: Draws of the bootstrap over places.
        seed: Of the bootstrap.

    Returns:
        Figures per view, shares as fractions, with intervals where they are over photos; in ``all_views`` the
        false-locate rate of all of them under one threshold, by each confidence.

    Raises:
        GleamError: No photo has a position, or a view does not occur.
    """
    started = time.perf_counter()
    chosen = _views(places, views)
    report: dict[str, Any] = {
        "views": {},
        "encoder": locator.encoder.name,
        "fingerprint": locator.encoder.fingerprint,
        "atlas": locator.atlas.path.name,
        "tiles": len(locator.atlas),
        "table": str(places.file) if places.file else "places table",
        "others": [str(o.file) if o.file else "places table" for o in others],
        "hide_heading": hide_heading,
        "notes": [
            "Refused photos (not_here, cannot_tell) and ambiguous ones count as misses in within_*m; "
            "median and p90 are of located answers.",
            f"false_locate_at_{COVERAGE:.0%}: share of photos from elsewhere that are claimed when "
            f"{COVERAGE:.0%} of those from here are answered.",
        ],
    }
    pooled: list[tuple[list[_Case], list[_Case]]] = []
    for view in chosen:
        here = list(_located(locator, places, view, limit, hide_heading, "here"))
        strangers = [
            case
            for other in others
            for case in _located(locator, other, view, limit, hide_heading, "elsewhere")
        ]
        nothing = _of_nothing(locator, view, non_places)
        report["views"][view.value] = _figures(here, strangers, nothing, right_within_m, resamples, seed)
        pooled.append((here, strangers))
    report["all_views"] = _pooled(pooled)
    report["seconds"] = round(time.perf_counter() - started, 1)
    return report


@dataclass(frozen=True, slots=True)
class _Case:
    """place: of the photo. error_m: NaN when the photo is not from here. inside: of the 95 % region."""

    answer: Answer
    place: str
    error_m: float = math.nan
    inside: bool = False
    turned_deg: float = math.nan
    seconds: float = math.nan


def _views(places: Places, views: Iterable[View | str] | None) -> list[View]:
    present: list[View] = [v for v in places.views if v is not View.SATELLITE]
    chosen = present if views is None else list(dict.fromkeys(parse_view(v) for v in views))
    for view in chosen:
        if view not in present:
            raise GleamError(
                f"There is no {view.value} photo to locate; there are {', '.join(present) or 'none'}."
            )
    if not chosen:
        raise GleamError("There is no photo to locate, only satellite pictures.")
    return chosen


def _located(
    locator: Locator, places: Places, view: View, limit: int | None, hide_heading: bool, what: str
) -> Iterator[_Case]:
    rows = places.select(view=view)
    rows = rows.take(np.flatnonzero(np.isfinite(rows.column("lat")) & np.isfinite(rows.column("lon"))))
    if limit is not None and len(rows) > limit:
        rows = rows.take(np.linspace(0, len(rows) - 1, limit).round().astype(np.int64))
    for row in track(rows, f"{view.value}: locating photos from {what}"):
        pose = row.pose.with_heading(None) if hide_heading and view is not View.MAP else row.pose
        begun = time.perf_counter()
        answer = locator.locate(places.path_of(row), view, pose=pose, use_metadata=False)
        seconds = time.perf_counter() - begun
        yield _judged(answer, row, seconds) if what == "here" else _Case(answer, row.place, seconds=seconds)


def _judged(answer: Answer, row: PlaceImage, seconds: float) -> _Case:
    """Compare an answer with the truth."""
    error, inside, turned = math.inf, False, math.nan
    if answer.lat is not None and answer.lon is not None and row.lat is not None and row.lon is not None:
        error = distance_m(row.lat, row.lon, answer.lat, answer.lon)
        inside = rings_contain(answer.rings, row.lat, row.lon)
    searched = answer.heading_from == "search"
    if searched and answer.heading_deg is not None and row.heading_deg is not None:
        turned = abs((answer.heading_deg - row.heading_deg + 180) % 360 - 180)
    return _Case(answer, row.place, error, inside, turned, seconds)


def _of_nothing(locator: Locator, view: View, count: int) -> dict[str, list[Answer]]:
    """Locate pictures of no place as if they were of a view."""
    width = 384 if view is View.PANORAMA else 256
    return {
        kind: [
            locator.locate(draw_nonplace(kind, seed, 192, width), view, use_metadata=False)
            for seed in range(count)
        ]
        for kind in NON_PLACES
        if count
    }


def _figures(
    here: list[_Case],
    strangers: list[_Case],
    nothing: dict[str, list[Answer]],
    right_within_m: float,
    resamples: int,
    seed: int,
) -> dict[str, Any]:
    if not here:
        raise GleamError("No photo of a view has a position, so nothing can be measured.")
    answers = [case.answer for case in here]
    within = next((a.calibration.within_m for a in answers if a.calibration), right_within_m)
    error = np.array([case.error_m for case in here])
    located = np.array([a.located for a in answers])
    groups = np.array([case.place for case in here])
    right = error <= within
    columns = {"located": located.astype(float)}
    columns |= {f"within_{m}m": (located & (error <= m)).astype(float) for m in WITHIN_M}
    columns |= {f"first_within_{m}m": (error <= m).astype(float) for m in WITHIN_M}
    table = np.stack(list(columns.values()), axis=1)
    intervals = mean_intervals(table, groups=groups, resamples=resamples, seed=seed)
    out: dict[str, Any] = {"photos": len(here), "right_within_m": within}
    out |= {name: i.to_dict() for name, i in zip(columns, intervals, strict=True)}
    out["median_m"] = out["p90_m"] = out["right_of_located"] = out["region95_holds"] = None
    if located.any():
        median, p90 = quantile_intervals(
            error[located], (0.5, 0.9), groups=groups[located], resamples=resamples, seed=seed
        )
        out["median_m"], out["p90_m"] = median.to_dict(), p90.to_dict()
        inside = np.array([case.inside for case in here])[located].astype(float)
        both = np.stack([right[located].astype(float), inside], axis=1)
        sure, held = mean_intervals(both, groups=groups[located], resamples=resamples, seed=seed)
        out["right_of_located"], out["region95_holds"] = sure.to_dict(), held.to_dict()
    out["statuses"] = {
        "here": _statuses(answers),
        "elsewhere": _statuses([case.answer for case in strangers]),
        **{kind: _statuses(given) for kind, given in nothing.items()},
    }
    out["confidence"] = _ranked(here, strangers, nothing, right)
    out |= _calibrated(answers, right, groups, seed)
    turned = np.array([c.turned_deg for c in here])
    told = np.isfinite(turned) & right
    out["heading_within_15_deg"] = float((turned[told] <= 15.0).mean()) if told.any() else None
    out["seconds_per_photo"] = float(np.median([case.seconds for case in here]))
    return out


def _ranked(
    here: list[_Case], strangers: list[_Case], nothing: dict[str, list[Answer]], right: NDArray[np.bool_]
) -> dict[str, Any]:
    """Return, for the probability and each baseline, what ranking answers by it gives."""
    away = [case.answer for case in strangers]
    drawn = [answer for given in nothing.values() for answer in given]
    out: dict[str, Any] = {}
    for name, confidence in CONFIDENCES.items():
        inside = np.array([confidence(case.answer) for case in here])
        if np.isnan(inside).all():
            continue
        inside = np.nan_to_num(inside, nan=-1e9)
        figures: dict[str, float | None] = {
            "aurc": area_under_risk_coverage(inside, right),
            "coverage_at_5%_risk": coverage_at_risk(inside, right, 0.05),
        }
        for group, given in (("elsewhere", away), ("non_places", drawn)):
            if not given:
                continue
            outside = np.nan_to_num([confidence(a) for a in given], nan=-1e9)
            figures[f"auroc_{group}"] = auroc(inside, outside)
            figures[f"fpr95_{group}"] = false_locate_rate(inside, outside, 0.95)
            figures[f"false_locate_{group}"] = false_locate_rate(inside, outside, COVERAGE)
        out[name] = figures
    return out


def _pooled(views: Sequence[tuple[list[_Case], list[_Case]]]) -> dict[str, dict[str, float]]:
    """Return, for each confidence, the false-locate rate of several views under one threshold."""
    out: dict[str, dict[str, float]] = {}
    if len(views) < 2 or not all(strangers for _, strangers in views):
        return out
    for name, confidence in CONFIDENCES.items():
        told = [
            [np.nan_to_num([confidence(case.answer) for case in cases], nan=-1e9) for cases in both]
            for both in views
        ]
        if max(inside.max() for inside, _ in told) > -1e9:
            rate = pooled_false_locate_rate([i for i, _ in told], [o for _, o in told], COVERAGE)
            out[name] = {"false_locate_elsewhere": rate}
    return out


def _calibrated(
    answers: list[Answer], right: NDArray[np.bool_], groups: NDArray[Any], seed: int
) -> dict[str, Any]:
    probability = np.array([math.nan if a.probability is None else a.probability for a in answers])
    told = np.isfinite(probability)
    if not told.any():
        return {"ece": None, "brier": None}
    p, y = probability[told], right[told]
    bins = max(2, min(15, len(p) // 20))
    interval = statistic_interval(
        lambda rows: expected_calibration_error(p[rows], y[rows], bins),
        len(p),
        groups=groups[told],
        resamples=_ECE_RESAMPLES,
        seed=seed,
    )
    mean, most = honest_calibration_error(p, bins, seed=seed)
    honest = {"if_honest": mean, "if_honest_95": most}
    return {"ece": {**interval.to_dict(), "bins": bins, **honest}, "brier": brier_score(p, y)}


def _statuses(answers: Sequence[Answer]) -> dict[str, int]:
    return {status.value: sum(a.status is status for a in answers) for status in Status}
