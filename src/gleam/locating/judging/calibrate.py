"""Calibrating answers through atlases: the way a user gets them, grid, overlap, priors and all.

What is fitted, per view, on searches whose truth is known (:mod:`gleam.locating.judging.samples`):

* the probability that the answer lies within a stated distance, and that the photo is from here at all;
* from which probability on an answer is claimed;
* the size of the 95 % region and of the 95 % circle.

Thresholds and sizes are set with probabilities that were fitted WITHOUT the region they are applied to
(one area of several, or one half of the only one), and so are the figures told as ``held_out``: photos
of one area are alike, and a split by photo would flatter.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gleam.errors import GleamError
from gleam.evaluation.calibration import (
    Calibration,
    calibration_figures,
    fit_calibration,
    negative_log_likelihood,
)
from gleam.evaluation.open_set import false_locate_rate, pooled_false_locate_rate
from gleam.locating.calibrations import Claims, searched_kind
from gleam.locating.judging.sample import Sample
from gleam.locating.judging.samples import sample_area
from gleam.locating.judging.signs import SEQUENCE, signs_for
from gleam.locating.locator import Locator
from gleam.locating.region import SHARE, conformal_scale
from gleam.places import Places
from gleam.views import View

RIDGE = 1e-3
"""Pull of the weights towards zero."""
_WORTH = 0.01
"""A sign has to lower the negative log-likelihood by this share to be taken in."""
MOST_WRONG = 0.025
"""Of what is claimed for photos from here, at most so much may be wrong: half of what a 95 % region may
miss, so that the other half is left for right places whose position is off."""
MOST_WRONG_IN_FLIGHT = 0.045
"""The same of the photos of flights: those fitted on are loosely tied, and one in eight shows another place,
which may happen to lie where the flight could be."""
MOST_FALSE = 0.05
"""Of photos from elsewhere, at most so much may be claimed."""
LEAST_CLAIM = 0.8
"""No answer less probable is claimed, however few strangers would be: where imagery differs from that of the
calibration they are more."""
AMBIGUOUS_FROM = 0.15
"""Probability from which the candidates are worth a look."""
MISTAKEN_ABSENCE = 0.02
"""Share of photos from here that may look as if they were not."""
OPEN_PLACES = (1, 2, 3, 5, 10)
"""Numbers of places that an ambiguous answer may leave open."""
EVERY_VIEW = "every view"
"""Photos of all views, not counting those calibrated apart as their heading was searched for."""
FALSE_AT_80, FALSE_AT_80_BY_HERE = "false_locate_at_80", "false_locate_at_80_by_here"
"""Share of the photos from elsewhere that is claimed where 80 % of the others are: the most probable ones, or
those that are most probably from here."""
_FEWEST_FOR_REGION = 40
_FEWEST_OF_A_KIND = 200
"""Photos with and without their heading known are calibrated apart from so many samples of each on."""


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
    """Locate the photos of one area and fit everything on them; see :func:`fit_answers`.

    Use an area that the encoder was not trained on. The result replaces the parts of the same name in the
    encoder's calibration: ``encoder.calibration |= calibrate_locator(...)``, then save the encoder.

    Args:
        locator: The encoder with an atlas of the area, from imagery of another date than the places'.
        places: Photos with positions; the satellite rows are not used.
        name: Of the data set; it is told with every probability.
        views: Views to calibrate; all query views present when not given.
        within_m: An answer is right within this distance.
        absent_share: For this share of the samples the truth is not among the tiles searched.
        seed: Of what is taken away and of the priors.
    """
    samples = sample_area(
        locator,
        places,
        area=name,
        views=views,
        within_m=within_m,
        absent_share=absent_share,
        seed=seed,
    )
    return fit_answers(samples, name=name, within_m=within_m)


def fit_answers(samples: Sequence[Sample], *, name: str, within_m: float = 50.0) -> dict[str, Any]:
    """Fit probabilities, thresholds and regions for each view among the samples.

    What several photos gave counts as views of its own, ``together`` and ``sequence``; so do photos of a view
    whose heading had to be searched for, where there are enough of both.

    Returns:
        ``{"answers": [...], "presence": [...], "claims": {...}, "regions": {...}, "radius95": {...},
        "modes": {...}, "held_out": {view: {...}}}``; all but the last as
        :mod:`gleam.locating.calibrations` reads them.

    Raises:
        GleamError: There is no sample, or those of a view are all right or all wrong.
    """
    if not samples:
        raise GleamError(f"There is no located photo to calibrate {name!r} with.")
    out: dict[str, Any] = {
        "answers": [],
        "presence": [],
        "claims": {},
        "regions": {},
        "radius95": {},
        "modes": {},
        "held_out": {},
    }
    ranked: dict[str, _Ranked] = {}
    for view in dict.fromkeys(s.view for s in samples):
        for kind, own in _kinds([s for s in samples if s.view == view], view).items():
            found = _fit_view(_Table(own, kind, within_m), kind, name, out)
            if found is not None and kind in set(View):
                ranked[kind] = found
    if len(ranked) > 1:
        kinds = list(ranked.values())
        out["held_out"][EVERY_VIEW] = {
            by: pooled_false_locate_rate([kind[by][0] for kind in kinds], [kind[by][1] for kind in kinds])
            for by in (FALSE_AT_80, FALSE_AT_80_BY_HERE)
        }
    return out


def _kinds(samples: Sequence[Sample], view: str) -> dict[str, list[Sample]]:
    """Part the samples of a view by whether the heading was searched for; few of either stay together."""
    parts: dict[str, list[Sample]] = {}
    for sample in samples:
        kind = searched_kind(view) if sample.signs.get("heading_searched", 0.0) > 0.5 else view
        parts.setdefault(kind, []).append(sample)
    if min(map(len, parts.values()), default=0) < _FEWEST_OF_A_KIND:
        return {view: list(samples)}
    return parts


class _Table:
    """The samples of one view as arrays.

    silent_here, silent_elsewhere: photos that were told no position at all, so that nothing could be claimed;
    those that should be told none, as they were planted in a flight, are left out of the former.
    """

    def __init__(self, samples: Sequence[Sample], view: str, within_m: float) -> None:
        silent = [s for s in samples if not s.signs]
        samples = [s for s in samples if s.signs]
        if not samples:
            raise GleamError("No photo of a view found any place to calibrate with.")
        self.silent_here = sum(s.present and not s.planted for s in silent)
        self.silent_elsewhere = sum(not s.present for s in silent)
        self.view, self.within_m = view, within_m
        self.signs, self.always = signs_for(view)
        complete = [s for s in samples if set(self.signs) <= set(s.signs)]
        self.features = np.array([[s.signs[name] for name in self.signs] for s in complete])
        self.present = np.array([s.present for s in complete])
        self.error_m = np.array([np.inf if s.error_m is None else s.error_m for s in complete])
        self.sigmas = np.array([np.inf if s.sigmas is None else s.sigmas for s in complete])
        self.right = self.present & (self.error_m <= within_m)
        self.to_be_found = self.present & ~np.array([s.planted for s in complete])
        self.rank = np.array([np.inf if s.rank is None else s.rank for s in complete])
        areas = sorted({s.area for s in complete})
        # One area is cut in halves, so that no figure comes from ground it was fitted on.
        self.group = np.array([areas.index(s.area) if len(areas) > 1 else int(s.east) for s in complete])

    def fit(
        self,
        target: NDArray[np.bool_],
        rows: NDArray[np.bool_],
        signs: Sequence[str],
        view: str,
        name: str,
    ) -> Calibration:
        """Fit the chance of a target on some rows."""
        return fit_calibration(
            self.taken(signs)[rows],
            target[rows],
            name=name,
            views=[view],
            within_m=None if target is self.present else self.within_m,
            feature_names=signs,
            ridge=RIDGE,
        )

    def crossed(
        self, target: NDArray[np.bool_], signs: Sequence[str], rows: NDArray[np.bool_] | None = None
    ) -> NDArray[np.float64]:
        """Return probabilities (N,) from fits without the region of each sample; NaN where none can be.

        ``rows``: those that count; all when not given.
        """
        out = np.full(len(target), np.nan)
        rows = np.ones(len(target), bool) if rows is None else rows
        for group in np.unique(self.group):
            here, others = rows & (self.group == group), rows & (self.group != group)
            if len(set(target[others].tolist())) == 2 and here.any():
                fitted = self.fit(target, others, signs, "any", "crossed")
                out[here] = fitted.probability(self.taken(signs)[here])
        return out

    def best_signs(self, target: NDArray[np.bool_], rows: NDArray[np.bool_] | None = None) -> tuple[str, ...]:
        """Return the signs that tell the target best in regions they were not fitted on, taken one by one."""
        chosen: tuple[str, ...] = self.always
        reached = self._loss(target, chosen, rows)
        while np.isfinite(reached):
            losses = {s: self._loss(target, (*chosen, s), rows) for s in self.signs if s not in chosen}
            if not losses:
                break
            sign = min(losses, key=lambda s: losses[s])
            if losses[sign] > (1 - _WORTH) * reached:
                break
            chosen, reached = (*chosen, sign), losses[sign]
        return chosen

    def _loss(self, target: NDArray[np.bool_], signs: Sequence[str], rows: NDArray[np.bool_] | None) -> float:
        probability = self.crossed(target, signs, rows)
        told = np.isfinite(probability)
        if not told.any():
            return float("nan")
        return negative_log_likelihood(np.clip(probability[told], 1e-6, 1 - 1e-6), target[told])

    def taken(self, signs: Sequence[str]) -> NDArray[np.float64]:
        """Return the columns (N, F) of some signs."""
        return self.features[:, [self.signs.index(sign) for sign in signs]]


_Ranked = dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]
"""For each way to rank photos, the numbers of those from here, and of those from elsewhere."""


def _fit_view(table: _Table, view: str, name: str, out: dict[str, Any]) -> _Ranked | None:
    """Fit everything for one view; return how its photos were ranked where nothing was fitted on them."""
    everything = np.ones(len(table.present), bool)
    signs = table.best_signs(table.right)
    out["answers"].append(table.fit(table.right, everything, signs, view, name).to_dict())
    crossed = table.crossed(table.right, signs)
    told = np.isfinite(crossed)
    if not told.any():
        return None
    here = np.full(len(told), np.nan)
    if 0 < table.present.sum() < len(table.present):
        signs = table.best_signs(table.present)
        out["presence"].append(table.fit(table.present, everything, signs, view, name).to_dict())
        here = table.crossed(table.present, signs)
    claims = _claims(table, crossed, here, told, name)
    out["claims"][view] = {key: getattr(claims, key) for key in Claims.__slots__}
    claimed = told & (np.nan_to_num(crossed) >= claims.located_from) & ~(here < claims.not_here_below)
    located = claimed & table.present
    if located.sum() >= _FEWEST_FOR_REGION:
        scale = conformal_scale(table.sigmas[located])
        radius = conformal_scale(table.error_m[located])
        if np.isfinite(scale) and np.isfinite(radius):
            n = int(located.sum())
            out["regions"][view] = {"scale": round(scale, 4), "name": name, "n": n}
            out["radius95"][view] = {
                "radius95_m": round(radius, 1),
                "name": name,
                "n": n,
                "through": "atlas",
            }
    out["modes"] |= _modes(table, view, name)
    ranked = _ranked(table, crossed, here, told)
    out["held_out"][view] = _figures(table, crossed, told, claimed, ranked) | _open_figures(
        table, out["modes"].get(view, {}), told & ~claimed & (np.nan_to_num(crossed) >= claims.ambiguous_from)
    )
    return ranked


def _modes(table: _Table, view: str, name: str) -> dict[str, Any]:
    """Return, by number of places, the chance that one of the first is right, of photos from here.

    A region speaks of photos from here, as that of a located answer does; whether one is, is told apart.
    """
    fitted = {}
    for places in OPEN_PLACES:
        one_of_them = table.rank <= places
        if len(set(one_of_them[table.present].tolist())) == 2:
            signs = table.best_signs(one_of_them, table.present)
            fitted[str(places)] = table.fit(one_of_them, table.present, signs, view, name).to_dict()
    return {view: fitted} if fitted else {}


def _open_figures(table: _Table, modes: dict[str, Any], ambiguous: NDArray[np.bool_]) -> dict[str, float]:
    """Return how many ambiguous answers to photos from here get a region, and how many of those it holds."""
    ambiguous = ambiguous & table.present
    left = np.zeros(len(ambiguous))
    for places, mode in modes.items():
        chance = table.crossed(table.rank <= int(places), mode["features"], table.present)
        left[(left == 0) & (np.nan_to_num(chance) >= SHARE)] = int(places)
    drawn = ambiguous & (left > 0)
    if not drawn.any():
        return {}
    shares = {"open_of_ambiguous": drawn.sum() / ambiguous.sum(), "open_places": left[drawn].mean()}
    return {k: float(v) for k, v in shares.items()} | {
        "open_region_holds": float((table.rank <= left)[drawn].mean())
    }


def _claims(
    table: _Table,
    crossed: NDArray[np.float64],
    here: NDArray[np.float64],
    told: NDArray[np.bool_],
    name: str,
) -> Claims:
    """Return the thresholds: as many claims as the shares of wrong ones allow."""
    known = np.isfinite(here) & table.present
    most_wrong = MOST_WRONG_IN_FLIGHT if table.view == SEQUENCE else MOST_WRONG
    not_here = min(float(np.quantile(here[known], MISTAKEN_ABSENCE)), 0.5) if known.any() else 0.0
    not_here = round(not_here, 4)
    from_here = ~(here < not_here)
    located_from = 0.99
    for threshold in np.arange(LEAST_CLAIM, 0.99, 0.01):
        claimed = told & from_here & (np.nan_to_num(crossed) >= threshold)
        strangers = told & ~table.present
        wrong = 1 - table.right[claimed & table.present].mean() if (claimed & table.present).any() else 0.0
        taken = claimed[strangers].sum() / max(1, strangers.sum() + table.silent_elsewhere)
        if wrong <= most_wrong and taken <= MOST_FALSE:
            located_from = round(float(threshold), 2)
            break
    least_tiles = 0
    if "log_gallery" in table.signs:
        least_tiles = round(float(np.exp(table.features[:, table.signs.index("log_gallery")].min())))
    return Claims(located_from, AMBIGUOUS_FROM, not_here, name, int(told.sum()), least_tiles)


def _ranked(
    table: _Table, crossed: NDArray[np.float64], here: NDArray[np.float64], told: NDArray[np.bool_]
) -> _Ranked | None:
    """Return the crossed probabilities of photos from here and from elsewhere; None without either."""
    inside, outside = told & table.to_be_found, told & ~table.present
    if not inside.any() or not (outside.any() or table.silent_elsewhere):
        return None
    # Where nothing is told, nothing is ranked lower.
    return {
        name: (
            np.append(np.nan_to_num(chances[inside], nan=-1.0), np.full(table.silent_here, -1.0)),
            np.append(np.nan_to_num(chances[outside], nan=-1.0), np.full(table.silent_elsewhere, -1.0)),
        )
        # A photo whose place is right is from here, at least as probably.
        for name, chances in ((FALSE_AT_80, crossed), (FALSE_AT_80_BY_HERE, np.fmax(crossed, here)))
    }


def _figures(
    table: _Table,
    crossed: NDArray[np.float64],
    told: NDArray[np.bool_],
    located: NDArray[np.bool_],
    ranked: _Ranked | None,
) -> dict[str, float]:
    """Return what the crossed probabilities reached where they were not fitted."""
    out = dict(calibration_figures(crossed[told], table.right[told]))
    here = told & table.to_be_found
    out["located"] = float(located[here].sum() / max(1, here.sum() + table.silent_here))
    out["right_of_located"] = float(table.right[located].mean()) if located.any() else float("nan")
    if ranked is not None:
        strangers = told & ~table.present
        out["false_located"] = float(located[strangers].sum() / (strangers.sum() + table.silent_elsewhere))
        out |= {name: false_locate_rate(*both, coverage=0.8) for name, both in ranked.items()}
    holds = _region_coverage(table, located)
    if holds is not None:
        out["region95_holds"] = holds
    return out


def _region_coverage(table: _Table, located: NDArray[np.bool_]) -> float | None:
    """Return the share of located truths inside regions whose scale comes from the other groups."""
    use = located & table.present
    held = []
    for group in np.unique(table.group):
        mine, theirs = use & (table.group == group), use & (table.group != group)
        scale = conformal_scale(table.sigmas[theirs])
        if np.isfinite(scale):
            held += (table.sigmas[mine] <= scale).tolist()
    return float(np.mean(held)) if held else None
