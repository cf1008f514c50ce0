"""One step: gradients in chunks equal those of the whole batch; batch statistics are refused there."""

import contextlib
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from gleam.encoder import EncoderConfig, EncoderModel, ViewRun, build_model
from gleam.errors import ConfigError
from gleam.imagery.preparation import Preparation
from gleam.training.batches import StepInput, load_step
from gleam.training.config import LossConfig, PhaseConfig
from gleam.training.dataset import open_places
from gleam.training.sampler import Batch
from gleam.training.step import backward, batch_statistics, runs_within, spread
from gleam.views import QUERY_VIEWS, View

CONFIG = EncoderConfig(
    backbone_options={"stem": 4, "channels": [6, 8, 12]},
    dim=16,
    grid=2,
    grid_channels=4,
    preparation=Preparation(pixels=32),
)
CPU = torch.device("cpu")


@pytest.fixture
def inputs(table: Path, cache: Path) -> StepInput:
    places = open_places([str(table)], "train", QUERY_VIEWS, CONFIG.preparation, cache)
    batch = Batch(np.arange(9), QUERY_VIEWS)
    return load_step(places, batch, phase(), torch.Generator().manual_seed(1))


def phase(chunk: int = 0) -> PhaseConfig:
    return PhaseConfig(name="p", places=["x"], steps=1, chunk=chunk)


def model(*, dropout: bool = False, frozen: bool = True) -> EncoderModel:
    built = build_model(CONFIG, 3)
    if dropout:
        built.backbone.stages.append(nn.Dropout(0.4))
    built.train()
    if frozen:
        for _, module in batch_statistics(built):
            module.eval()
    return built


def gradients(net: EncoderModel, inputs: StepInput, chunk: int) -> tuple[float, dict[str, torch.Tensor]]:
    log_scale = nn.Parameter(torch.tensor(2.0))
    torch.manual_seed(5)
    loss = backward(
        net,
        log_scale,
        inputs,
        phase(chunk),
        LossConfig(anchor="all", label_smoothing=0.1),
        device=CPU,
        autocast=contextlib.nullcontext,
    )
    assert log_scale.grad is not None
    found = {name: p.grad.clone() for name, p in net.named_parameters() if p.grad is not None}
    return float(loss), {**found, "scale": log_scale.grad}


@pytest.mark.parametrize("chunk", [1, 7, 20, 44, 45, 1000])
def test_chunks_equal_the_whole_batch(inputs: StepInput, chunk: int) -> None:
    loss, whole = gradients(model(), inputs, 0)
    chunked_loss, chunked = gradients(model(), inputs, chunk)
    assert chunked_loss == pytest.approx(loss, rel=1e-5)
    assert whole.keys() == chunked.keys() and len(whole) > 10
    for name, gradient in whole.items():
        torch.testing.assert_close(chunked[name], gradient, rtol=1e-3, atol=1e-5, msg=name)


def test_random_layers_see_the_same_numbers_in_both_passes(inputs: StepInput) -> None:
    chunk = 12
    _, found = gradients(model(dropout=True), inputs, chunk)
    # The same, in one pass with a graph.
    net = model(dropout=True)
    forward = net.forward

    def in_chunks(images: torch.Tensor, runs: tuple[ViewRun, ...]) -> torch.Tensor:
        spans = [slice(a, min(a + chunk, len(images))) for a in range(0, len(images), chunk)]
        return torch.cat([forward(images[span], runs_within(runs, span)) for span in spans])

    net.forward = in_chunks  # type: ignore[method-assign]
    _, wanted = gradients(net, inputs, 0)
    for name, gradient in wanted.items():
        torch.testing.assert_close(found[name], gradient, rtol=1e-3, atol=1e-5, msg=name)


def test_batch_statistics_are_refused_in_chunks(inputs: StepInput) -> None:
    with pytest.raises(ConfigError, match="freeze_statistics"):
        gradients(model(frozen=False), inputs, 8)


def test_runs_within_a_span() -> None:
    runs = (ViewRun(View.SATELLITE, 5), ViewRun(View.MAP, 3), ViewRun(View.GROUND, 4))
    assert runs_within(runs, slice(4, 9)) == (
        ViewRun(View.SATELLITE, 1),
        ViewRun(View.MAP, 3),
        ViewRun(View.GROUND, 1),
    )
    assert runs_within(runs, slice(0, 5)) == (ViewRun(View.SATELLITE, 5),)


def test_spread_puts_vectors_where_images_are() -> None:
    present = torch.tensor([[True, True, True], [False, True, False], [True, False, True]])
    vectors = torch.arange(12.0).view(6, 2)
    out = spread(vectors, present)
    assert out.shape == (3, 3, 2)
    torch.testing.assert_close(out[present], vectors)
    assert float(out[~present].abs().sum()) == 0.0
