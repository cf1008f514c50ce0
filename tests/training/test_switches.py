"""Every way to save time or memory gives the loss and the gradients of the plain step.

Tolerances: float32 ways 1e-3 of a gradient's value (other order of sums), bfloat16 2 % of the loss and
a gradient whose direction agrees to a cosine of 0.98 (tiny untrained networks are its hardest case).
"""

import contextlib
import copy
import functools
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from gleam.encoder import EncoderConfig, EncoderModel, build_model
from gleam.encoder.backbones import backbone_names
from gleam.errors import ConfigError
from gleam.imagery.preparation import Preparation
from gleam.training import compiling
from gleam.training.batches import StepInput, load_step
from gleam.training.blocks import repeated_blocks
from gleam.training.compiling import compile_blocks
from gleam.training.config import LossConfig, PhaseConfig
from gleam.training.dataset import open_places
from gleam.training.recompute import recompute_activations
from gleam.training.runtime import Runtime
from gleam.training.sampler import Batch
from gleam.training.step import backward, batch_statistics
from gleam.views import QUERY_VIEWS

CPU = torch.device("cpu")
TRANSFORMER = {
    "hidden_size": 16,
    "num_hidden_layers": 3,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "patch_size": 8,
}
CONVOLUTIONAL = {"hidden_sizes": [8, 8, 12, 12], "depths": [1, 1, 2, 1]}
BACKBONES: dict[str, tuple[dict[str, Any], int]] = {
    "compact": ({"stem": 4, "channels": [6, 8, 12]}, 3),
    "convnext": (CONVOLUTIONAL, 5),
    "convnextv2": (CONVOLUTIONAL, 5),
    "dinov3_convnext": (CONVOLUTIONAL, 5),
    "dinov2": (
        {k: v for k, v in TRANSFORMER.items() if k != "intermediate_size"} | {"image_size": 32},
        3,
    ),
    "dinov2_with_registers": (
        {k: v for k, v in TRANSFORMER.items() if k != "intermediate_size"} | {"image_size": 32},
        3,
    ),
    # Without its random stretch of the positions, which no two ways of cutting a batch draw alike.
    "dinov3_vit": (TRANSFORMER | {"image_size": 32, "pos_embed_rescale": None}, 3),
    "vit": (TRANSFORMER | {"image_size": 32}, 3),
    "siglip_vision_model": (TRANSFORMER | {"image_size": 32}, 3),
    "siglip2_vision_model": (TRANSFORMER | {"num_patches": 16}, 3),
}
"""Options of a tiny one of each, and how many blocks it has."""


def config(backbone: str) -> EncoderConfig:
    return EncoderConfig(
        backbone=backbone,
        backbone_options=BACKBONES[backbone][0],
        dim=12,
        grid=2,
        grid_channels=4,
        preparation=Preparation(pixels=32),
    )


def one_block(backbone: str) -> EncoderConfig:
    return replace(config(backbone), backbone_options=BACKBONES[backbone][0] | {"num_hidden_layers": 1})


@pytest.fixture(scope="module")
def inputs(table: Path, cache: Path) -> StepInput:
    places = open_places([str(table)], "train", QUERY_VIEWS, Preparation(pixels=32), cache)
    return load_step(places, Batch(np.arange(5), QUERY_VIEWS), phase(0), torch.Generator().manual_seed(1))


def phase(chunk: int) -> PhaseConfig:
    return PhaseConfig(name="p", places=["x"], steps=1, chunk=chunk)


def step(
    model: EncoderModel,
    inputs: StepInput,
    *,
    chunk: int = 0,
    frozen: bool = False,
    autocast: Callable[[], Any] = contextlib.nullcontext,
) -> tuple[float, dict[str, Tensor], dict[str, Tensor]]:
    """Return loss, gradients, and the buffers after the step."""
    model.train()
    if frozen:
        for _, module in batch_statistics(model):
            module.eval()
    log_scale = nn.Parameter(torch.tensor(2.0))
    torch.manual_seed(5)
    loss = backward(
        model,
        log_scale,
        inputs,
        phase(chunk),
        LossConfig(anchor="all", label_smoothing=0.1),
        device=CPU,
        autocast=autocast,
    )
    gradients = {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}
    assert log_scale.grad is not None
    return float(loss), {**gradients, "scale": log_scale.grad}, dict(model.named_buffers())


def assert_equal(
    found: tuple[float, dict[str, Tensor], Any], wanted: tuple[float, dict[str, Tensor], Any]
) -> None:
    assert found[0] == pytest.approx(wanted[0], rel=1e-5)
    assert found[1].keys() == wanted[1].keys() and len(wanted[1]) > 10
    for name, gradient in wanted[1].items():
        torch.testing.assert_close(found[1][name], gradient, rtol=1e-3, atol=1e-5, msg=name)


def test_every_backbone_is_here() -> None:
    built_in = {name for name in backbone_names() if not name.startswith("timm")}
    assert built_in <= set(BACKBONES)


