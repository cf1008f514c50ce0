"""Estimates: operations against a count by hand, memory against a measured step, and what users are told."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from gleam.cli.main import main
from gleam.config import load_config, to_dict, to_yaml
from gleam.encoder import EncoderConfig, ViewRun, build_model
from gleam.errors import ConfigError
from gleam.imagery.preparation import Preparation
from gleam.training import estimate
from gleam.training.config import LoraConfig, PhaseConfig, TrainConfig
from gleam.training.estimate import Estimate, estimate_training
from gleam.training.estimate_text import estimate_text
from gleam.training.known_models import KNOWN_MODELS, without_download
from gleam.training.machines import MACHINES, find_machine
from gleam.training.plan import count_published, plan_phase
from gleam.training.recipes import find_recipe, recipe_names
from gleam.training.tracing import _Count, trace_step
from gleam.views import View

Maker = Callable[..., TrainConfig]
PAIR = (View.SATELLITE, View.PANORAMA)
VIT = {
    "hidden_size": 64,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "patch_size": 14,
    "image_size": 126,
}
CONVNEXT = {"depths": [1, 1, 3, 1], "hidden_sizes": [32, 64, 128, 256]}


def small(backbone: str, options: dict[str, Any], pixels: int, **changes: Any) -> TrainConfig:
    phase = {"name": "p", "places": ["x"], "steps": 1, "freeze_statistics": True, **changes.pop("phase", {})}
    encoder = EncoderConfig(
        backbone=backbone, backbone_options=options, dim=32, preparation=Preparation(pixels=pixels)
    )
    return TrainConfig(name="small", phases=[PhaseConfig(**phase)], encoder=encoder, **changes)


def trace(config: TrainConfig, places: int, views: tuple[View, ...] = PAIR) -> Any:
    return trace_step(config, config.encoder, config.phases[0], views, places)


@pytest.mark.parametrize(
    ("layer", "shape", "forward"),
    [
        (nn.Linear(20, 30), (7, 20), 2 * 7 * 20 * 30),
        (nn.Conv2d(8, 12, 3, padding=1), (2, 8, 10, 10), 2 * 2 * 100 * 12 * 8 * 9),
        (nn.Conv2d(8, 8, 7, padding=3, groups=8), (2, 8, 10, 10), 2 * 2 * 100 * 8 * 49),
        (nn.Conv2d(8, 12, 2, stride=2, groups=4), (2, 8, 10, 10), 2 * 2 * 25 * 12 * 2 * 4),
    ],
)
def test_operations_equal_a_count_by_hand(layer: nn.Module, shape: tuple[int, ...], forward: int) -> None:
    for needs_input_gradient in (True, False):
        x = torch.randn(shape, requires_grad=needs_input_gradient)
        with _Count([]) as count:
            out = layer(x)
            assert count.operations == forward
            torch.autograd.backward(out.square().sum())
        # The gradient of the weights, and that of the input where it is asked for, cost as much each.
        assert count.operations == forward * (3 if needs_input_gradient else 2)


def test_operations_of_a_whole_step_equal_a_count_by_hand() -> None:
    config = small("dinov2", VIT, 126)
    width, tokens, dim, grid, images = 64, 81 + 1, 32, config.encoder.grid, 2 * 3
    channels = config.encoder.grid_channels
    block = 2 * tokens * width * width * (4 + 8) + 2 * 2 * tokens * tokens * width
    patches = 2 * 81 * width * 3 * 14 * 14
    head = 2 * 81 * width * channels + 2 * (width + channels * grid * grid) * dim
    forward = images * (3 * block + patches + head)
    found = trace(config, 3)
    # Three times the forward pass, but no gradient of the pictures; attention is computed once more in the
    # backward pass (five products instead of four).
    attention = images * 3 * 2 * tokens * tokens * width
    by_hand = 3 * forward - images * patches + attention
    assert found.operations == pytest.approx(by_hand, rel=0.01)
    whole = build_model(config.encoder)
    assert found.parameters == sum(p.numel() for p in whole.parameters()) == found.trained
    assert found.weights == sum(t.nbytes for t in [*whole.parameters(), *whole.buffers()])
    assert found.gradients == 4 * found.trained


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="reads the kernel's account (Linux)")
def test_traced_memory_equals_measured_memory() -> None:
    chunk = {"phase": {"chunk": 16}}
    configs = {
        # Below 100 MB the fixed scratch space of the convolutions would show.
        "convnext": (small("convnext", CONVNEXT, 96), 20),
        "vit, computed twice": (small("dinov2", VIT, 126, checkpoint_activations=True), 24),
        "vit in chunks": (small("dinov2", VIT, 126, **chunk), 24),
        "vit in bfloat16": (small("dinov2", VIT, 126, precision="bf16"), 12),
        "compact": (small("compact", {}, 96), 24),
    }
    cases = {name: {"config": to_dict(c), "places": places} for name, (c, places) in configs.items()}
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("measured_step.py"))],
        input=json.dumps(cases),
        env={**os.environ, "MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536"},
        capture_output=True,
        text=True,
        check=True,
    )
    for name, found in json.loads(done.stdout.splitlines()[-1]).items():
        assert found["traced"] == pytest.approx(found["measured"], rel=0.2), (name, found)
        assert found["measured"] > 10e6, "too small to tell"


def test_each_way_to_save_memory_saves_it() -> None:
    plain = trace(small("dinov2", VIT, 126), 24)
    again = trace(small("dinov2", VIT, 126, checkpoint_activations=True), 24)
    chunks = trace(small("dinov2", VIT, 126, phase={"chunk": 8}), 24)
    short = trace(small("dinov2", VIT, 126, precision="bf16"), 24)
    adapters = trace(small("dinov2", VIT, 126, lora=LoraConfig(rank=4)), 24)
    frozen = trace(small("dinov2", VIT, 126, phase={"freeze": ["backbone."]}), 24)
    for saving in (again, chunks, short, frozen):
        assert saving.working < 0.8 * plain.working
    assert chunks.working < 0.35 * plain.working
    assert adapters.trained < 0.6 * plain.trained and adapters.parameters > plain.parameters
    assert 1.2 < again.operations / plain.operations < 1.4
    assert 1.2 < chunks.operations / plain.operations < 1.4


def test_what_fits_is_what_would_be_traced(recipe: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    config = small("dinov2", VIT, 126, phase={"batch": 64, "chunk": 8, "views": ["panorama"]})
    machine = replace(find_machine("4090"), memory_gb=2.0)
    (phase,) = estimate_training(config, machine, gpus=2).phases
    # Many chunks are not traced one by one.
    assert phase.memory.working == pytest.approx(trace(config, 32).working, rel=0.03)
    assert phase.operations == pytest.approx(2 * trace(config, 32).operations, rel=0.01)
    assert phase.fits and phase.largest_batch is not None and phase.largest_chunk is not None
    whole = replace(config, phases=[replace(config.phases[0], chunk=0, batch=phase.largest_batch)])
    (full,) = estimate_training(whole, machine, gpus=2).phases
    assert full.fits and full.memory.needed == pytest.approx(2e9, rel=0.02)
    more = replace(whole, phases=[replace(whole.phases[0], batch=2 * phase.largest_batch)])
    (over,) = estimate_training(more, machine, gpus=2).phases
    assert not over.fits
    (tight,) = estimate_training(more, replace(machine, memory_gb=1.001), gpus=2).phases
    assert tight.largest_batch is None


def test_steps_come_from_tables_or_from_what_is_published(recipe: Maker) -> None:
    config = recipe(evaluate=None, phase={"steps": None, "epochs": 2.0})
    found = estimate_training(config, find_machine("l4"))
    assert [(p.data, p.places, p.steps) for p in found.phases] == [("tables", 32, 8), ("tables", 32, 8)]
    assert found.phases[0].cache_bytes == 2 * 32 * 3 * 32 * 32
    assert found.hours is not None and found.hours > 0
    phase = PhaseConfig(name="p", places=["data/cvusa"], views=["panorama"], epochs=1, batch=100)
    counts = count_published(phase)
    assert counts.present.shape == (35_532, 2)
    assert plan_phase(replace(config, phases=[phase]), 0, counts).steps == 356
    unknown = replace(config, phases=[replace(phase, places=["data/mine"])])
    (told,) = estimate_training(unknown, find_machine("l4")).phases
    assert told.steps is None and told.hours is None and "data/mine" in told.data


@pytest.mark.parametrize(
    "name",
    [
        name if name == "paper" else pytest.param(name, marks=pytest.mark.slow)
        for name in recipe_names()
        if name.startswith("paper")
    ],
)
def test_the_paper_s_recipes_are_estimated_without_a_network(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*arguments: object) -> None:
        raise AssertionError("an estimate opened a connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    made: list[Estimate] = []
    real = estimate.estimate_training
    monkeypatch.setattr(estimate, "estimate_training", lambda *a, **k: made.append(real(*a, **k)) or made[0])
    assert run(name, "--estimate", "--gpu", "h200", "--gpus", "8", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert len(found["phases"]) == 2 and found["machine"]["memory_gb"] == 141
    assert all(phase["fits"] and phase["hours"] > 0 for phase in found["phases"])
    assert [phase["data"] for phase in found["phases"]] == ["published", "published"]
    assert found["phases"][0]["parameters"] > 80e6
    assert found["phases"][1]["not_counted"] == ["data/setvl-480k", "data/street-maps"]
    text = estimate_text(made[0])
    for words in (
        "It assumes that",
        "% of the peak of",
        "All phases:",
        "not counted",
        "TFLOP",
        "data sets publish",
    ):
        assert words in text


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as stopped:
        main(["train", *arguments])
    return int(stopped.value.code or 0)


def test_wrong_names_list_the_choices(
    recipe: Maker, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "r.yaml"
    file.write_text(to_yaml(recipe()))
    assert run(str(file), "--estimate", "--gpu", "h2000") == 2
    assert "h200" in capsys.readouterr().err
    with pytest.raises(ConfigError, match=r"'own/model' is not known offline.*facebook/dinov2-base"):
        without_download(EncoderConfig(backbone="vit", backbone_options={"pretrained": "own/model"}))
    assert set(MACHINES) >= {"h200", "a100-80", "a100-40", "4090"}


def test_known_shapes_are_those_of_the_models() -> None:
    # Parameters in millions, as the models' pages state them.
    stated = {
        "facebook/convnext-base-384-22k-1k": ("convnext", 87.6),
        "facebook/dinov2-base": ("dinov2", 86.6),
        "facebook/dinov3-vitb16-pretrain-lvd1689m": ("dinov3_vit", 85.7),
        "facebook/dinov2-giant": ("dinov2", 1136.5),
    }
    for name, (backbone, millions) in stated.items():
        with torch.device("meta"):
            model = build_model(EncoderConfig(backbone=backbone, backbone_options=KNOWN_MODELS[name]))
        assert sum(p.numel() for p in model.backbone.parameters()) / 1e6 == pytest.approx(millions, rel=0.005)


def test_nothing_without_content_is_left_behind() -> None:
    # A library that caches positions must not hand those of a traced step to a real one.
    shape = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "patch_size": 8}
    config = small("dinov3_vit", shape, 32)
    for _ in range(2):
        trace(config, 2)
        real = build_model(config.encoder)
        vectors = real(torch.zeros(2, 3, 32, 32), (ViewRun(View.MAP, 2),))
        assert torch.isfinite(vectors.detach()).all() and type(vectors) is torch.Tensor


def test_a_local_folder_tells_its_own_shape(tmp_path: Path) -> None:
    import transformers

    transformers.Dinov2Model(transformers.Dinov2Config(**VIT)).save_pretrained(tmp_path)
    found = without_download(EncoderConfig(backbone="dinov2", backbone_options={"pretrained": str(tmp_path)}))
    assert found.backbone_options["hidden_size"] == 64
    assert load_config(TrainConfig, find_recipe("demo")).encoder == without_download(
        load_config(TrainConfig, find_recipe("demo")).encoder
    )
