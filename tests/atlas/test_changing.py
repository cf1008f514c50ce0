"""Adding and removing imagery, several sizes of tiles, and atlases of the former format."""

import json
import shutil
from dataclasses import asdict

import numpy as np
import pytest

from gleam.atlas import Atlas
from gleam.atlas.build import build_atlas
from gleam.atlas.engines import Work
from gleam.atlas.sources import open_sources
from gleam.errors import AtlasError, GleamError


@pytest.fixture(scope="module")
def base(imagery, pixel_encoder_class, tmp_path_factory):
    out = tmp_path_factory.mktemp("base") / "atlas"
    Atlas.build(
        imagery / "map.csv", pixel_encoder_class(), out, tile_m=[128.0, 256.0], stride_m=128.0
    ).close()
    return out


@pytest.fixture
def atlas(base, tmp_path):
    with Atlas.open(shutil.copytree(base, tmp_path / "a")) as opened:
        yield opened


def test_several_sizes_are_cut_and_searched_apart(atlas, encoder):
    assert atlas.tile_sizes_m == (128.0, 256.0)
    assert (atlas.tile_m, atlas.stride_m, atlas.stride_of(256.0)) == (128.0, 128.0, 128.0)
    assert atlas.preparation(encoder).ground_width_m == 128.0
    assert atlas.preparation(encoder, 256.0).ground_width_m == 256.0
    vector = atlas.store.vectors_of([next(iter(atlas.store.tiles())).id])
    by_size = {size: atlas.search(vector, 1000, tile_m=size)[0] for size in atlas.tile_sizes_m}
    for size, hits in by_size.items():
        assert {hit.tile.width_m for hit in hits} == {size}
        assert len(hits) == atlas.store.count(width_m=size) > 0
    assert len(atlas.search(vector, 1000)[0]) == len(atlas) == sum(map(len, by_size.values()))
    with pytest.raises(AtlasError, match="no tiles of 64 m; its sizes are 128 and 256 m"):
        atlas.search(vector, 1, tile_m=64.0)


@pytest.mark.parametrize(
    ("tile_m", "stride_m", "words"),
    [
        ([128, 128], None, "one size twice"),
        ([128, 256], [32, 32, 32], "3 strides were given for 2 tile sizes"),
        ([16, 256], 16.0001, "does not fit tiles of 16 m"),
    ],
)
def test_sizes_that_do_not_fit(imagery, tmp_path, encoder, tile_m, stride_m, words):
    with pytest.raises(AtlasError, match=words):
        Atlas.build(imagery / "map.csv", encoder, tmp_path / "a", tile_m=tile_m, stride_m=stride_m)


def test_imagery_comes_and_goes(atlas, more_imagery, encoder, content_of):
    before, fingerprint = content_of(atlas), atlas.fingerprint
    added = atlas.add(more_imagery / "more.csv", encoder, licence="CC0")
    assert [record.name for record in added.new] == ["more.csv"]
    assert added.tiles == len(atlas) - len(before[0]) > 0
    assert [source.licence for source in atlas.sources] == [None, "CC0"]
    assert atlas.fingerprint != fingerprint
    assert atlas.verify() == []
    again = atlas.add(more_imagery / "more.csv", encoder)
    assert (again.new, again.tiles) == ((), 0)
    assert [record.name for record in again.already] == ["more.csv"]
    removed = atlas.remove(added.new[0].key)
    assert (removed.record.name, removed.tiles) == ("more.csv", added.tiles)
    assert content_of(atlas) == before
    assert atlas.fingerprint == fingerprint


def test_imagery_goes_by_the_path_it_came_by(atlas, more_imagery, encoder):
    added = atlas.add(more_imagery / "more.csv", encoder)
    assert atlas.remove(str(more_imagery / "more.csv")).tiles == added.tiles


