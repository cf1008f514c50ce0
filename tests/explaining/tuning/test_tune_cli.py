"""``gleam tune`` as a user types it."""

import json

import pytest
import yaml

from gleam.cli.main import main
from gleam.config import load_config, to_dict
from gleam.explaining.tuning.config import TuneConfig
from gleam.explaining.tuning.recipes import recipe_files


def run(capsys, *words):
    with pytest.raises(SystemExit) as leaving:
        main(["tune", *map(str, words)])
    out, err = capsys.readouterr()
    return leaving.value.code, out, err


@pytest.fixture
def file(recipe, tmp_path):
    path = tmp_path / "recipe.yaml"
    path.write_text(yaml.safe_dump(recipe))
    return path


def test_dry_run(capsys, file, tmp_path):
    code, out, _ = run(capsys, file, "--out", tmp_path / "run", "--dry-run", "--json")
    assert code == 0
    plan = json.loads(out)
    assert plan["steps"] == 8
    assert plan["cost"]["tuned"] > 0
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("kind=dance", "Unknown kind of tuning 'dance'. Choose one of: lora, student."),
        ("run.rat=1", "unknown key 'run.rat'. Did you mean 'rate'?"),
        ("bench=/nowhere", "/nowhere does not exist"),
        ("model=/nowhere", "There is no folder '/nowhere'"),
    ],
)
def test_mistakes_cost_one_sentence(capsys, file, tmp_path, change, said):
    code, _, err = run(capsys, file, "--out", tmp_path / "run", "--set", change)
    assert code == 2
    assert said in err
    assert not (tmp_path / "run").exists()


def test_an_unknown_recipe_lists_the_shipped_ones(capsys):
    code, _, err = run(capsys, "qwen3-vl")
    assert code == 2
    assert "Did you mean 'qwen3-vl-4b'?" in err
    assert "internvl3-2b" in err


def test_shipped_recipes_load_and_the_pair_differs_in_what_is_taught():
    recipes = {}
    for name, file in recipe_files().items():
        if yaml.safe_load(file.read_text())["kind"] == "lora":
            recipes[name] = to_dict(load_config(TuneConfig, file))
    assert {"qwen2_5-vl-3b", "qwen2_5-vl-3b-label", "qwen3-vl-4b", "internvl3-2b"} <= set(recipes)
    both, label = recipes["qwen2_5-vl-3b"], recipes["qwen2_5-vl-3b-label"]
    assert {key for key in both if both[key] != label[key]} == {"name", "out", "teach"}


def test_labels_against_explanations(capsys, file, tmp_path):
    words = ("--out", tmp_path / "run", "--set", "run.steps=2", "--set", "calibrate_on=null", "--compare")
    code, out, _ = run(capsys, file, *words, "--set", "written_pairs=1", "--json", "--set", "languages=[en]")
    assert code == 0
    found = json.loads(out)
    assert found["teach"] == ["label", "label+explanation"]
    assert [one["verdicts"]["n"] for one in found["results"]] == [8, 8]
    assert found["results"][0]["written"] is None
    # The form is held to, so every written answer of an untaught model can be used.
    assert found["results"][1]["written"]["usable"] == 1
    gained = found["accuracy_gained_by_explaining"]
    assert gained["low"] <= gained["value"] <= gained["high"]
    assert (tmp_path / "run" / "comparison.json").is_file()
    assert (tmp_path / "run" / "label+explanation" / "adapter" / "gleam_adapter.json").is_file()


def test_only_lora_is_compared(capsys, file, tmp_path):
    code, _, err = run(capsys, file, "--set", "kind=student", "--compare")
    assert code == 2
    assert "--compare is for tunings of the kind lora" in err


def test_a_students_recipe_goes_to_the_student(capsys):
    code, out, _ = run(capsys, "city", "--dry-run", "--json")
    assert code == 0
    assert json.loads(out)["seer"]["training"]["steps"] > 0
    code, _, err = run(capsys, "city", "--set", "steps=3", "--dry-run")
    assert code == 2
    assert "unknown key 'steps'" in err
