"""What is to be beaten: always the same verdict, and the encoder's similarity without any words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gleam.atlas.embedding import preparation_for
from gleam.errors import GleamError
from gleam.evaluation.calibration import Calibration, fit_pair_calibration
from gleam.explaining.benchmark.folder import Bench
from gleam.explaining.benchmark.pair import Pair
from gleam.explaining.contributions import RegionEncoder
from gleam.explaining.sentences import parse_language
from gleam.explaining.verdict import Verdict
from gleam.imagery.decode import load_image
from gleam.imagery.preparation import prepare
from gleam.locating.query import HEADINGS, make_query
from gleam.progress import track
from gleam.views import UNKNOWN_POSE, Pose, View, parse_view

MAJORITY, LABEL_ONLY = "baseline:majority", "baseline:label-only"
_MOST_FITTED = 240
"""Pairs that the label-only baseline is fitted on at most."""
_LEAST_OF_A_VIEW = 8
"""Pairs of either verdict from which a view gets a threshold of its own."""


class Majority:
    """Always gives the verdict that most pairs outside the split have; its text is empty."""

    name = MAJORITY

    def __init__(self, pairs: Sequence[Pair]) -> None:
        counts = Counter(p.match for p in pairs)
        # Of as many of each, "no match": what untuned models lean to.
        self._match = counts[True] > counts[False]
        self._share = counts[True] / len(pairs) if pairs else 0.5

    def explain(
        self,
        query: Any,
        tile: Any,
        view: View | str,
        pose: Pose = UNKNOWN_POSE,
        *,
        language: str = "en",
        tile_width_m: float | None = None,
    ) -> Verdict:
        """Return the verdict, whatever is shown."""
        return _verdict(self.name, self._match, self._share, None, view, language)


class LabelOnly:
    """Decides by the encoder's similarity, with a threshold fitted on other splits; its text is empty."""

    name = LABEL_ONLY

    def __init__(self, encoder: RegionEncoder, bench: Bench, pairs: Sequence[Pair]) -> None:
        self._encoder = encoder
        self._known: dict[tuple[str, str], float] = {}
        fitted = _balanced(pairs, _MOST_FITTED)
        similar = []
        for p in track(fitted, f"{self.name}: fitting", total=len(fitted)):
            query, tile = bench.image_path(p.query_image), bench.image_path(p.tile_image)
            similar.append(self._similarity(query, tile, p.view, p.pose, p.tile_width_m))
        self._pooled = _fit(similar, fitted, "all views")
        self._of_view: dict[View, Calibration] = {}
        for view in {p.view for p in fitted}:
            rows = [k for k, p in enumerate(fitted) if p.view is view]
            counts = Counter(fitted[k].match for k in rows)
            if min(counts[True], counts[False]) >= _LEAST_OF_A_VIEW:
                own = _fit([similar[k] for k in rows], [fitted[k] for k in rows], view.value)
                if own is not None:
                    self._of_view[view] = own

    def explain(
        self,
        query: Any,
        tile: Any,
        view: View | str,
        pose: Pose = UNKNOWN_POSE,
        *,
        language: str = "en",
        tile_width_m: float | None = None,
    ) -> Verdict:
        """Judge by similarity alone; see :meth:`gleam.explaining.evidence.EvidenceExplainer.explain`."""
        seen_as = parse_view(view)
        similar = self._similarity(query, tile, seen_as, pose, tile_width_m)
        fit = self._of_view.get(seen_as, self._pooled)
        probability = None if fit is None else float(fit.probability([similar])[0])
        match = similar >= 0.5 if probability is None else probability >= 0.5
        return _verdict(self.name, match, probability, similar, seen_as, language)

    def _similarity(self, query: Any, tile: Any, view: View, pose: Pose, tile_width_m: float | None) -> float:
        """Measure a pair of files once, though it is asked in two languages."""
        key = (str(query), str(tile))
        files = isinstance(query, Path) and isinstance(tile, Path)
        if not files or key not in self._known:
            value = similarity_of(self._encoder, query, tile, view, pose, tile_width_m)
            if not files:
                return value
            self._known[key] = value
        return self._known[key]


def similarity_of(
    encoder: RegionEncoder, query: Any, tile: Any, view: View, pose: Pose, tile_width_m: float | None
) -> float:
    """Return the cosine of two pictures, at the heading where it is best when none is known."""
    own = float(encoder.preparation.ground_width_m)
    width = own if tile_width_m is None else tile_width_m
    preparation = preparation_for(encoder, min(width, own))
    overhead = Pose(heading_deg=0.0, ground_width_m=width)
    square = prepare(load_image(tile, target=4 * preparation.pixels), View.SATELLITE, overhead, preparation)
    vector = np.asarray(encoder.embed(square.pixels[None], View.SATELLITE), np.float64)[0]
    made = make_query(encoder, preparation, query, view, pose, headings=HEADINGS)
    return float(np.clip(np.max(made.vectors @ vector), -1, 1))


def _fit(similar: Sequence[float], pairs: Sequence[Pair], name: str) -> Calibration | None:
    if len({p.match for p in pairs}) < 2:
        return None
    try:
        return fit_pair_calibration(similar, [p.match for p in pairs], name=name, views=[name])
    except GleamError:
        return None


def _balanced(pairs: Sequence[Pair], most: int) -> list[Pair]:
    """Return the first pairs of either verdict, as many of both."""
    sides = [[p for p in pairs if p.match is match] for match in (True, False)]
    count = min(most // 2, *(len(side) for side in sides))
    return [p for side in sides for p in side[:count]]


def _verdict(
    name: str, match: bool, probability: float | None, similar: float | None, view: View | str, language: str
) -> Verdict:
    return Verdict(
        match=match,
        probability=probability,
        probability_from=None if probability is None else "calibration",
        calibration=None if probability is None else "other splits of the benchmark",
        threshold=None,
        similarity=similar,
        control=None,
        evidence_for=(),
        evidence_against=(),
        elsewhere=1.0,
        text="",
        language=parse_language(language),
        explainer=name,
        view=parse_view(str(view)).value,
        seconds=0.0,
        cost_usd=0.0,
    )