@pytest.mark.parametrize("backbone", BACKBONES)
def test_computing_activations_twice_equals_keeping_them(inputs: StepInput, backbone: str) -> None:
    plain = build_model(config(backbone), 3)
    if backbone == "compact":
        plain.backbone.stages[1].conv1.register_forward_hook(lambda m, i, o: nn.functional.dropout(o, 0.3))
    saving = copy.deepcopy(plain)
    assert recompute_activations(saving) == BACKBONES[backbone][1]
    kept, wanted = held_bytes(plain, inputs)
    less, found = held_bytes(saving, inputs)
    assert_equal(found, wanted)
    # Running statistics move once, not twice.
    for name, buffer in wanted[2].items():
        torch.testing.assert_close(found[2][name], buffer, msg=name)
    assert less < 0.8 * kept, "no memory is saved"
    assert saving.state_dict().keys() == plain.state_dict().keys()


def held_bytes(model: EncoderModel, inputs: StepInput) -> tuple[int, Any]:
    """Return how many bytes one step keeps for its backward pass, and what the step gives."""
    kept: dict[int, int] = {}

    def pack(tensor: Tensor) -> Tensor:
        kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        model.train()
        model(model.normalise(inputs.pixels), inputs.runs)
    for parameter in model.parameters():
        kept.pop(parameter.untyped_storage().data_ptr(), None)
    for module in model.modules():
        if hasattr(module, "variance"):  # the pass above moved them
            module.mean.zero_()
            module.variance.fill_(1)
    return sum(kept.values()), step(model, inputs)


@pytest.mark.parametrize("backbone", ["compact", "convnext", "dinov2", "dinov3_vit"])
def test_chunks_with_activations_computed_twice(inputs: StepInput, backbone: str) -> None:
    plain = build_model(config(backbone), 3)
    saving = copy.deepcopy(plain)
    recompute_activations(saving)
    wanted = step(plain, inputs, frozen=True)
    assert_equal(step(saving, inputs, chunk=7, frozen=True), wanted)


@pytest.mark.parametrize("backbone", ["compact", "convnext", "dinov2", "dinov3_vit"])
def test_bfloat16_is_near_the_plain_step(inputs: StepInput, backbone: str) -> None:
    plain, short = (build_model(config(backbone), 3) for _ in range(2))
    wanted = step(plain, inputs, frozen=True)
    found = step(short, inputs, frozen=True, autocast=Runtime("cpu", "bf16", threads=1).autocast)
    assert found[0] == pytest.approx(wanted[0], rel=2e-2) and found[0] != wanted[0]
    one, two = (
        torch.cat([found_or[1][name].flatten() for name in wanted[1]]) for found_or in (found, wanted)
    )
    assert float(nn.functional.cosine_similarity(one, two, dim=0)) > 0.98
    assert all(parameter.dtype == torch.float32 for parameter in short.parameters())


def test_blocks_are_captured_for_compiling(inputs: StepInput, monkeypatch: pytest.MonkeyPatch) -> None:
    # All of compiling but the generated code: what the compiler is given equals the plain network.
    monkeypatch.setattr(torch, "compile", functools.partial(torch.compile, backend="aot_eager"))
    plain = build_model(one_block("dinov2"), 3)
    quick = copy.deepcopy(plain)
    assert compile_blocks(quick, CPU) == recompute_activations(quick) == 1
    assert quick.state_dict().keys() == plain.state_dict().keys()
    assert_equal(step(quick, inputs, chunk=13, frozen=True), step(plain, inputs, frozen=True))


@pytest.mark.slow
@pytest.mark.skipif(not (shutil.which("g++") or shutil.which("clang++")), reason="no C++ compiler here")
def test_compiled_blocks_equal_plain_ones(inputs: StepInput) -> None:
    plain = build_model(one_block("dinov2"), 3)
    quick = copy.deepcopy(plain)
    if compile_blocks(quick, CPU) == 0:
        pytest.skip("torch cannot compile here")
    assert_equal(step(quick, inputs), step(plain, inputs))


def test_without_a_compiler_it_goes_on_plainly(
    inputs: StepInput, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("GLEAM_QUIET", raising=False)
    monkeypatch.setattr(compiling, "_problem", lambda device: "no compiler")
    plain = build_model(config("dinov2"), 3)
    quick = copy.deepcopy(plain)
    assert compile_blocks(quick, CPU) == 0
    assert "compile: no compiler; going on without it" in capsys.readouterr().err
    assert_equal(step(quick, inputs), step(plain, inputs))


def test_a_backbone_without_blocks_is_told() -> None:
    model = build_model(config("compact"), 3)
    model.backbone.stages = nn.Sequential()
    assert repeated_blocks(model.backbone) == []
    with pytest.raises(ConfigError, match=r"checkpoint_activations.*chunk"):
        recompute_activations(model)
