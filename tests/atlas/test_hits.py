"""What searches find, kept as columns: the same as going through the tiles one by one."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gleam.atlas.hits import Hits, best_over, left_over
from gleam.atlas.store.exact import TileColumns, best_hits
from gleam.atlas.tiles import Hit, Tile

TILES = [Tile(f"t{n:02d}", 48.0 + n / 1000, 16.0 - n / 1000, 112.0, "s") for n in range(12)]
COLUMNS = TileColumns(
    pa.table({name: [getattr(t, name) for t in TILES] for name in ("id", "lat", "lon", "width_m", "source")})
)
SCORES = st.sampled_from([0.1, 0.25, 0.5, 0.9])
"""Few, so that many are equal."""
FOUND = st.dictionaries(st.integers(0, 11), SCORES, max_size=12)


def as_hits(found):
    rows = sorted(found, key=lambda r: (-found[r], r))
    return Hits(COLUMNS, np.array(rows, np.int64), np.array([found[r] for r in rows], np.float64))


def slowly(queries):
    """Return what best_over returns, by a dictionary."""
    best = {}
    for number, hits in enumerate(queries):
        for hit in hits:
            known = best.get(hit.tile.id)
            if known is None or hit.score > known[0].score:
                best[hit.tile.id] = (hit, number)
    ordered = sorted(best.values(), key=lambda pair: (-pair[0].score, pair[0].tile.id))
    return [hit for hit, _ in ordered], [number for _, number in ordered]


@given(st.lists(FOUND, max_size=5), st.booleans())
def test_the_best_over_queries_are_those_of_a_dictionary(found, listed):
    columns = [as_hits(one) for one in found]
    queries = [list(hits) for hits in columns] if listed else columns
    hits, number = best_over(queries)
    assert (list(hits), number.tolist()) == slowly(queries)
    assert hits.lats.tolist() == [hit.tile.lat for hit in hits]
    assert hits.lons.tolist() == [hit.tile.lon for hit in hits]


@given(st.lists(FOUND, max_size=4), st.floats(47.9, 48.1))
def test_what_is_left_over_keeps_its_order(found, north):
    queries = [as_hits(one) for one in found]
    left = left_over(queries, lambda lats, _: lats > north)
    assert left == [[hit for hit in hits if not hit.tile.lat > north] for hits in queries]


@given(
    st.integers(1, 4).flatmap(lambda q: st.lists(SCORES, min_size=12 * q, max_size=12 * q)),
    st.integers(1, 14),
    st.none() | st.sets(st.integers(0, 11)).map(sorted),
)
def test_the_best_tiles_are_those_of_sorting_all(scores, k, rows):
    scores = np.array(scores, np.float32).reshape(-1, 12)
    chosen = list(range(12)) if rows is None else rows
    given_rows = None if rows is None else np.array(rows, np.int64)
    for line, hits in zip(scores, best_hits(COLUMNS, given_rows, scores[:, chosen], k), strict=True):
        expected = sorted(chosen, key=lambda row: (-line[row], row))[:k]
        assert hits == [Hit(TILES[row], float(line[row])) for row in expected]


def test_hits_are_a_sequence_of_hits():
    hits = as_hits({3: 0.9, 5: 0.5, 7: 0.25})
    assert len(hits) == 3 and hits[0] == Hit(TILES[3], 0.9) and hits[-1] == Hit(TILES[7], 0.25)
    assert hits[1:] == [Hit(TILES[5], 0.5), Hit(TILES[7], 0.25)] and hits != hits[1:]
    assert hits == Hits.of(list(hits)) and Hits.of(hits) is hits
    assert "t05" in repr(hits)
    with pytest.raises(IndexError):
        hits[3]
    with pytest.raises(TypeError):
        hash(hits)
