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

from gleam.config import load_config, to_dict
from gleam.encoder import Encoder, build_model
from gleam.errors import ConfigError, GleamError
from gleam.training import learner
from gleam.training.config import (
    AugmentConfig,
    EvaluateConfig,
    HardNegativesConfig,
    LoraConfig,
    LossConfig,
    PhaseConfig,
    TrainConfig,
)
from gleam.training.journal import read_journal
from gleam.training.resuming import check_unchanged
from gleam.training.trainer import Trainer, train
from gleam.views import View

Maker = Callable[..., TrainConfig]


def losses(out: str | Path) -> list[tuple[int, float]]:
    return [
        (line["step"], line["loss"])
        for line in read_journal(Path(out) / "log.jsonl")
        if line["kind"] == "step"
    ]


def test_it_learns_and_leaves_a_whole_encoder(recipe: Maker, table: Path) -> None:
    calm = AugmentConfig(scale=0, shift=0, gain=0, tint=0, grey=0, dihedral=False)
    config = recipe(
        phase={"steps": 60, "augment": calm, "batch": 16},
        loss=LossConfig(anchor="all"),
        evaluate=EvaluateConfig(places=[str(table)], split=None),
    )
    result = train(config)
    assert [recall.when for recall in result.recalls] == ["before", "after one", "after two"]
    assert result.steps == 120 and result.images_per_s > 0
    found = [
        (recall.views["drone"]["recall@1"], recall.views["map"]["recall@1"]) for recall in result.recalls
    ]
    before, after_one, after_two = found
    assert after_one[0] > before[0] + 0.3, found
    assert min(after_two) > max(before) + 0.3, found
    out = Path(config.out)
    encoder = Encoder.from_pretrained(out)
    assert encoder.name == "small" and encoder.config == build_model(config.encoder).config
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


@pytest.mark.parametrize(("together", "stops"), [("all", (1, 6, 11)), ("one", (5, 7))])
def test_going_on_equals_never_having_stopped(
    recipe: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, together: str, stops: tuple[int, ...]
) -> None:
    hard = HardNegativesConfig(every_epochs=1, from_epoch=0, pool=5, per_seed=3)
    changes: dict[str, Any] = {
        "phase": {"hard_negatives": hard, "views_per_batch": together},
        "ema_decay": 0.9,
    }
    train(recipe(out=str(tmp_path / "whole"), **changes))
    wanted = load_file(tmp_path / "whole" / "model.safetensors")
    real = Trainer._step
    for stop in stops:
        out = tmp_path / f"stopped-{stop}"
        steps = iter(range(stop))

        def step(self: Trainer, *arguments: Any, steps: Any = steps) -> Any:
            if next(steps, None) is None:
                raise Stopped
            return real(self, *arguments)

        with monkeypatch.context() as patch:
            patch.setattr(Trainer, "_step", step)
            with pytest.raises(Stopped):
                train(recipe(out=str(out), **changes))
        assert not (out / "model.safetensors").exists()
        result = train(recipe(out=str(out), **changes), resume=True)
        assert losses(out) == losses(tmp_path / "whole")
        found = load_file(out / "model.safetensors")
        assert all(torch.equal(wanted[key], found[key]) for key in wanted)
        told = [line["when"] for line in read_journal(out / "log.jsonl") if line["kind"] == "recall"]
        assert told == ["before", "after one", "after two"] == [recall.when for recall in result.recalls]


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
    with pytest.raises(ConfigError, match="phases differs"):
        train(replace(config, phases=[replace(config.phases[0], rate=1.0), config.phases[1]]), resume=True)
    train(replace(config, workers=1, checkpoint_every_steps=3), resume=True)


def test_checkpoints_of_before_know_no_younger_settings(recipe: Maker) -> None:
    config = recipe()
    state = {"config": to_dict(config), "phase_index": 1, "phase_step": 2}
    for key in ("lora", "compile", "checkpoint_activations"):
        del state["config"][key]
    for phase in state["config"]["phases"]:
        phase["hard_negatives"] = None
    check_unchanged(config, state, Path(config.out))
    check_unchanged(replace(config, checkpoint_activations=True), state, Path(config.out))
    with pytest.raises(ConfigError, match="lora differs"):
        check_unchanged(replace(config, lora=LoraConfig()), state, Path(config.out))


def test_further_phases_may_follow(recipe: Maker) -> None:
    config = recipe()
    train(config)
    longer = replace(config, phases=[*config.phases, replace(config.phases[1], name="three")])
    result = train(longer, resume=True)
    assert result.steps == 18 and [recall.when for recall in result.recalls][-1] == "after three"
    assert load_config(TrainConfig, Path(config.out) / "config.yaml") == longer
    assert [step for step, _ in losses(config.out)] == list(range(1, 19))


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
    monkeypatch.setattr(learner, "backward", lambda *a, **k: torch.tensor(float("nan")))
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
