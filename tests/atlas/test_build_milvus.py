"""An atlas whose tiles lie in Milvus: built, added to, thinned and frozen like any other."""

import importlib.util

import numpy as np
import pytest

from gleam.atlas import Atlas

pytestmark = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in ("pymilvus", "milvus_lite")),
    reason="needs pymilvus and milvus-lite",
)
SIZES = {"tile_m": 128.0, "stride_m": 64.0}


@pytest.fixture
def twins(imagery, encoder, tmp_path):
    """The same atlas twice: its tiles in the folder, and in Milvus."""
    here = Atlas.build(imagery / "map.csv", encoder, tmp_path / "lance", **SIZES)
    there = Atlas.build(imagery / "map.csv", encoder, tmp_path / "milvus", store="milvus:tiles.db", **SIZES)
    yield here, there
    here.close()
    there.close()


def same(here, there):
    tiles = list(here.store.tiles())
    assert list(there.store.tiles()) == tiles
    ids = [tile.id for tile in tiles]
    assert there.store.thumbnails_of(ids) == here.store.thumbnails_of(ids)
    assert np.allclose(there.store.vectors_of(ids), here.store.vectors_of(ids), atol=1e-6)


def test_a_build_into_milvus_equals_one_into_the_folder(twins, encoder, more_imagery):
    here, there = twins
    assert len(there) == len(here) > 20
    assert there.verify() == []
    same(here, there)
    query = here.store.vectors_of([next(iter(here.store.tiles())).id])[0]
    found, expected = (atlas.search(query, 5)[0] for atlas in (there, here))
    assert [hit.tile for hit in found] == [hit.tile for hit in expected]
    for atlas in twins:
        atlas.add(more_imagery / "more.csv", encoder)
    same(here, there)
    for atlas in twins:
        removed = atlas.remove("more.csv")
        assert removed.tiles > 0
    same(here, there)


def test_building_again_into_milvus_changes_nothing(twins, imagery, encoder, tmp_path):
    _, there = twins
    tiles, version = list(there.store.tiles()), there.fingerprint
    there.close()
    again = Atlas.build(imagery / "map.csv", encoder, tmp_path / "milvus", store="milvus:tiles.db", **SIZES)
    assert list(again.store.tiles()) == tiles
    assert again.fingerprint == version
    again.close()
