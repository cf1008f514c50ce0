"""The fast form of a network says what the network says."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from gleam import Encoder
from gleam.encoder import EncoderConfig, inference
from gleam.encoder.inference import EXACT
from gleam.encoder.pooling import _raised
from gleam.imagery.preparation import Preparation
from gleam.views import View


def pictures(count: int, side: int, seed: int = 0) -> NDArray[np.uint8]:
    """Smooth pictures with a few edges, as ground has; noise alone would be no fair test of rounding."""
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        coarse = Image.fromarray(rng.integers(0, 256, (7, 7, 3), np.uint8)).resize((side, side))
        square = np.asarray(coarse).copy()
        top, left = rng.integers(0, side // 2, 2)
        square[top : top + side // 3, left : left + side // 4] = rng.integers(0, 256, 3)
        made.append(square)
    return np.stack(made)


def exactly(encoder: Encoder, squares: NDArray[np.uint8], view: View, monkeypatch: pytest.MonkeyPatch):
    with monkeypatch.context() as patch:
        patch.setenv(EXACT, "1")
        return encoder.embed(squares, view, patches=True)


@pytest.mark.parametrize("view", list(View))
def test_the_fast_form_of_the_shipped_weights_stays_close(view, monkeypatch):
    encoder = Encoder.from_pretrained("city")
    squares = pictures(6, encoder.preparation.pixels)
    plain = exactly(encoder, squares, view, monkeypatch)
    fast = encoder.embed(squares, view, patches=True)
    assert (plain.vectors * fast.vectors).sum(1).min() > 0.9999
    assert np.abs(plain.vectors @ plain.vectors.T - fast.vectors @ fast.vectors.T).max() < 4e-3
    assert np.abs(plain.regions.sum((1, 2)) - fast.regions.sum((1, 2))).max() < 0.02


@pytest.mark.parametrize("per_view", [True, False])
@pytest.mark.parametrize("blocks", [(1, 1, 1), (2, 1, 2)])
def test_folding_alone_changes_only_the_last_digits(per_view, blocks, monkeypatch):
    options = {"stem": 8, "channels": [8, 12, 16], "blocks": list(blocks)}
    config = EncoderConfig(
        backbone_options=options,
        dim=24,
        view_statistics=per_view,
        preparation=Preparation(pixels=48),
    )
    encoder = Encoder.untrained(config, seed=3)
    rng = torch.Generator().manual_seed(4)
    for name, tensor in encoder.model.state_dict().items():
        if name.endswith(("mean", "bias")):
            tensor.copy_(torch.randn(tensor.shape, generator=rng) * 0.1)
        elif name.endswith(("variance", "norm1.weight", "norm2.weight")):
            tensor.copy_(torch.rand(tensor.shape, generator=rng) + 0.5)
    monkeypatch.setattr(inference, "inference_dtype", lambda: torch.float32)
    for view in (View.SATELLITE, View.GROUND):
        squares = pictures(5, 48, seed=5)
        plain, fast = exactly(encoder, squares, view, monkeypatch), encoder.embed(squares, view, patches=True)
        np.testing.assert_allclose(fast.vectors, plain.vectors, atol=2e-6)
        np.testing.assert_allclose(fast.regions, plain.regions, atol=5e-6)


def test_a_picture_gives_the_same_vector_whatever_else_is_in_the_batch():
    encoder = Encoder.from_pretrained("city")
    squares = pictures(33, encoder.preparation.pixels)
    together = encoder.embed(squares, View.SATELLITE)
    alone = np.concatenate([encoder.embed(squares[i : i + 1], View.SATELLITE) for i in range(0, 33, 4)])
    np.testing.assert_allclose(together[::4], alone, atol=1e-6)


def test_a_changed_weight_is_noticed():
    encoder = Encoder.untrained(EncoderConfig(preparation=Preparation(pixels=32)), seed=1)
    squares = pictures(2, 32)
    before = encoder.embed(squares, View.DRONE)
    with torch.no_grad():
        encoder.model.backbone.stem[1].weight.mul_(-1.0)
    assert np.abs(encoder.embed(squares, View.DRONE) - before).max() > 1e-3
    other = Encoder.untrained(EncoderConfig(preparation=Preparation(pixels=32)), seed=2)
    encoder.model.load_state_dict(other.model.state_dict())
    np.testing.assert_array_equal(encoder.embed(squares, View.DRONE), other.embed(squares, View.DRONE))


def test_copies_make_forms_of_their_own():
    encoder = Encoder.untrained(EncoderConfig(preparation=Preparation(pixels=32)), seed=1)
    squares = pictures(2, 32)
    before = encoder.embed(squares, View.DRONE)
    for other in (copy.deepcopy(encoder), pickle.loads(pickle.dumps(encoder))):
        np.testing.assert_array_equal(other.embed(squares, View.DRONE), before)


def test_raising_to_a_power_equals_pow():
    share = torch.rand(4, 5, 6, 6) * 0.999 + 0.001
    for power in (1.0, 3.0, 11.5):
        exponent = torch.tensor(power)
        np.testing.assert_allclose(
            _raised(share.clone(), exponent), share.pow(exponent), rtol=1e-5, atol=1e-30
        )
    assert _raised(torch.full((1, 1, 2, 2), 1e-6), torch.tensor(11.0)).max() < 1e-30
