"""Whole trainings of a small network: they learn, log, stop and go on."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from gleam.config import load_config
from gleam.encoder import Encoder
from gleam.errors import ConfigError, GleamError
from gleam.training import trainer
from gleam.training.config import (
    AugmentConfig,
    HardNegativesConfig,
    LossConfig,
    PhaseConfig,
    TrainConfig,
)
from gleam.training.journal import read_journal
from gleam.training.trainer import Trainer, train
from gleam.views import View

Maker = Callable[..., TrainConfig]


def losses(out: str | Path) -> list[tuple[int, float]]:
    return [
        (line["step"], line["loss"])
        for line in read_journal(Path(out) / "log.jsonl")
        if line["kind"] == "step"
    ]


def test_it_learns_and_leaves_a_whole_encoder(recipe: Maker) -> None:
    calm = AugmentConfig(scale=0, shift=0, gain=0, tint=0, grey=0, dihedral=False)
    config = recipe(phase={"steps": 60, "augment": calm}, loss=LossConfig(anchor="all"))
    result = train(config)
    assert [recall.when for recall in result.recalls] == ["before", "after one", "after two"]
    assert result.steps == 120 and result.images_per_s > 0
    mean = [np.mean([view["recall@1"] for view in recall.views.values()]) for recall in result.recalls]
    assert mean[2] > mean[0] + 0.2, f"no learning: {mean}"
    out = Path(config.out)
    encoder = Encoder.from_pretrained(out)
    assert encoder.name == "small" and encoder.config == config.encoder
    assert encoder.embed(np.zeros((2, 32, 32, 3), np.uint8), View.MAP).shape == (2, 16)
    assert load_config(TrainConfig, out / "config.yaml") == config
    assert Encoder.from_pretrained(out / "phases" / "two").fingerprint == encoder.fingerprint
    assert len(list((out / "checkpoints").iterdir())) == 2
    kinds = [line["kind"] for line in read_journal(out / "log.jsonl")]
    assert kinds[0] == "start" and kinds[-1] == "end" and kinds.count("recall") == 3
    assert [step for step, _ in losses(out)] == list(range(1, 121))


def test_the_same_seed_gives_the_same_weights(recipe: Maker, tmp_path: Path) -> None:
    runs = {}
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        train(recipe(out=str(tmp_path / name), seed=seed))
        runs[name] = load_file(tmp_path / name / "model.safetensors")
    assert all(torch.equal(runs["a"][key], runs["b"][key]) for key in runs["a"])
    assert any(not torch.equal(runs["a"][key], runs["c"][key]) for key in runs["a"])


class Stopped(Exception):
    """The crash that a test stages."""


@pytest.mark.parametrize("stop_after", [1, 5, 6, 7, 11])
@pytest.mark.parametrize("together", ["all", "one"])
def test_going_on_equals_never_having_stopped(
    recipe: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop_after: int, together: str
) -> None:
    hard = HardNegativesConfig(every_epochs=1, from_epoch=0, pool=5, per_seed=3)
    changes: dict[str, Any] = {
        "phase": {"hard_negatives": hard, "views_per_batch": together},
        "ema_decay": 0.9,
    }
    train(recipe(out=str(tmp_path / "whole"), **changes))
    stopped = recipe(out=str(tmp_path / "stopped"), **changes)
    real, count = Trainer._step, 0

    def step(self: Trainer, *arguments: Any) -> Any:
        nonlocal count
        if count == stop_after:
            raise Stopped
        count += 1
        return real(self, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "_step", step)
        with pytest.raises(Stopped):
            train(stopped)
    assert not (tmp_path / "stopped" / "model.safetensors").exists()
    result = train(stopped, resume=True)
    assert losses(tmp_path / "stopped") == losses(tmp_path / "whole")
    one, two = (load_file(tmp_path / name / "model.safetensors") for name in ("whole", "stopped"))
    assert all(torch.equal(one[key], two[key]) for key in one)
    lines = read_journal(tmp_path / "stopped" / "log.jsonl")
    assert [line["when"] for line in lines if line["kind"] == "recall"] == [
        "before",
        "after one",
        "after two",
    ]
    assert len(result.recalls) == 3


def test_resuming_a_finished_training_changes_nothing(recipe: Maker) -> None:
    config = recipe()
    train(config)
    before = (Path(config.out) / "model.safetensors").read_bytes()
    assert train(config, resume=True).steps == 12
    assert (Path(config.out) / "model.safetensors").read_bytes() == before


def test_another_training_is_never_overwritten(recipe: Maker) -> None:
    config = recipe()
    train(config)
    with pytest.raises(ConfigError, match="--resume"):
        train(config)
    with pytest.raises(ConfigError, match="seed differs"):
        train(replace(config, seed=9), resume=True)
    train(replace(config, workers=1, checkpoint_every_steps=3), resume=True)


def test_changed_data_are_noticed(
    make_table: Callable[..., Path], recipe: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_table(tmp_path / "own", 20)
    config = recipe(phase={"places": [str(folder)]}, evaluate=None)
    real = Trainer._save
    saves = 0

    def save(self: Trainer, *arguments: Any) -> None:
        nonlocal saves
        real(self, *arguments)
        saves += 1
        if saves == 2:
            raise Stopped

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "_save", save)
        with pytest.raises(Stopped):
            train(config)
    make_table(folder, 25)
    with pytest.raises(GleamError, match="not those it was interrupted with"):
        train(config, resume=True)


def test_phases_are_data(recipe: Maker, table: Path) -> None:
    shared = {"places": [str(table)], "batch": 8}
    config = recipe(
        evaluate=None,
        ema_decay=0.5,
        phases=[
            PhaseConfig(
                name="all first", epochs=1.5, loss=LossConfig(learnable=False, temperature=0.1), **shared
            ),
            PhaseConfig(
                name="head only",
                views=["map"],
                steps=3,
                freeze=["backbone."],
                freeze_statistics=True,
                **shared,
            ),
            PhaseConfig(name="chunks", views=["ground"], steps=2, freeze_statistics=True, chunk=5, **shared),
        ],
    )
    result = train(config)
    assert result.steps == 6 + 3 + 2
    one, two, three = (
        load_file(Path(config.out) / "phases" / phase.name / "model.safetensors") for phase in config.phases
    )
    # The average still moves towards the last weights, but what is frozen stays within it.
    del one
    assert any(not torch.equal(two[key], three[key]) for key in two if key.startswith("backbone."))


def test_frozen_parameters_stay(recipe: Maker, table: Path) -> None:
    config = recipe(
        evaluate=None,
        phases=[
            PhaseConfig(name="a", places=[str(table)], batch=8, steps=3),
            PhaseConfig(
                name="b", places=[str(table)], batch=8, steps=3, freeze=["backbone."], freeze_statistics=True
            ),
        ],
    )
    train(config)
    one, two = (load_file(Path(config.out) / "phases" / name / "model.safetensors") for name in "ab")
    for key in one:
        head_weight = key.startswith("head.") and not key.endswith(("mean", "variance"))
        assert torch.equal(one[key], two[key]) != head_weight, key


def test_starting_from_an_encoder(recipe: Maker, tmp_path: Path) -> None:
    first = recipe(out=str(tmp_path / "first"))
    train(first)
    start = str(tmp_path / "first")
    second = recipe(out=str(tmp_path / "second"), start=start, phase={"steps": 1, "rate": 1e-12})
    train(second)
    one, two = (Encoder.from_pretrained(tmp_path / name) for name in ("first", "second"))
    torch.testing.assert_close(one.model.head.project.weight, two.model.head.project.weight)
    other = replace(first.encoder, dim=24)
    with pytest.raises(ConfigError, match="another configuration"):
        train(recipe(out=str(tmp_path / "third"), start=start, encoder=other))


def test_a_loss_that_is_not_finite_stops_with_advice(recipe: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trainer, "backward", lambda *a, **k: torch.tensor(float("nan")))
    with pytest.raises(GleamError, match="lower its rate"):
        train(recipe())


def test_a_full_disk_leaves_no_encoder(recipe: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    config = recipe(evaluate=None)

    def full(self: Encoder, folder: Path) -> None:
        Path(folder).mkdir(parents=True)
        (Path(folder) / "model.safetensors").write_bytes(b"half")
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Encoder, "save", full)
        with pytest.raises(OSError, match="No space"):
            train(config)
    out = Path(config.out)
    assert not (out / "config.json").exists() and not (out / "model.safetensors").exists()
    train(config, resume=True)
    assert Encoder.from_pretrained(out).name == "small"


def test_the_log_is_cut_back_to_the_checkpoint(recipe: Maker) -> None:
    config = recipe(evaluate=None)
    train(config)
    log = Path(config.out) / "log.jsonl"
    with open(log, "ab") as file:
        file.write(b'{"kind": "step", "step": 13, "lo')
    train(config, resume=True)
    lines = log.read_text().splitlines()
    assert [json.loads(line)["kind"] for line in lines][-1] == "end"
    assert [step for step, _ in losses(config.out)] == list(range(1, 13))
