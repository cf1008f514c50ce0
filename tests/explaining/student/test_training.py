import json

import numpy as np
import pytest
import torch

from gleam.config import load_config, to_dict
from gleam.errors import ConfigError, GleamError
from gleam.explaining.scene.plan import make_plan
from gleam.explaining.student.config import LengthConfig, StudentConfig
from gleam.explaining.student.matcher import Look
from gleam.explaining.student.storage import load_student, save_student
from gleam.explaining.student.training import train_student
from gleam.explaining.student.training.loop import Setting, train_part
from gleam.views import View


def losses(folder, part):
    lines = (folder / "parts" / part / "log.jsonl").read_text().splitlines()
    return [json.loads(line)["loss"] for line in lines]


def random_look(student, seed):
    generator = torch.Generator().manual_seed(seed)
    sizes = student.made["matcher"]
    vectors = torch.nn.functional.normalize(torch.randn((1, sizes["dim"]), generator=generator), dim=1)
    return Look(
        vectors, torch.randn((1, sizes["channels"], sizes["grid"], sizes["grid"]), generator=generator)
    )


def findings(student):
    squares = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), dtype=np.uint8)
    said = {"junction": "crossroads", "water": "river", "trees": "many"}
    import random

    plan = make_plan(said, said, True, View.DRONE, random.Random(0))
    return (
        [p.tolist() for view in View for p in student.guesses(squares, view)],
        [student.probability(random_look(student, 1), random_look(student, 2), v) for v in list(View)[1:]],
        [student.tell(plan, View.MAP, language) for language in ("en", "zh")],
    )


def test_every_part_learns(recipe, tmp_path):
    """Forty more steps on the same few examples leave less than half of what was to be learnt."""
    from gleam.encoder import Encoder
    from gleam.explaining.student.teller import Teller
    from gleam.explaining.student.training.matching import draw_examples, new_matcher, train_matcher
    from gleam.explaining.student.training.seeing import new_seer, train_seer
    from gleam.explaining.student.training.sources import open_sources
    from gleam.explaining.student.training.telling import learn_vocabulary, lessons, train_teller

    torch.manual_seed(0)
    encoder = Encoder.from_pretrained(recipe.encoder)
    sources = open_sources(recipe.train, "train", encoder, recipe)
    setting = Setting(tmp_path, 1, 1000, bf16=False)

    def longer(config, steps):
        from dataclasses import replace

        return replace(config, training=replace(config.training, steps=steps, batch=8))

    matcher = new_matcher(encoder, recipe.match)
    pairs = draw_examples(sources, recipe, 1, "train pairs")
    found = train_matcher(matcher, pairs, longer(recipe.match, 60), setting)
    assert np.mean(found[-5:]) < 0.6 * np.mean(found[:5])

    held = lessons([], recipe.teller, 1)
    vocabulary = learn_vocabulary(held, recipe.teller)
    teller = Teller(len(vocabulary), 32, 2, 2, recipe.teller.longest)
    found = train_teller(teller, vocabulary, held, longer(recipe.teller, 60), setting)
    assert np.mean(found[-5:]) < 0.8 * np.mean(found[:5])

    seer = new_seer(encoder, recipe.seer)
    found = train_seer(seer, sources, longer(recipe.seer, 40), setting)
    assert np.mean(found[-5:]) < 0.8 * np.mean(found[:5])


def test_a_student_comes_back_from_disk_exactly(taught, tmp_path):
    first = load_student(taught / "student")
    save_student(first, tmp_path / "again")
    second = load_student(tmp_path / "again")
    assert findings(first) == findings(second)
    for file in ("model.safetensors", "config.json", "calibration.json", "tokenizer.json", "README.md"):
        assert (taught / "student" / file).read_bytes() == (tmp_path / "again" / file).read_bytes()


def test_a_finished_training_is_not_done_again(recipe, taught):
    before = {p: p.stat().st_mtime_ns for p in (taught / "parts").rglob("*.safetensors")}
    student = (taught / "student" / "model.safetensors").read_bytes()
    train_student(recipe, taught)
    assert {p: p.stat().st_mtime_ns for p in (taught / "parts").rglob("*.safetensors")} == before
    assert (taught / "student" / "model.safetensors").read_bytes() == student


def test_a_killed_training_goes_on_to_the_same_student(recipe, taught, tmp_path, monkeypatch):
    from gleam.explaining.student.training import loop

    saved = loop.save_checkpoint
    calls = []

    def dying(*args, **kwargs):
        path = saved(*args, **kwargs)
        calls.append(path)
        if len(calls) in (2, 6, 11):  # in the middle of each of the three parts
            raise KeyboardInterrupt
        return path

    monkeypatch.setattr(loop, "save_checkpoint", dying)
    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            train_student(recipe, tmp_path / "run")
    train_student(recipe, tmp_path / "run")
    for file in ("model.safetensors", "calibration.json", "tokenizer.json"):
        assert (tmp_path / "run" / "student" / file).read_bytes() == (taught / "student" / file).read_bytes()


def test_a_training_keeps_the_vocabulary_it_began_with(recipe, taught, tmp_path, monkeypatch):
    """Between two runs the offline teacher may have learnt other words; numbers must keep their meaning."""
    import shutil

    from gleam.explaining.student.training import train

    shutil.copytree(taught, tmp_path / "run")
    monkeypatch.setattr(train, "learn_vocabulary", lambda *_: pytest.fail("learnt anew"))
    train_student(recipe, tmp_path / "run")
    kept = (taught / "student" / "tokenizer.json").read_bytes()
    assert (tmp_path / "run" / "student" / "tokenizer.json").read_bytes() == kept


def test_another_recipe_in_the_same_folder_is_refused(changed, taught):
    with pytest.raises(GleamError, match="another recipe"):
        train_student(changed(seed=9), taught)


def test_a_loss_that_is_not_finite_stops_the_training(tmp_path):
    layer = torch.nn.Linear(1, 1)

    def step(number, generator):
        return layer(torch.full((1, 1), float("nan"))).sum()

    with pytest.raises(GleamError, match="not finite at step 0"):
        train_part("layer", layer, LengthConfig(steps=2), step, Setting(tmp_path, 1, 10, bf16=False))


def test_a_recipe_reads_back_and_names_what_is_wrong(recipe):
    assert load_config(StudentConfig, to_dict(recipe)) == recipe
    for keys, said in (
        ({"train": []}, "train"),
        ({"stated_true": 1.0}, "stated_true"),
        ({"precision": "fp8"}, "precision"),
        ({"seers": {}}, "seers"),
        ({"match": {"near_m": [80.0, 20.0]}}, "near_m"),
        ({"teller": {"width": 30, "heads": 4}}, "width"),
    ):
        with pytest.raises(ConfigError, match=said):
            load_config(StudentConfig, {"train": ["a"], "val": ["b"], **keys})


def test_a_folder_that_is_no_data_is_named(changed, tmp_path):
    with pytest.raises(GleamError, match="neither a benchmark"):
        train_student(changed(train=[str(tmp_path)]), tmp_path / "run")


@pytest.mark.parametrize("file", ["model.safetensors", "config.json", "tokenizer.json", "calibration.json"])
@pytest.mark.parametrize("content", [None, b"", b"\x80\x04not what it should be"])
def test_damaged_students_are_refused_in_a_sentence(taught, tmp_path, file, content):
    import shutil

    folder = tmp_path / "student"
    shutil.copytree(taught / "student", folder)
    (folder / file).unlink()
    if content is not None:
        (folder / file).write_bytes(content)
    with pytest.raises(GleamError, match=file):
        load_student(folder)
