"""A process that searches an atlas without pause until told to stop: ``python reader.py ATLAS STOP``.

It ends with an error at the first answer that is not sound, and prints how many tiles each search saw.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

from gleam.atlas import Atlas


def look(atlas: Atlas, query: np.ndarray, seen: set[str]) -> int:
    """Search once for everything and check what comes; return how many tiles there were."""
    (hits,) = atlas.search(query[None], 10_000)
    ids = [hit.tile.id for hit in hits]
    assert len(set(ids)) == len(ids), "a tile came twice"
    assert seen <= set(ids), "a tile was there before and is gone"
    seen |= set(ids)
    some = hits[:: max(1, len(hits) // 5)]
    vectors = atlas.store.vectors_of([hit.tile.id for hit in some])
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-4), "a tile has no vector"
    assert np.allclose(vectors @ query, [hit.score for hit in some], atol=1e-4), "a score is not its vector's"
    keys = {source.key for source in atlas.sources}
    assert {hit.tile.source for hit in hits} <= keys, "a tile comes from imagery that no one knows"
    assert atlas.thumbnail(ids[-1]).shape == (192, 192, 3)
    return len(ids)


def main(folder: str, stop: str) -> None:
    """Search until the file ``stop`` exists."""
    query = np.random.default_rng(0).normal(size=256).astype(np.float32)
    query /= np.linalg.norm(query)
    seen: set[str] = set()
    counts = []
    with Atlas.open(folder) as atlas:
        counts.append(look(atlas, query, seen))
        print("ready", flush=True)
        while not Path(stop).exists():
            counts.append(look(atlas, query, seen))
        counts.append(look(atlas, query, seen))
    print(json.dumps(counts))


if __name__ == "__main__":
    main(*sys.argv[1:])
