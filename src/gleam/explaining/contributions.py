"""How much each region of the ground adds to the similarity of two pictures.

The encoder's vector is a sum of one share per region of the square and a rest, so the similarity of
two pictures is a sum over regions too. But a share holds much that has nothing to do with the place:
what any picture would have there. So each region is compared with a control: the same query picture
turned and mirrored in the seven other ways, which has the same content in another layout. What a
region adds beyond its control is evidence of the layout, for a match when positive and against it
when negative.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, overload

import numpy as np
from numpy.typing import NDArray

from gleam.atlas.embedding import SquareEncoder
from gleam.views import View

Floats = NDArray[np.float64]


class RegionEncoder(SquareEncoder, Protocol):
    """An encoder that also tells the shares of the regions."""

    @overload
    def embed(self, prepared: NDArray[np.uint8], view: View | str) -> NDArray[np.float32]: ...

    @overload
    def embed(self, prepared: NDArray[np.uint8], view: View | str, patches: bool) -> Any: ...

    def embed(self, prepared: NDArray[np.uint8], view: View | str, patches: bool = False) -> Any:
        """Return vectors (N, D), with ``patches`` also the regional shares (N, g, g, D)."""


@dataclass(frozen=True)
class Contributions:
    """Evidence by region, row 0 in the north and column 0 in the west.

    similarity: cosine of the two pictures. control: mean cosine with the query turned and mirrored;
    best_control: the highest of those seven.
    evidence: (g, g), what each region adds beyond its control. rest: the same for what no region holds;
    ``evidence.sum() + rest == similarity - control``. local: (g, g) cosine of the two descriptions of
    each region, each less the mean of its own eight layouts, -1..1.
    """

    similarity: float
    control: float
    best_control: float
    evidence: Floats
    rest: float
    local: Floats

    @property
    def measured(self) -> float:
        """All that was measured, for and against, without signs."""
        return float(np.abs(self.evidence).sum() + abs(self.rest))

    def shares(self) -> Floats:
        """Return (g, g) signed shares of all that was measured."""
        return self.evidence / max(self.measured, 1e-12)


def contributions(
    encoder: RegionEncoder, query: NDArray[np.uint8], tile: NDArray[np.uint8], view: View
) -> Contributions:
    """Measure the evidence in a pair of prepared squares.

    Args:
        encoder: Tells vectors and regional shares.
        query: (S, S, 3) prepared query, north-up.
        tile: (S, S, 3) prepared satellite tile.
        view: The query's view.
    """
    query_vectors, query_shares = _embed(encoder, layouts(query), view)
    tile_vectors, tile_shares = _embed(encoder, layouts(tile), View.SATELLITE)
    t, t_shares = tile_vectors[0], tile_shares[0]
    # Half by the query's shares and half by the tile's: each half sums to the similarity with its own rest.
    added = 0.5 * (query_shares @ t + np.einsum("vd,ijd->vij", query_vectors, t_shares))
    similarities = query_vectors @ t
    evidence = added[0] - added[1:].mean(0)
    similarity, control = float(similarities[0]), float(similarities[1:].mean())
    local = _cosine(query_shares[0] - query_shares.mean(0), t_shares - tile_shares.mean(0))
    rest = similarity - control - float(evidence.sum())
    return Contributions(
        float(np.clip(similarity, -1, 1)), control, float(similarities[1:].max()), evidence, rest, local
    )


def similarity_alone(
    encoder: RegionEncoder, query: NDArray[np.uint8], tile: NDArray[np.uint8], view: View
) -> float:
    """Return the cosine of two prepared pictures whose regions cannot be compared."""
    pair = encoder.embed(query[None], view)[0], encoder.embed(tile[None], View.SATELLITE)[0]
    return float(np.clip(np.asarray(pair[0], np.float64) @ np.asarray(pair[1], np.float64), -1, 1))


def layouts(square: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the (8, S, S, 3) turned and mirrored forms of a square, itself first."""
    turned = [np.rot90(square, k) for k in range(4)]
    return np.stack([*turned, *(np.fliplr(s) for s in turned)])


def _embed(encoder: RegionEncoder, squares: NDArray[np.uint8], view: View) -> tuple[Floats, Floats]:
    vectors, shares = encoder.embed(squares, view, patches=True)
    return np.asarray(vectors, np.float64), np.asarray(shares, np.float64)


def _cosine(a: Floats, b: Floats) -> Floats:
    lengths = np.linalg.norm(a, axis=-1) * np.linalg.norm(b, axis=-1)
    cosine: Floats = np.clip((a * b).sum(-1) / np.maximum(lengths, 1e-12), -1, 1)
    return cosine
