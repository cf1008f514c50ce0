"""Freezing an atlas: the copy answers as the atlas does, travels as files, and is whole or not there."""

import importlib.util
import json
import random
import shutil
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest

from gleam.atlas import Atlas
from gleam.errors import AtlasError, GleamError

pytest.importorskip("faiss", reason="frozen atlases need faiss-cpu")

from gleam.atlas.freeze import freeze


@pytest.fixture(scope="module")
def atlas_folder(tmp_path_factory, imagery, pixel_encoder_class):
    folder = tmp_path_factory.mktemp("freeze") / "area.atlas"
    Atlas.build([imagery / "map.csv"], pixel_encoder_class(), folder)
    return folder


def test_the_frozen_copy_answers_as_the_atlas_does(atlas_folder, tmp_path, content_of):
    atlas, frozen = Atlas.open(atlas_folder), freeze(atlas_folder, tmp_path / "frozen")
    rows, _ = content_of(atlas)
    assert len(frozen) == len(atlas) == len(rows)
    assert frozen.fingerprint == atlas.fingerprint
    assert frozen.sources == atlas.sources
    assert list(frozen.store.tiles()) == list(atlas.store.tiles())
    ids = sorted(rows)
    assert frozen.store.thumbnails_of(ids) == atlas.store.thumbnails_of(ids)
    queries = atlas.store.vectors_of(ids[::7])
    for ours, theirs in zip(frozen.search(queries, 5), atlas.search(queries, 5), strict=True):
        assert ours[0].tile == theirs[0].tile
        assert np.allclose([h.score for h in ours], [h.score for h in theirs], atol=1e-3)
    assert frozen.verify() == []


def test_a_frozen_atlas_may_be_moved_and_is_opened_from_any_folder(atlas_folder, tmp_path, monkeypatch):
    freeze(atlas_folder, tmp_path / "frozen")
    shutil.move(tmp_path / "frozen", tmp_path / "elsewhere")
    monkeypatch.chdir(tmp_path)
    assert len(Atlas.open("elsewhere")) == len(Atlas.open(atlas_folder))


def test_what_cannot_be_frozen_is_told(atlas_folder, tmp_path):
    freeze(atlas_folder, tmp_path / "frozen")
    with pytest.raises(AtlasError, match="frozen atlas already"):
        freeze(tmp_path / "frozen", tmp_path / "twice")
    with pytest.raises(AtlasError, match="onto itself"):
        freeze(atlas_folder, atlas_folder)
    with pytest.raises(GleamError, match="already has content"):
        freeze(atlas_folder, tmp_path / "frozen")
    copy = tmp_path / "copy"
    shutil.copytree(atlas_folder, copy)
    with pytest.raises(AtlasError, match="not frozen; it is not replaced"):
        freeze(atlas_folder, copy, replace_old=True)
    assert len(freeze(atlas_folder, tmp_path / "frozen", replace_old=True)) == len(Atlas.open(copy))
    manifest = Atlas.open(copy).manifest
    changing = replace(manifest, imagery=tuple(replace(e, state="adding") for e in manifest.imagery))
    changing.write(copy)
    with pytest.raises(AtlasError, match="finish that first"):
        freeze(copy, tmp_path / "other")
    assert not (tmp_path / "other").exists()


def test_a_damaged_pack_is_told(atlas_folder, tmp_path):
    folder = tmp_path / "frozen"
    freeze(atlas_folder, folder)
    for name, ruin, match in (
        ("vectors.npy", lambda p: p.write_bytes(p.read_bytes()[:-9]), "bytes instead of"),
        ("thumbnails.bin", lambda p: p.unlink(), "is missing"),
        ("tiles.arrow", lambda p: p.write_bytes(bytes(p.stat().st_size)), "cannot be read"),
        ("pack.json", lambda p: p.write_text("{"), "cannot be read"),
    ):
        broken = tmp_path / f"broken-{name}"
        shutil.copytree(folder, broken)
        ruin(broken / name)
        with pytest.raises(AtlasError, match=match):
            Atlas.open(broken)
    about = json.loads((folder / "pack.json").read_text())
    (folder / "pack.json").write_text(json.dumps({**about, "format": 99}))
    with pytest.raises(AtlasError, match="format 99"):
        Atlas.open(folder)


def test_a_kill_while_freezing_leaves_nothing_half_made(atlas_folder, tmp_path):
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")
    goal = tmp_path / "frozen"
    program = (
        "import sys; from gleam.atlas.freeze import freeze; print('go', flush=True); "
        "freeze(sys.argv[1], sys.argv[2])"
    )
    command = [sys.executable, "-c", program, atlas_folder, goal]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        process.stdout.readline()
        time.sleep(random.Random(seed).uniform(0, 1.0))
        process.kill()
    tiles = len(Atlas.open(atlas_folder))
    if goal.exists():
        assert len(Atlas.open(goal)) == tiles
    assert len(freeze(atlas_folder, goal, replace_old=goal.exists())) == tiles


@pytest.mark.parametrize("order", ["torch, faiss", "faiss, torch"])
def test_torch_and_the_frozen_store_share_a_process(order, tmp_path):
    """Both bring OpenMP along; neither may stop the other or take its threads away."""
    program = f"""
import os
import {order}
import numpy as np
from gleam.atlas.store.faiss_engine import threads
before = torch.get_num_threads()
index = faiss.index_factory(16, "IVF8,SQ8", faiss.METRIC_INNER_PRODUCT)
rows = np.random.default_rng(0).normal(size=(2000, 16)).astype(np.float32)
index.train(rows); index.add(rows)
for i in range(20):
    with threads(1):
        assert faiss.omp_get_max_threads() == 1
        _, found = index.search(rows[i:i + 1], 1)
    (torch.from_numpy(rows) @ torch.from_numpy(rows).T).sum()
assert torch.get_num_threads() == before, (torch.get_num_threads(), before)
print("well")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "well", done.stderr


def test_the_verb_freezes(atlas_folder, tmp_path):
    from typer.testing import CliRunner

    from gleam.cli.main import build_app

    words = ["atlas", "freeze", str(atlas_folder), "--out", str(tmp_path / "f"), "--json"]
    result = CliRunner().invoke(build_app(words), words)
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["tiles"] == len(Atlas.open(atlas_folder))


def test_without_the_library_the_sentence_names_it(tmp_path, monkeypatch):
    from gleam.atlas.store.faiss_engine import load_faiss

    assert importlib.util.find_spec("faiss") is not None
    monkeypatch.setitem(sys.modules, "faiss", None)
    with pytest.raises(AtlasError, match=r"gleam-geo\[frozen\]"):
        load_faiss()
