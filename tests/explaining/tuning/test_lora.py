"""Tuning a tiny model: it learns, what is saved is what was learned, and a kill costs nothing."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest
import torch

from gleam.config import to_yaml
from gleam.errors import GleamError
from gleam.explaining.benchmark import Bench
from gleam.explaining.local import LocalExplainer
from gleam.explaining.local.model import LocalModel, Settings
from gleam.explaining.local.probability import AnswerCalibrations
from gleam.explaining.local.prompts import VERSION
from gleam.explaining.tuning.checkpoints import begin, newest_whole
from gleam.explaining.tuning.data import NOT_LEARNED, Collator
from gleam.explaining.tuning.examples import make_examples
from gleam.explaining.tuning.lora import tune_lora
from gleam.explaining.tuning.plan import plan_tuning
from gleam.explaining.tuning.result import tune

SETTINGS = Settings("cpu", "float32", 56)


def test_the_loss_falls(tuned):
    losses = [loss for _, loss in tuned["result"].tuned.losses]
    assert len(losses) == 8
    assert sum(losses[-3:]) < 0.6 * sum(losses[:3])


def test_only_lora_and_the_projector_are_learned(tuned):
    names = tuned["trainable"]
    assert all("lora_" in name or "multi_modal_projector" in name for name in names)
    assert any("multi_modal_projector" in name for name in names)
    assert not any("vision" in name or "lm_head" in name for name in names)


def test_the_saved_adapter_is_what_was_learned(tuned, model):
    base = LocalModel.load(str(model), SETTINGS)
    loaded = LocalModel.load(f"{model}+{tuned['out']}", SETTINGS)
    by_record = LocalModel.load(str(tuned["out"]), SETTINGS)
    with torch.inference_mode():
        before, after, again = (m.model(input_ids=tuned["inputs"]).logits for m in (base, loaded, by_record))
    assert float((after - tuned["logits"]).abs().max()) == 0.0
    assert float((again - tuned["logits"]).abs().max()) == 0.0
    assert float((before - after).abs().max()) > 0.01


def test_the_record_says_what_it_was_made_of(tuned, model):
    record = LocalModel.load(str(tuned["out"]), SETTINGS).adapter.record
    assert record.base == str(model)
    assert record.family == "internvl"
    assert record.prompts == VERSION
    assert (record.teach, record.languages, record.bench) == ("label", ("en", "zh"), "toy")
    assert (record.pairs, record.steps) == (9, 8)
    assert len(record.fingerprint) == 16


def test_only_what_the_model_says_is_learned(recipe, bench, model, tuned):
    local = LocalModel.load(str(model), SETTINGS)
    config = replace(tuned["config"], teach="label+explanation")
    items = make_examples(Bench.open(bench), "train", config).items[:6]
    batch = Collator(local.processor, 56)([item.row() for item in items])
    assert "assistant_masks" not in batch
    for item, ids, labels in zip(items, batch["input_ids"], batch["labels"], strict=True):
        learned = labels != NOT_LEARNED
        assert (ids[learned] == labels[learned]).all()
        assert local.processor.tokenizer.decode(labels[learned]) == item.chat.answer + "<|im_end|>"


def test_the_dry_run_counts_what_is_there(tuned):
    plan = plan_tuning(tuned["config"])
    assert plan.cost.tuned == sum(tuned["trainable"].values())
    base = LocalModel.load(str(tuned["config"].model), SETTINGS)
    assert plan.cost.parameters == sum(p.numel() for p in base.model.parameters())
    assert plan.pairs == {"train": 9, "val": 10, "test": 8}
    assert sum(plan.questions.values()) == len(tuned["result"].tuned.examples.items)
    assert plan.cost.seconds > 0
    assert "parameters: " in plan.text()


def test_a_hub_model_that_is_not_here_is_counted_without_it(tuned):
    plan = plan_tuning(replace(tuned["config"], model="nobody/nothing"))
    assert plan.cost is None
    assert "could not be had from the hub" in plan.text()


def test_the_figures_of_a_tuning(tuned):
    figures = json.loads((tuned["out"] / "result.json").read_text())
    assert figures["verdicts"]["n"] == 16
    low, value, high = (figures["verdicts"]["accuracy"][k] for k in ("low", "value", "high"))
    assert 0 <= low <= value <= high <= 1
    assert {"language en", "language zh", "tier near", "view map"} <= set(figures["groups"])
    assert set(figures["calibration"]) == {"en", "zh"}


def test_the_explainer_uses_and_names_the_calibration(tuned, model, bench):
    pair = Bench.open(bench).pairs("test")[0]
    pictures = [Bench.open(bench).image_path(sha) for sha in (pair.query_image, pair.tile_image)]
    explainer = LocalExplainer(LocalModel.load(f"{model}+{tuned['out']}", SETTINGS))
    bare = LocalExplainer(LocalModel.load(str(model), SETTINGS))
    for language in ("en", "zh"):
        assert explainer.probability(*pictures, pair.view, language=language)[1] == f"toy val ({language})"
        assert bare.probability(*pictures, pair.view, language=language)[1] is None
    by_hand = json.loads((tuned["out"] / "adapter" / "calibration.json").read_text())["languages"]["en"]
    log_odds = explainer.log_odds(*pictures, pair.view)
    logit = torch.tensor(by_hand["intercept"] + by_hand["coefficients"][0] * log_odds, dtype=torch.double)
    assert explainer.probability(*pictures, pair.view)[0] == pytest.approx(float(torch.sigmoid(logit)))


def test_a_tuned_model_compares_tiles_by_what_it_was_taught(tuned, model, bench):
    pair = Bench.open(bench).pairs("test")[0]
    query, tile = (Bench.open(bench).image_path(sha) for sha in (pair.query_image, pair.tile_image))
    explainer = LocalExplainer(LocalModel.load(f"{model}+{tuned['out']}", SETTINGS))
    share = explainer.compare(query, tile, query, pair.view)
    assert share == pytest.approx(1 - explainer.compare(query, query, tile, pair.view))
    odds = explainer.log_odds(query, tile, pair.view) - explainer.log_odds(query, query, pair.view)
    assert (share > 0.5) is (odds > 0)


def tune_in_a_process(config, *more):
    recipe = config.out + ".yaml"
    with open(recipe, "w") as file:
        file.write(to_yaml(config))
    return subprocess.Popen(
        [sys.executable, "-m", "gleam", "tune", recipe, *more],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def test_a_killed_tuning_resumes_to_the_same_adapter(tuned, tmp_path):
    config = replace(tuned["config"], out=str(tmp_path / "run"))
    process = tune_in_a_process(config)
    mark = tmp_path / "run" / "checkpoints" / "checkpoint-2" / "whole.json"
    until = time.monotonic() + 240
    while not mark.is_file() and process.poll() is None and time.monotonic() < until:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert mark.is_file()
    # And as if the kill had come in the middle of the next checkpoint.
    half = tmp_path / "run" / "checkpoints" / "checkpoint-99"
    shutil.copytree(mark.parent, half)
    (half / "whole.json").unlink()
    with pytest.raises(GleamError, match="already holds a tuning; add --resume"):
        tune_lora(config)
    with pytest.raises(GleamError, match=r"run\.rate differs"):
        tune_lora(replace(config, run=replace(config.run, rate=1e-3)), resume=True)
    again = tune_lora(config, resume=True)
    assert not half.exists()
    assert [loss for _, loss in again.losses] == [loss for _, loss in tuned["result"].tuned.losses]
    weights = "adapter/adapter_model.safetensors"
    assert (tmp_path / "run" / weights).read_bytes() == (tuned["out"] / weights).read_bytes()


def test_a_checkpoint_with_a_cut_off_file_is_not_whole(tmp_path, tuned):
    shutil.copytree(tuned["out"], tmp_path / "run")
    newest = newest_whole(tmp_path / "run")
    assert newest.name == "checkpoint-8"
    optimizer = newest / "optimizer.pt"
    optimizer.write_bytes(optimizer.read_bytes()[:100])
    assert newest_whole(tmp_path / "run").name == "checkpoint-6"


def test_a_folder_with_other_things_is_left_alone(tmp_path, tuned):
    (tmp_path / "diary.txt").write_text("mine")
    with pytest.raises(GleamError, match="has content but no tuning"):
        begin(tmp_path, tuned["config"], resume=False)


@pytest.fixture
def adapter(tuned, tmp_path):
    return shutil.copytree(tuned["out"] / "adapter", tmp_path / "adapter")


def change_record(adapter, **changes):
    record = json.loads((adapter / "gleam_adapter.json").read_text())
    (adapter / "gleam_adapter.json").write_text(json.dumps(record | changes))


def test_an_adapter_of_another_model_is_refused(adapter, model):
    change_record(adapter, fingerprint="0" * 16)
    with pytest.raises(GleamError, match="is another model"):
        LocalModel.load(f"{model}+{adapter}", SETTINGS)


def test_an_adapter_with_other_prompts_is_refused(adapter, model):
    change_record(adapter, prompts="local-0")
    with pytest.raises(GleamError, match=r"tuned with the prompts 'local-0'.*tune it again"):
        LocalModel.load(f"{model}+{adapter}", SETTINGS)


def test_an_adapter_whose_base_has_gone(adapter):
    change_record(adapter, base="/nowhere/model")
    with pytest.raises(GleamError, match=r"base model '/nowhere/model'.*is not there; write local:MODEL"):
        LocalModel.load(str(adapter), SETTINGS)


@pytest.mark.parametrize("name", ["adapter_model.safetensors", "adapter_config.json"])
def test_half_an_adapter_is_refused(adapter, model, name):
    (adapter / name).unlink()
    with pytest.raises(GleamError, match=f"lacks {name}"):
        LocalModel.load(f"{model}+{adapter}", SETTINGS)


def test_an_adapter_that_lacks_weights_is_refused(adapter, model):
    from safetensors.torch import load_file, save_file

    weights = load_file(adapter / "adapter_model.safetensors")
    del weights[next(iter(weights))]
    save_file(weights, adapter / "adapter_model.safetensors")
    with pytest.raises(GleamError, match="does not fit the model: 1 of"):
        LocalModel.load(f"{model}+{adapter}", SETTINGS)


def test_a_recipe_cannot_stack_adapters(tuned, adapter, model):
    config = replace(tuned["config"], model=f"{model}+{adapter}", out=str(adapter / "x"))
    with pytest.raises(GleamError, match="has an adapter; tune a base model"):
        tune_lora(config)


def test_no_epoch_at_all_calibrates_the_base_model(tuned, model, tmp_path):
    run = replace(tuned["config"].run, steps=None, epochs=0.0)
    config = replace(tuned["config"], run=run, out=str(tmp_path / "run"), evaluate_on=None)
    assert tune(config).tuned.steps == 0
    loaded = LocalModel.load(str(tmp_path / "run"), SETTINGS)
    base = LocalModel.load(str(model), SETTINGS)
    with torch.inference_mode():
        logits = [m.model(input_ids=tuned["inputs"]).logits for m in (base, loaded)]
    assert torch.equal(*logits)
    assert set(AnswerCalibrations.read(tmp_path / "run" / "adapter").languages) == {"en", "zh"}


def test_a_missing_library_is_named(tuned, tmp_path, monkeypatch):
    import importlib.util

    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "trl" else find(name))
    with pytest.raises(GleamError, match=r"trl.*pip install 'gleam-geo\[explain\]'"):
        tune_lora(replace(tuned["config"], out=str(tmp_path / "x")))
