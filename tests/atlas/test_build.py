"""Building: what is kept, what is left out, and that no interruption changes the result."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gleam.atlas import Atlas
from gleam.atlas.build import build_atlas
from gleam.atlas.emptiness import why_empty
from gleam.atlas.engines import Work
from gleam.atlas.journal import Journal, UnitDone
from gleam.atlas.lock import writing
from gleam.atlas.sources import open_sources
from gleam.atlas.tiles import TileBatch
from gleam.errors import AtlasError
from gleam.geo import distance_m

SMALL = Work(unit_tiles=12, commit_tiles=12)

BUILDER = """
import importlib.util, resource, signal, sys
limit, helper, source, out = sys.argv[1:]
if int(limit):
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
spec = importlib.util.spec_from_file_location("pixel_encoder", helper)
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
from gleam.atlas.build import build_atlas
from gleam.atlas.engines import Work
from gleam.atlas.sources import open_sources
from gleam.errors import AtlasError
work = Work(unit_tiles=12, commit_tiles=12)
print("ready", flush=True)
try:
    build_atlas(open_sources([source]), module.PixelEncoder(), out, stride_m=32.0, work=work)
except AtlasError as error:
    sys.exit(f"told: {error}")
"""


def start_builder(imagery, out, limit=0):
    helper = Path(__file__).with_name("pixel_encoder.py")
    command = [sys.executable, "-c", BUILDER, str(limit), str(helper), str(imagery / "map.csv"), str(out)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.fixture(scope="module")
def uninterrupted(imagery, pixel_encoder_class, tmp_path_factory):
    out = tmp_path_factory.mktemp("whole") / "atlas"
    build_atlas(open_sources([imagery / "map.csv"]), pixel_encoder_class(), out, stride_m=32.0, work=SMALL)
    return Atlas.open(out)


@pytest.fixture(scope="module")
def small_atlas(imagery, pixel_encoder_class, tmp_path_factory):
    out = tmp_path_factory.mktemp("small") / "atlas"
    Atlas.build(imagery / "map.csv", pixel_encoder_class(), out, stride_m=128.0)
    return out


def test_an_atlas_holds_tiles_of_the_whole_image(uninterrupted, imagery):
    tiles = list(uninterrupted.store.tiles())
    assert len(uninterrupted) == len(tiles) == 22 * 17  # (800 - 128) / 32 + 1 by (640 - 128) / 32 + 1
    assert uninterrupted.manifest.tiles == len(tiles)
    assert {t.width_m for t in tiles} == {128.0}
    assert uninterrupted.verify() == []
    about = uninterrupted.describe()
    assert about["state"] == "complete"
    assert about["sources"][0]["sha256"] == open_sources([imagery / "map.csv"])[0].record.sha256


def test_a_tile_is_found_by_its_own_ground(uninterrupted, encoder, landscape):
    """Cut the landscape by hand at a tile's place: that tile must be the nearest."""
    for tile in list(uninterrupted.store.tiles())[::53]:
        x = distance_m(tile.lat, 16.3, tile.lat, tile.lon)
        y = distance_m(48.2, tile.lon, tile.lat, tile.lon)
        cut = landscape[round(y - 64) : round(y + 64), round(x - 64) : round(x + 64)]
        small = np.asarray(Image.fromarray(cut).resize((32, 32), Image.Resampling.BOX))
        ((hit,),) = uninterrupted.search(encoder.embed(small[None], "satellite"), 1)
        assert hit.tile.id == tile.id
        assert hit.score > 0.98
        thumbnail = uninterrupted.thumbnail(tile.id)
        assert thumbnail.shape == (192, 192, 3)
        again = np.asarray(Image.fromarray(thumbnail).resize((32, 32), Image.Resampling.BOX))
        assert np.abs(again.astype(int) - small.astype(int)).mean() < 6


