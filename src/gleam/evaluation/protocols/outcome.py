"""What a search gave, as the measures see it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gleam.evaluation.retrieval import Ranking
from gleam.places.table import Places


@dataclass(frozen=True)
class Outcome:
    """The ranking of Q queries among G gallery images, and the rows of both.

    one_percent: the rule for recall@1 %, a key of :data:`gleam.evaluation.metrics.ONE_PERCENT_RULES`;
        None leaves it to the measure.
    """

    ranking: Ranking
    queries: Places
    gallery: Places
    one_percent: str | None = None

    def query_positions(self, *columns: str) -> NDArray[np.float64]:
        """Two columns of the queries (Q, 2), such as latitude and longitude; NaN where unknown."""
        return np.stack([self.queries.column(name) for name in columns], axis=1)

    def gallery_positions(self, *columns: str) -> NDArray[np.float64]:
        """The same of the gallery (G, 2)."""
        return np.stack([self.gallery.column(name) for name in columns], axis=1)
