"""Recall on held-out places while training: the first image of each view, searched by the evaluation room."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from gleam.encoder import EncoderModel
from gleam.evaluation.relevance import Relevance
from gleam.evaluation.retrieval import search
from gleam.training.config import EvaluateConfig
from gleam.training.dataset import PlaceSet
from gleam.training.embedding import embed_places
from gleam.training.runtime import Runtime
from gleam.views import View

RANKS = (1, 5, 10)


@dataclass(frozen=True)
class Recall:
    """Recall of one moment of a training.

    when: such as ``before`` or ``after phase one``. step: steps done by then. gallery: satellite tiles.
    views: per query view ``recall@1``, ``recall@5``, ``recall@10`` as shares, and ``queries``.
    milestone: before the training or at the end of a phase, not in between.
    """

    when: str
    step: int
    gallery: int
    views: dict[str, dict[str, float]]
    milestone: bool = True

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for the log."""
        return asdict(self)


def measure_recall(
    model: EncoderModel,
    places: PlaceSet,
    config: EvaluateConfig,
    runtime: Runtime,
    *,
    when: str,
    step: int,
    milestone: bool,
) -> Recall:
    """Search the queries of each view among the satellite tiles of all places of the set."""
    everyone = np.arange(len(places))
    gallery = embed_places(model, places, View.SATELLITE, everyone, runtime)
    views = {}
    for column, view in enumerate(places.views[1:], start=1):
        own = np.flatnonzero(places.present[:, column])
        if len(own) == 0:
            continue
        # Evenly spread, so that the queries of any table and region are among them.
        asked = own[
            np.unique(np.linspace(0, len(own) - 1, min(len(own), config.max_queries)).round().astype(int))
        ]
        queries = embed_places(model, places, view, asked, runtime)
        ranking = search(
            queries.numpy(), gallery.numpy(), Relevance.from_labels(asked.tolist(), everyone.tolist()), top=1
        )
        views[view.value] = {f"recall@{k}": float((ranking.best <= k).mean()) for k in RANKS}
        views[view.value]["queries"] = float(len(asked))
    return Recall(when, step, len(gallery), views, milestone)