def test_kills_at_any_moment_change_nothing(uninterrupted, imagery, tmp_path, content_of):
    """kill -9 again and again at random moments, then finish: the same as without."""
    seed = random.randrange(2**32)
    print(f"seed of the kills: {seed}")
    rng = random.Random(seed)
    out = tmp_path / "atlas"
    kills = 0
    for _ in range(8):
        builder = start_builder(imagery, out)
        assert builder.stdout is not None
        builder.stdout.readline()
        try:
            # Later kills leave a little more time, so that every stage is hit and the end is reached.
            builder.wait(timeout=rng.uniform(0.0, 0.25 + 0.12 * kills))
            break
        except subprocess.TimeoutExpired:
            os.kill(builder.pid, signal.SIGKILL)
            builder.communicate()
            kills += 1
            if (out / "atlas.json").exists():
                state = json.loads((out / "atlas.json").read_text())["state"]
                if state == "building":
                    with pytest.raises(AtlasError, match="run the same `gleam atlas build` again"):
                        Atlas.open(out)
    else:
        builder = start_builder(imagery, out)
        _, errors = builder.communicate(timeout=120)
        assert builder.returncode == 0, errors
    assert kills >= 2
    assert content_of(Atlas.open(out)) == content_of(uninterrupted)
    assert Atlas.open(out).verify() == []


def test_a_disk_that_fills_up_is_told_and_resumed(uninterrupted, imagery, tmp_path, content_of):
    """A limit on the size of files makes real writes fail, as a full disk does."""
    out = tmp_path / "atlas"
    builder = start_builder(imagery, out, limit=40_000)
    _, errors = builder.communicate(timeout=120)
    assert builder.returncode == 1
    assert "told: " in errors
    assert "could not be written" in errors
    with pytest.raises(AtlasError, match="not finished"):
        Atlas.open(out)
    again = start_builder(imagery, out)
    _, errors = again.communicate(timeout=120)
    assert again.returncode == 0, errors
    assert content_of(Atlas.open(out)) == content_of(uninterrupted)


class _Stop(Exception):
    pass


def interrupt_after(encoder, batches):
    """Make an encoder fail after some batches, as a crash in the middle would."""
    whole = encoder.embed
    count = 0

    def embed(prepared, view):
        nonlocal count
        count += 1
        if count > batches:
            raise _Stop
        return whole(prepared, view)

    encoder.embed = embed
    return encoder


def test_finished_units_are_not_done_again(imagery, tmp_path, pixel_encoder_class):
    sources = open_sources([imagery / "map.csv"])
    with pytest.raises(_Stop):
        build_atlas(
            sources, interrupt_after(pixel_encoder_class(), 3), tmp_path / "a", stride_m=64.0, work=SMALL
        )
    partial = Atlas.open(tmp_path / "a", allow_partial=True)
    assert len(partial) == 36
    with pytest.raises(_Stop):  # units of another size are not taken for done
        build_atlas(
            sources,
            interrupt_after(pixel_encoder_class(), 0),
            tmp_path / "a",
            stride_m=64.0,
            work=Work(unit_tiles=10),
        )
    assert partial.manifest.state == "building"
    assert "interrupted" in partial.verify()[0]
    encoder = pixel_encoder_class()
    manifest = build_atlas(sources, encoder, tmp_path / "a", stride_m=64.0, work=SMALL)
    assert encoder.embedded == manifest.tiles - 36
    encoder = pixel_encoder_class()
    assert build_atlas(sources, encoder, tmp_path / "a", stride_m=64.0, work=SMALL) == manifest
    assert encoder.embedded == 0


def test_tiles_lost_after_they_were_promised_are_cut_again(
    imagery, tmp_path, pixel_encoder_class, content_of
):
    sources = open_sources([imagery / "map.csv"])
    build_atlas(sources, pixel_encoder_class(), tmp_path / "whole", stride_m=64.0, work=SMALL)
    with pytest.raises(_Stop):
        build_atlas(
            sources, interrupt_after(pixel_encoder_class(), 4), tmp_path / "a", stride_m=64.0, work=SMALL
        )
    partial = Atlas.open(tmp_path / "a", allow_partial=True)
    partial.store.delete([next(iter(partial.store.tiles())).id])
    build_atlas(sources, pixel_encoder_class(), tmp_path / "a", stride_m=64.0, work=SMALL)
    assert content_of(Atlas.open(tmp_path / "a")) == content_of(Atlas.open(tmp_path / "whole"))