def test_what_cannot_be_changed(atlas, imagery, more_imagery, encoder, pixel_encoder_class, tmp_path):
    other = pixel_encoder_class(name="others", fingerprint="0123456789abcdef")
    with pytest.raises(AtlasError, match=r"'pixels' .*cannot be extended with 'others'"):
        atlas.add(more_imagery / "more.csv", other)
    with pytest.raises(GleamError, match=r"Unknown imagery .*'mapp\.csv'.*map\.csv \("):
        atlas.remove("mapp.csv")
    with pytest.raises(AtlasError, match="only whole imagery"):
        atlas.remove("map.csv")
    with pytest.raises(AtlasError, match=r"nothing was added"):
        atlas.add(more_imagery / "blank.csv", encoder)
    with pytest.raises(GleamError, match="Unknown engine 'rya'"):
        atlas.add(more_imagery / "more.csv", encoder, engine="rya")
    with pytest.raises(AtlasError, match="--workers"):
        atlas.add(more_imagery / "more.csv", encoder, workers=0)
    with pytest.raises(AtlasError, match="gleam atlas add"):
        Atlas.build([imagery / "map.csv", more_imagery / "more.csv"], encoder, atlas.path,
                    tile_m=[128.0, 256.0], stride_m=128.0)  # fmt: skip
    assert atlas.verify() == []
    assert [source.name for source in atlas.sources] == ["map.csv"]


def test_engines_that_need_paths_or_a_saved_encoder_say_so(imagery, tmp_path, encoder):
    sources = open_sources([imagery / "map.csv"])
    with pytest.raises(AtlasError, match="needs imagery by path"):
        build_atlas(sources, encoder, tmp_path / "a", work=Work("processes"))
    with pytest.raises(AtlasError, match="cannot load the encoder 'pixels'"):
        Atlas.build(imagery / "map.csv", encoder, tmp_path / "a", engine="processes", workers=1)


def test_a_reader_sees_imagery_added_by_another(atlas, more_imagery, encoder):
    with Atlas.open(atlas.path) as reader:
        atlas.add(more_imagery / "more.csv", encoder)
        vector = np.eye(1, encoder.dim, dtype=np.float32)
        assert len(reader.search(vector, 10_000)[0]) == len(atlas)
        assert reader.sources == atlas.sources


def as_former(folder):
    """Rewrite a manifest as the former version wrote it."""
    with Atlas.open(folder) as atlas:
        recipe, manifest = asdict(atlas.manifest.recipe), atlas.manifest
    recipe |= {"tile_m": recipe.pop("tile_sizes_m")[0], "stride_m": recipe.pop("strides_m")[0]}
    del recipe["store"]
    data = {"format": 1, "state": "complete", "tiles": manifest.tiles, "skipped": manifest.skipped, **recipe}
    data |= {"sources": [asdict(source) for source in manifest.sources], "fingerprint": "0" * 16}
    (folder / "atlas.json").write_text(json.dumps(data))
    lines = [
        {"source": e.record.key, "first": 0, "planned": e.tiles, "stored": e.tiles, "skipped": e.skipped}
        for e in manifest.imagery
    ]
    (folder / "units.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return manifest


def test_an_atlas_of_the_former_format_is_read_and_extended(imagery, more_imagery, encoder, tmp_path):
    both = [imagery / "map.csv", more_imagery / "more.csv"]
    Atlas.build(both, encoder, tmp_path / "a", stride_m=128.0).close()
    manifest = as_former(tmp_path / "a")
    with Atlas.open(tmp_path / "a") as atlas:
        assert atlas.manifest == manifest
        assert atlas.verify() == []
        atlas.remove("more.csv")
        assert atlas.add(more_imagery / "more.csv", encoder).tiles == manifest.imagery[1].tiles
        assert atlas.manifest == manifest
    as_former(tmp_path / "a")
    (tmp_path / "a" / "units.jsonl").unlink()
    with pytest.raises(AtlasError, match="former format"):
        Atlas.open(tmp_path / "a")
