"""Networks of timm itself: kept or converted, they give what timm gives. Runs where timm is installed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from gleam.encoder import Encoder, EncoderConfig
from gleam.encoder.backbones.timm import import_timm
from gleam.encoder.convert import convert
from gleam.errors import ConfigError, EncoderError
from gleam.imagery.preparation import Preparation

try:
    timm = import_timm()
except EncoderError:
    timm = None

needs_timm = pytest.mark.skipif(timm is None, reason="timm is not installed (extra timm)")
SQUARES = np.random.default_rng(1).integers(0, 256, (2, 64, 64, 3), np.uint8)
SMALL = {"depths": (1, 1, 2, 1), "dims": (16, 24, 32, 40)}


def shaken(network: torch.nn.Module) -> torch.nn.Module:
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.ndim == 1:
                parameter.copy_(0.7 + 0.3 * torch.randn(parameter.shape, generator=generator))
    return network.eval()


def vectors_of(network: torch.nn.Module, pictures: np.ndarray) -> np.ndarray:
    shown = network.pretrained_cfg
    mean, std = (torch.tensor(shown[key])[:, None, None] for key in ("mean", "std"))
    x = (torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255.0 - mean) / std
    with torch.inference_mode():
        return functional.normalize(network(x), dim=1).numpy()


def saved(path: Path, network: torch.nn.Module) -> Path:
    state = {f"model.{key}": value for key, value in network.state_dict().items()}
    torch.save({**state, "logit_scale": torch.tensor(2.6)}, path)
    return path


@needs_timm
@pytest.mark.parametrize(
    ("name", "options", "backbone", "tolerance"),
    [
        ("convnext_base.fb_in22k_ft_in1k_384", SMALL, "convnext", 0.0),
        ("convnext_atto", SMALL, "convnext", 1e-5),  # timm maps by 1 x 1 convolutions, transformers linearly
        ("test_convnext", {}, "timm/test_convnext", 0.0),  # other constants, so it stays timm's
    ],
)
def test_converted_networks_give_timms_vectors(
    tmp_path: Path, name: str, options: dict, backbone: str, tolerance: float
) -> None:
    torch.manual_seed(0)
    network = shaken(timm.create_model(name, num_classes=0, **options))
    done = convert("sample4geo", saved(tmp_path / "w.pth", network), backbone=name, pixels=64)
    assert done.encoder.config.backbone == backbone
    wide = np.concatenate([SQUARES, SQUARES[::-1]], axis=2)
    for view, pictures in (("satellite", SQUARES), ("panorama", wide)):
        difference = np.abs(done.encoder.embed(pictures, view) - vectors_of(network, pictures)).max()
        assert difference <= tolerance, f"{name}, {view}: {difference}"


@needs_timm
def test_a_vit_keeps_its_picture_size_and_comes_back_from_disk(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = shaken(timm.create_model("test_vit", num_classes=0, img_size=64))
    done = convert("game4loc", saved(tmp_path / "w.pth", network), backbone="test_vit", pixels=64)
    assert done.encoder.config.backbone_options == {"img_size": 64}
    assert done.encoder.preparation.panorama_pixels is None
    done.encoder.save(tmp_path / "vit")
    again = Encoder.from_pretrained(tmp_path / "vit")
    np.testing.assert_array_equal(again.embed(SQUARES, "drone"), vectors_of(network, SQUARES))
    with pytest.raises(EncoderError, match="does not fit the network test_vit"):
        convert("game4loc", tmp_path / "w.pth", backbone="test_vit", pixels=96)


@needs_timm
def test_shares_of_positions_are_told_where_timm_averages_them() -> None:
    preparation = Preparation(pixels=64)
    for name, told in (("test_convnext", True), ("test_resnet", True), ("test_vit", False)):
        options = {"img_size": 64} if name == "test_vit" else {}
        config = EncoderConfig(f"timm/{name}", options, head="pooled", preparation=preparation)
        assert Encoder.untrained(config).tells_regions is told, name


@needs_timm
@pytest.mark.parametrize(
    ("name", "options", "error", "message"),
    [
        ("convnext_bass", {}, EncoderError, "near to it are convnext_base"),
        ("test_convnext", {"num_classes": 3}, ConfigError, "not for a config"),
        ("test_convnext", {"checkpoint_path": "w.pth"}, ConfigError, "not for a config"),
        ("test_convnext", {"nonsense": 3}, ConfigError, "does not take"),
    ],
)
def test_what_timm_cannot_build_is_named(name: str, options: dict, error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        Encoder.untrained(EncoderConfig(f"timm/{name}", options, head="pooled"))


@pytest.mark.skipif(timm is not None, reason="timm is installed")
def test_without_timm_one_sentence_says_how_to_get_it() -> None:
    with pytest.raises(EncoderError, match=r"gleam-geo\[timm\]"):
        Encoder.untrained(EncoderConfig("timm/test_convnext", head="pooled"))