def test_another_encoder_or_recipe_is_refused(uninterrupted, imagery, tmp_path, pixel_encoder_class):
    sources = open_sources([imagery / "map.csv"])
    out = tmp_path / "a"
    build_atlas(sources, pixel_encoder_class(), out, stride_m=64.0)
    other = pixel_encoder_class(name="others", fingerprint="0123456789abcdef")
    with pytest.raises(AtlasError, match=r"'others' \(01234567\) instead of 'pixels' \(f1e2d3c4\)"):
        build_atlas(sources, other, out, stride_m=64.0)
    with pytest.raises(AtlasError, match="tiles of 64 m instead of 128 m"):
        build_atlas(sources, pixel_encoder_class(), out, tile_m=64.0, stride_m=64.0)
    with pytest.raises(AtlasError, match="stride of 100 m instead of 64 m"):
        build_atlas(sources, pixel_encoder_class(), out, stride_m=100.0)
    with pytest.raises(AtlasError, match=r"'pixels' .*'others'"):
        uninterrupted.check_encoder(other)
    with pytest.raises(AtlasError, match="cannot be searched"):
        Atlas.open(out).preparation(other)
    renamed = pixel_encoder_class(name="same weights, other name")
    assert build_atlas(sources, renamed, out, stride_m=64.0).tiles == Atlas.open(out).manifest.tiles


def test_other_imagery_is_refused(imagery, tmp_path, encoder, landscape, table_writer):
    build_atlas(open_sources([imagery / "map.csv"]), encoder, tmp_path / "a", stride_m=64.0)
    Image.fromarray(landscape[::-1]).save(tmp_path / "other.png")
    table_writer(tmp_path / "other.csv", "other.png", 800.0, 640.0)
    with pytest.raises(AtlasError, match=r"imagery other\.csv instead of map\.csv"):
        build_atlas(open_sources([tmp_path / "other.csv"]), encoder, tmp_path / "a", stride_m=64.0)


def test_blank_tiles_are_left_out_and_counted(tmp_path, landscape, encoder, table_writer):
    picture = landscape.copy()
    picture[:, 400:] = 0  # no data that no one declared
    picture[320:, :400] = np.random.default_rng(0).integers(120, 123, (320, 400, 1))  # an even surface
    Image.fromarray(picture).save(tmp_path / "m.png")
    table_writer(tmp_path / "m.csv", "m.png", 800.0, 640.0)
    atlas = Atlas.build(tmp_path / "m.csv", encoder, tmp_path / "a", stride_m=128.0)
    assert set(atlas.manifest.skipped) == {"one_colour", "even"}
    grid = len(open_sources([tmp_path / "m.csv"])[0].centres(128.0, 128.0))
    assert len(atlas) + sum(atlas.manifest.skipped.values()) == grid
    east = [distance_m(t.lat, 16.3, t.lat, t.lon) for t in atlas.store.tiles()]
    assert max(east) < 470


def test_imagery_without_content_makes_no_atlas(tmp_path, encoder, table_writer):
    Image.new("RGB", (300, 300)).save(tmp_path / "m.png")
    table_writer(tmp_path / "m.csv", "m.png", 300.0, 300.0)
    with pytest.raises(AtlasError, match="No tile of 128 m shows anything"):
        Atlas.build(tmp_path / "m.csv", encoder, tmp_path / "a")
    assert not (tmp_path / "a").exists()
    table_writer(tmp_path / "m.csv", "m.png", 60.0, 60.0)
    with pytest.raises(AtlasError, match="less than 50%"):
        Atlas.build(tmp_path / "m.csv", encoder, tmp_path / "a")


@pytest.mark.parametrize(
    ("tile_m", "stride_m", "words"),
    [
        (0, None, "--tile-m"),
        (-5, None, "--tile-m"),
        (float("nan"), None, "--tile-m"),
        (1e6, None, "--tile-m"),
        (128, 0, "--stride-m"),
        (128, 129, "--stride-m"),
        (128, 1, "--stride-m"),
    ],
)
def test_impossible_sizes_are_refused(imagery, tmp_path, encoder, tile_m, stride_m, words):
    with pytest.raises(AtlasError, match=words):
        Atlas.build(imagery / "map.csv", encoder, tmp_path / "a", tile_m=tile_m, stride_m=stride_m)
    assert not (tmp_path / "a").exists()


