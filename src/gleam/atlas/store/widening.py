"""Asking an engine for its best hits until the answer is complete."""

from __future__ import annotations

from collections.abc import Callable

from gleam.atlas.region import Region
from gleam.atlas.tiles import Hit

_SPARE = 8
_TIE = 1e-6
"""Scores closer than this may have come in either order from an engine."""


def complete_hits(
    fetch: Callable[[int], list[Hit]], k: int, region: Region | None, total: int, most: int | None = None
) -> list[Hit] | None:
    """Return the ``k`` best hits inside a region, ties ordered by id.

    Engines know boxes, not circles, and order equal scores as they like. So a few more than asked for
    are fetched, those outside the circle go, and the number doubles while it is not sure that the
    ``k`` best are among them.

    Args:
        fetch: Gives up to so many of the best hits inside the region's boxes.
        k: Number of hits wanted.
        region: Where they must lie; None for anywhere.
        total: Number of tiles that ``fetch`` chooses from.
        most: The largest number the engine gives.

    Returns:
        The hits, best first; None when the engine cannot give enough of them.
    """
    limit = total if most is None else min(total, most)
    wanted = min(limit, k + _SPARE)
    while wanted > 0:
        hits = fetch(wanted)
        last = min((h.score for h in hits), default=-2.0)
        if region is not None and region.circle is not None:
            keep = region.contains([h.tile.lat for h in hits], [h.tile.lon for h in hits])
            hits = [h for h, inside in zip(hits, keep, strict=True) if inside]
        hits.sort(key=lambda h: (-h.score, h.tile.id))
        if wanted >= total or (len(hits) >= k and hits[k - 1].score > last + _TIE):
            return hits[:k]
        if wanted >= limit:
            # All equal at the end: which of them come is chance, but they are as good as any.
            return hits[:k] if len(hits) >= k else None
        # A circle fills 79 % of its box, so doubling ends after a step or two.
        wanted = min(limit, wanted * 2)
    return []
