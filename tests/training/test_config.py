"""Recipes: shipped ones load, wrong values are told by name, and the verb shows what it would do."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gleam.cli.main import main
from gleam.config import load_config, to_dict, to_yaml
from gleam.encoder import build_model
from gleam.errors import ConfigError
from gleam.training.config import AugmentConfig, EvaluateConfig, LossConfig, PhaseConfig, TrainConfig
from gleam.training.plan import plan_training
from gleam.training.recipes import find_recipe, recipe_names
from gleam.views import View


@pytest.mark.parametrize("name", recipe_names())
def test_shipped_recipes_load(name: str) -> None:
    config = load_config(TrainConfig, find_recipe(name))
    assert config.name == name and len(config.phases) >= 1
    assert load_config(TrainConfig, to_dict(config)) == config
    if "pretrained" not in config.encoder.backbone_options:
        build_model(config.encoder)


def test_the_paper_s_recipe_is_one_view_first_then_all() -> None:
    paper = load_config(TrainConfig, find_recipe("paper"))
    assert [len(phase.query_views) for phase in paper.phases] == [1, 4]
    assert paper.loss.anchor == "satellite" and paper.loss.label_smoothing == 0.1
    assert paper.phases[1].equal_views and paper.phases[1].hard_negatives is not None
    assert {"demo", "paper"} <= set(recipe_names())


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: PhaseConfig(name="p", places=["x"]), "epochs"),
        (lambda: PhaseConfig(name="p", places=["x"], epochs=1, steps=1), "exactly one"),
        (lambda: PhaseConfig(name="p", places=[], steps=1), "places"),
        (lambda: PhaseConfig(name="p", places=["x"], steps=1, batch=1), "batch"),
        (lambda: PhaseConfig(name="p", places=["x"], steps=1, views=["dron"]), "drone"),
        (lambda: PhaseConfig(name="p", places=["x"], steps=1, views=["satellite"]), "query view"),
        (lambda: PhaseConfig(name="p", places=["x"], steps=1, warmup=1.0), "warmup"),
        (lambda: LossConfig(temperature=0), "temperature"),
        (lambda: LossConfig(view_weights={"sky": 1}), "view"),
        (lambda: AugmentConfig(rotate_deg={"ground": 200}), "rotate_deg.ground"),
        (lambda: EvaluateConfig(places=["x"], max_queries=0), "max_queries"),
    ],
)
def test_wrong_values_are_told_by_name(make: Callable[[], Any], told: str) -> None:
    with pytest.raises(Exception, match=told):
        make()


def test_unknown_keys_and_recipes_list_the_choices(tmp_path: Path) -> None:
    text = "name: x\nphases:\n  - {name: p, places: [x], steps: 1, bach: 4}\n"
    (tmp_path / "r.yaml").write_text(text)
    with pytest.raises(ConfigError, match=r"phases\.0\.bach.*'batch'"):
        load_config(TrainConfig, tmp_path / "r.yaml")
    with pytest.raises(ConfigError, match=r"demo.*paper"):
        find_recipe("papre")
    with pytest.raises(ConfigError, match="does not exist"):
        find_recipe("no/such.yaml")


def test_names_of_phases_must_differ_and_be_file_names(recipe: Callable[..., TrainConfig]) -> None:
    config = recipe()
    with pytest.raises(ConfigError, match="differ"):
        replace(config, phases=[config.phases[0], config.phases[0]])
    with pytest.raises(ConfigError, match="file name"):
        replace(config, name="../x")


def test_a_plan_counts_without_opening_images(
    make_table: Callable[..., Path], recipe: Callable[..., TrainConfig], tmp_path: Path
) -> None:
    folder = make_table(tmp_path / "table", 20, missing={View.GROUND: 5})
    (folder / "images/drone/000.png").unlink()
    config = recipe(phase={"places": [str(folder)], "steps": None, "epochs": 2.0, "batch": 4})
    plan = plan_training(config)
    assert [phase.places for phase in plan.phases] == [16, 16]
    assert plan.phases[0].steps_per_epoch == 4 and plan.phases[0].steps == 8
    # Twelve ground images are missing: they are repeated in three batches of their own.
    assert plan.phases[1].images["ground"] == 4 and plan.phases[1].steps_per_epoch == 7


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as stopped:
        main(["train", *arguments])
    return int(stopped.value.code or 0)


def test_the_verb(
    recipe: Callable[..., TrainConfig], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "r.yaml"
    file.write_text(to_yaml(recipe()))
    assert run(str(file), "--dry-run", "--json", "--set", "phases.0.steps=3") == 0
    assert [phase["steps"] for phase in json.loads(capsys.readouterr().out)["phases"]] == [3, 6]
    assert not (tmp_path / "out").exists()
    out = str(tmp_path / "elsewhere")
    assert (
        run(str(file), "--json", "--out", out, "--set", "phases.0.steps=2", "--set", "phases.1.steps=2") == 0
    )
    found = json.loads(capsys.readouterr().out)
    assert found["steps"] == 4 and found["out"] == out
    assert [recall["when"] for recall in found["recalls"]] == ["before", "after one", "after two"]
    assert (tmp_path / "elsewhere" / "config.json").exists()
    assert run(str(file), "--out", out) == 2
    assert "--resume" in capsys.readouterr().err
    assert run(str(file), "--set", "phases.0.rat=1") == 2
    assert "'rate'" in capsys.readouterr().err
