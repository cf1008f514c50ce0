"""Backbones of transformers: built from a configuration, loaded from a local folder of the hub's format."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from gleam.encoder import Encoder, EncoderConfig, ViewRun, build_model
from gleam.encoder.backbones import backbone_names
from gleam.errors import ConfigError, EncoderError
from gleam.imagery.preparation import Preparation
from gleam.views import View

VIT: dict[str, Any] = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "patch_size": 8}
CNN: dict[str, Any] = {"depths": [1, 1, 1, 1], "hidden_sizes": [8, 8, 12, 16]}
TINY: dict[str, dict[str, Any]] = {
    "compact": {"stem": 8, "channels": [8, 12, 16]},
    "convnext": CNN,
    "convnextv2": CNN,
    "dinov2": {**VIT, "image_size": 32},
    "dinov2_with_registers": {**VIT, "image_size": 32},
    "dinov3_convnext": CNN,
    "dinov3_vit": {**VIT, "intermediate_size": 32, "num_register_tokens": 2},
    "siglip_vision_model": {**VIT, "intermediate_size": 32, "image_size": 32},
    "siglip2_vision_model": {**VIT, "intermediate_size": 32, "num_patches": 16},
    "vit": {**VIT, "intermediate_size": 32, "image_size": 32},
}


def config(name: str, options: dict[str, Any]) -> EncoderConfig:
    return EncoderConfig(
        backbone=name,
        backbone_options=options,
        dim=12,
        grid=2,
        grid_channels=4,
        preparation=Preparation(pixels=32),
    )


def test_every_name_has_a_tiny_model_here() -> None:
    assert sorted(TINY) == sorted(backbone_names())


@pytest.mark.parametrize("name", sorted(TINY))
def test_a_backbone_trains_saves_and_loads_without_the_hub(name: str, tmp_path: Path) -> None:
    model = build_model(config(name, TINY[name]), seed=1)
    pixels = torch.randint(0, 255, (4, 3, 32, 32), dtype=torch.uint8)
    vectors = model(model.normalise(pixels), [ViewRun(View.MAP, 2), ViewRun(View.SATELLITE, 2)])
    vectors[:, 0].sum().backward()
    gradients = [p.grad for p in model.backbone.parameters() if p.grad is not None]
    assert gradients and any(g.abs().max() > 0 for g in gradients)
    encoder = Encoder(model)
    encoder.save(tmp_path / "net")
    again = Encoder.from_pretrained(tmp_path / "net")
    squares = pixels.permute(0, 2, 3, 1).numpy()
    np.testing.assert_allclose(again.embed(squares, "drone"), encoder.embed(squares, "drone"), atol=1e-6)


def test_the_feature_map_keeps_rows_and_columns() -> None:
    """A bright lower right corner must light up the lower right of a transformer's map."""
    model = build_model(config("dinov2", TINY["dinov2"]), seed=1)
    dark = torch.zeros(1, 3, 32, 32, dtype=torch.uint8)
    lit = dark.clone()
    lit[:, :, 24:, 24:] = 255
    with torch.no_grad():
        change = (
            (model.backbone(model.normalise(lit)) - model.backbone(model.normalise(dark))).abs().sum(1)[0]
        )
    assert change.shape == (4, 4) and int(change.argmax()) == 15


@pytest.mark.parametrize("name", ["convnext", "dinov2"])
def test_weights_come_from_a_folder_in_the_hubs_format(name: str, tmp_path: Path) -> None:
    donor = build_model(config(name, TINY[name]), seed=5)
    donor.backbone.model.save_pretrained(tmp_path / "hub")
    model = build_model(config(name, {"pretrained": str(tmp_path / "hub")}), seed=6)
    for key, value in donor.backbone.state_dict().items():
        torch.testing.assert_close(model.backbone.state_dict()[key], value)


def test_another_kind_of_model_in_the_folder_is_refused(tmp_path: Path) -> None:
    build_model(config("vit", TINY["vit"]), seed=5).backbone.model.save_pretrained(tmp_path / "hub")
    with pytest.raises(EncoderError, match="vit"):
        build_model(config("convnext", {"pretrained": str(tmp_path / "hub")}))


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match="could not load"):
        build_model(config("convnext", {"pretrained": str(tmp_path / "nowhere")}))


def test_an_unknown_field_of_a_configuration_is_named() -> None:
    with pytest.raises(ConfigError, match="no field 'hidden_size_'"):
        build_model(config("vit", {"hidden_size_": 3}))
