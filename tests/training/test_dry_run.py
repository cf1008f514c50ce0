"""The dry run: real steps on real pictures, every mistake in one sentence, and nothing left behind."""

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from gleam.cli.main import main
from gleam.config import to_yaml
from gleam.errors import ConfigError, GleamError, TableError
from gleam.imagery.preparation import Preparation
from gleam.training import dry_run as room
from gleam.training.config import HardNegativesConfig, TrainConfig
from gleam.training.dry_run import dry_run
from gleam.training.learner import Learner
from gleam.views import View

Maker = Callable[..., TrainConfig]
MakeTable = Callable[..., Path]


def everything_under(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in sorted(folder.rglob("*"))}


def test_it_runs_real_steps_and_leaves_nothing(
    recipe: Maker, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = recipe(cache=str(tmp_path / "cache"), phase={"batch": 7})
    file = tmp_path / "r.yaml"
    file.write_text(to_yaml(config))
    before = everything_under(tmp_path)
    with pytest.raises(SystemExit) as stopped:
        main(["train", str(file), "--dry-run", "--json"])
    assert stopped.value.code in (None, 0)
    found = json.loads(capsys.readouterr().out)
    assert everything_under(tmp_path) == before
    assert [phase["steps"] for phase in found["phases"]] == [6, 6]
    assert found["files"] == 40 * 5
    one, two = found["steps"]
    assert one["images"] == {"satellite": [7, 3, 32, 32], "drone": [7, 3, 32, 32]}
    assert set(two["images"]) == {view.value for view in View}
    assert all(math.isfinite(step["loss"]) and step["loss"] > 0.1 for step in found["steps"])


def test_its_step_is_the_training_s_step(recipe: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    # The weights move as in training: a second look at the same batch finds another loss.
    moved = []
    real = Learner.step

    def step(self: Learner, *arguments: object) -> float:
        before = [p.detach().clone() for p in self.model.parameters()]
        loss = real(self, *arguments)  # type: ignore[arg-type]
        moved.append(any(not torch.equal(a, b) for a, b in zip(before, self.model.parameters(), strict=True)))
        return loss

    monkeypatch.setattr(Learner, "step", step)
    hard = HardNegativesConfig(every_epochs=1, from_epoch=0)
    found = dry_run(recipe(phase={"views_per_batch": "one", "hard_negatives": hard}))
    # One view in the first phase; each of four by itself in the second.
    assert len(found.steps) == 5 and moved == [True] * 5
    shown = [set(step.images) - {"satellite"} for step in found.steps[1:]]
    assert sorted(view for views in shown for view in views) == ["drone", "ground", "map", "panorama"]


def test_raw_pictures_of_several_sizes_are_told(recipe: Maker) -> None:
    raw = Preparation(pixels=32, geometry="raw", panorama_pixels=(32, 64))
    encoder = replace(recipe().encoder, preparation=raw)
    found = dry_run(recipe(encoder=encoder, evaluate=None))
    assert found.steps[1].images["panorama"] == [8, 3, 32, 64]
    assert "panorama 8x3x32x64" in found.text() and "Nothing was written." in found.text()


def test_missing_files_are_told_before_anything_is_built(
    recipe: Maker, make_table: MakeTable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_table(tmp_path / "table", 20)
    for name in ("drone/001.png", "map/003.png"):
        (folder / "images" / name).unlink()
    config = recipe(phase={"places": [str(folder)]}, evaluate=None)
    with monkeypatch.context() as patch:
        patch.setattr(room, "Learner", lambda *a: pytest.fail("the network was built first"))
        with pytest.raises(TableError, match=r"2 of 80 image files are missing.*place-001, drone.*skip_bad"):
            dry_run(config)
    found = dry_run(replace(config, skip_bad=True))
    assert any("2 of 80" in note for note in found.notes)


def test_damaged_pictures_and_absent_tables_are_told(
    recipe: Maker, make_table: MakeTable, tmp_path: Path
) -> None:
    folder = make_table(tmp_path / "table", 8)
    config = recipe(phase={"places": [str(folder)]}, evaluate=None)
    for file in (folder / "images" / "drone").iterdir():
        file.write_bytes(b"no picture")
    with pytest.raises(GleamError, match=r"drone.*00\d\.png"):
        dry_run(config)
    with pytest.raises(TableError, match="no such places table"):
        dry_run(replace(config, phases=[replace(config.phases[0], places=[str(tmp_path / "nowhere")])]))
    with pytest.raises(GleamError, match="'tail'"):
        dry_run(replace(config, phases=[replace(config.phases[0], freeze=["tail"], views=["map"])]))
    with pytest.raises(ConfigError, match="chunk cannot be exact"):
        dry_run(replace(config, phases=[replace(config.phases[0], chunk=3, views=["map"])]))


def test_a_step_too_large_for_the_gpu_says_what_to_do(recipe: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*arguments: object, **named: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory.")

    monkeypatch.setattr("gleam.training.learner.backward", full)
    with pytest.raises(GleamError, match=r"16 images here.*does not fit.*chunk.*--estimate"):
        dry_run(recipe())


def test_the_first_phase_with_drones_without_pose(recipe: Maker) -> None:
    found = dry_run(recipe(phase={"without_pose": 0.5}, evaluate=None))
    assert np.isfinite([step.loss for step in found.steps]).all()