def test_folders_with_other_things_are_left_alone(imagery, tmp_path, encoder):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(AtlasError, match=r"notes\.txt"):
        Atlas.build(imagery / "map.csv", encoder, tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["notes.txt"]
    with pytest.raises(AtlasError, match="is a file"):
        Atlas.build(imagery / "map.csv", encoder, tmp_path / "notes.txt")


def test_one_builder_at_a_time(imagery, tmp_path, encoder):
    (tmp_path / "a").mkdir()
    with writing(tmp_path / "a"), pytest.raises(AtlasError, match="Another process"):
        Atlas.build(imagery / "map.csv", encoder, tmp_path / "a", stride_m=64.0)
    assert len(Atlas.build(imagery / "map.csv", encoder, tmp_path / "a", stride_m=64.0)) > 0


def test_tiles_of_another_size_than_the_encoder_was_trained_with(imagery, tmp_path, encoder):
    atlas = Atlas.build(imagery / "map.csv", encoder, tmp_path / "a", tile_m=256.0)
    assert atlas.preparation(encoder).ground_width_m == 256.0
    assert atlas.preparation(encoder).pixels == encoder.preparation.pixels
    assert (atlas.tile_m, atlas.stride_m) == (256.0, 64.0)


def test_the_journal_drops_a_torn_line(tmp_path):
    journal = Journal(tmp_path)
    units = [UnitDone("s", 128.0, 12 * n, 12, 12 - n, {"even": n}) for n in range(3)]
    journal.append(units[:1])
    journal.append(units[1:])
    file = tmp_path / "units.jsonl"
    whole = file.read_bytes()
    for cut in range(len(whole)):
        file.write_bytes(whole[:cut])
        done = Journal(tmp_path).read()
        assert list(done.values()) == units[: whole[:cut].count(b"\n")]
        assert file.read_bytes() == whole[: whole[:cut].rfind(b"\n") + 1]


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"format": 99}', b'{"format": 1}', b"\xff\xfe"])
def test_a_damaged_manifest_is_told(small_atlas, tmp_path, damage):
    shutil.copytree(small_atlas, tmp_path / "a")
    (tmp_path / "a" / "atlas.json").write_bytes(damage)
    with pytest.raises(AtlasError, match=r"atlas\.json"):
        Atlas.open(tmp_path / "a")


def test_what_is_no_atlas_is_told(tmp_path):
    with pytest.raises(AtlasError, match="does not exist"):
        Atlas.open(tmp_path / "no")
    with pytest.raises(AtlasError, match="not an atlas"):
        Atlas.open(tmp_path)


def test_verify_finds_what_is_wrong(small_atlas, tmp_path, encoder):
    atlas = Atlas.open(shutil.copytree(small_atlas, tmp_path / "a"))
    assert atlas.verify() == []
    tile, other, third = list(atlas.store.tiles())[:3]
    long = np.full((1, encoder.dim), 0.5, np.float32)
    atlas.store.upsert(TileBatch([tile], long, atlas.store.thumbnails_of([tile.id])))
    atlas.store.upsert(TileBatch([other], atlas.store.vectors_of([other.id]), [b"no picture"]))
    stranger = replace(third, source="unknown")
    atlas.store.upsert(
        TileBatch([stranger], atlas.store.vectors_of([third.id]), atlas.store.thumbnails_of([third.id]))
    )
    atlas.store.delete([list(atlas.store.tiles())[-1].id])
    problems = " ".join(atlas.verify())
    for words in (
        "manifest counts",
        f"vector of tile {tile.id}",
        f"thumbnail of tile {other.id}",
        "'unknown'",
    ):
        assert words in problems


def test_emptiness_has_a_reason():
    noise = np.random.default_rng(0).integers(0, 255, (32, 32, 3), dtype=np.uint8)
    assert why_empty(noise, 1.0) is None
    assert why_empty(noise, 0.49) == "no_data"
    half = noise.copy()
    half[:20] = 255
    assert why_empty(half, 1.0) == "one_colour"
    assert why_empty(np.full((32, 32, 3), 90, np.uint8) + noise % 3, 1.0) == "even"


def test_waiting_is_not_needed_after_a_kill(imagery, tmp_path, encoder):
    """The lock of a killed builder goes with it."""
    out = tmp_path / "a"
    builder = start_builder(imagery, out)
    assert builder.stdout is not None
    builder.stdout.readline()
    deadline = time.monotonic() + 60
    while not (out / "atlas.json").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(builder.pid, signal.SIGKILL)
    builder.communicate()
    assert len(Atlas.build(imagery / "map.csv", encoder, out, stride_m=32.0)) == 22 * 17
