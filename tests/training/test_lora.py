"""Adapters: only they and the head learn, and the published encoder is a plain one that gives the same."""

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from gleam.cli.main import main
from gleam.config import load_config, to_yaml
from gleam.encoder import Encoder, EncoderConfig, EncoderModel, ViewRun, build_model
from gleam.errors import ConfigError
from gleam.imagery.preparation import Preparation
from gleam.training.checkpoint import newest_checkpoint
from gleam.training.config import LoraConfig, PhaseConfig, TrainConfig
from gleam.training.learner import Learner
from gleam.training.lora import add_adapters, merged
from gleam.training.runtime import Runtime
from gleam.training.trainer import train
from gleam.views import View

pytest.importorskip("peft", reason="adapters need peft (gleam-geo[train])")

Maker = Callable[..., TrainConfig]
RUNS = (ViewRun(View.SATELLITE, 2), ViewRun(View.MAP, 2))
KINDS = {
    "dinov2": "Dinov2Config",
    "dinov3_vit": "DINOv3ViTConfig",
    "vit": "ViTConfig",
    "siglip_vision_model": "SiglipVisionConfig",
}


def encoder(folder: Path, kind: str = "dinov2") -> EncoderConfig:
    """Save a tiny network as the hub would hold it; return a configuration that loads it."""
    import transformers

    from gleam.encoder.backbones.registry import TRANSFORMERS_NAMES

    torch.manual_seed(1)
    made = getattr(transformers, KINDS[kind])(
        hidden_size=16, num_hidden_layers=2, num_attention_heads=2, patch_size=8, image_size=32
    )
    getattr(transformers, TRANSFORMERS_NAMES[kind])(made).save_pretrained(folder)
    return EncoderConfig(
        backbone=kind,
        backbone_options={"pretrained": str(folder)},
        dim=12,
        grid=2,
        grid_channels=4,
        preparation=Preparation(pixels=32),
    )


def with_lively_adapters(config: EncoderConfig, lora: LoraConfig) -> tuple[EncoderModel, EncoderModel]:
    """Return a plain network, and the same with adapters that already learnt something."""
    plain = build_model(config, 0)
    adapted = build_model(config, 0)
    add_adapters(adapted, lora, 0)
    images = torch.randn(4, 3, 32, 32, generator=torch.Generator().manual_seed(2))
    plain.eval()
    adapted.eval()
    # An adapter begins as zero.
    torch.testing.assert_close(adapted(images, RUNS), plain(images, RUNS))
    for name, parameter in adapted.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.3)
    return plain, adapted


@pytest.mark.parametrize("targets", ["attention", "all", ["q_proj", "v_proj"]])
@pytest.mark.parametrize("kind", KINDS)
def test_merged_weights_give_what_the_adapters_gave(tmp_path: Path, kind: str, targets: Any) -> None:
    plain, adapted = with_lively_adapters(
        encoder(tmp_path / "hub", kind), LoraConfig(rank=3, targets=targets)
    )
    images = torch.randn(4, 3, 32, 32, generator=torch.Generator().manual_seed(3))
    wanted = adapted(images, RUNS)
    assert float((wanted - plain(images, RUNS)).detach().abs().max()) > 0.01
    whole = merged(adapted)
    torch.testing.assert_close(whole(images, RUNS), wanted, rtol=1e-4, atol=1e-5)
    assert whole.state_dict().keys() == plain.state_dict().keys()
    # Merging looks at a copy: the training can go on.
    torch.testing.assert_close(adapted(images, RUNS), wanted)


def test_only_adapters_and_head_learn(recipe: Maker, tmp_path: Path) -> None:
    config = recipe(encoder=encoder(tmp_path / "hub"), lora=LoraConfig(rank=2), ema_decay=0.5, evaluate=None)
    first = Learner(config, Runtime("cpu", threads=1))
    before = {name: tensor.clone() for name, tensor in first.model.state_dict().items()}
    first.begin(config.phases[0])
    trained = {name for name, parameter in first.model.named_parameters() if parameter.requires_grad}
    assert {name for name in trained if name.startswith("backbone.")} == {n for n in before if "lora_" in n}
    assert {name for name in trained if name.startswith("head.")}
    train(config)
    checkpoint = newest_checkpoint(Path(config.out) / "checkpoints")
    assert checkpoint is not None
    after = checkpoint.group("model")
    assert after.keys() == before.keys()
    for name in before:
        moved = not torch.equal(before[name], after[name])
        assert moved == (name in trained or name.endswith(("mean", "variance"))), name


def test_the_published_encoder_needs_no_adapters(
    recipe: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = recipe(
        encoder=encoder(tmp_path / "hub"), lora=LoraConfig(rank=2, targets="all"), phase={"rate": 3e-2}
    )
    train(config)
    out = Path(config.out)
    squares = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), dtype=np.uint8)
    last = Learner(config, Runtime("cpu", threads=1))
    checkpoint = newest_checkpoint(out / "checkpoints")
    assert checkpoint is not None
    last.model.load_state_dict(checkpoint.group("model"))
    wanted = Encoder(last.model).embed(squares, View.MAP)
    # As on a machine without the library, and without the folder that the training began with.
    for name in [name for name in sys.modules if name.split(".")[0] == "peft"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "peft", None)
    (tmp_path / "hub").rename(tmp_path / "gone")
    found = Encoder.from_pretrained(out).embed(squares, View.MAP)
    np.testing.assert_allclose(found, wanted, atol=1e-5)
    assert not [name for name in load_file(out / "model.safetensors") if "lora" in name]
    with pytest.raises(ConfigError, match=r"peft.*gleam-geo\[train\]"):
        add_adapters(
            build_model(replace(config.encoder, backbone="compact", backbone_options={})), LoraConfig(), 0
        )


def test_a_training_with_adapters_resumes_and_has_a_place_in_the_recipe(
    recipe: Maker, tmp_path: Path
) -> None:
    config = recipe(encoder=encoder(tmp_path / "hub"), lora=LoraConfig(rank=2), evaluate=None)
    file = tmp_path / "r.yaml"
    file.write_text(to_yaml(config))
    assert load_config(TrainConfig, file) == config
    train(config)
    third = PhaseConfig(name="three", places=config.phases[0].places, batch=8, steps=2)
    longer = replace(config, phases=[*config.phases, third])
    assert train(longer, resume=True).steps == 14
    whole = replace(longer, out=str(tmp_path / "whole"))
    train(whole)
    one, two = (load_file(Path(c.out) / "model.safetensors") for c in (longer, whole))
    assert all(torch.equal(one[name], two[name]) for name in one)
    with pytest.raises(ConfigError, match="lora differs"):
        train(replace(longer, lora=LoraConfig(rank=3)), resume=True)


def test_wrong_targets_list_the_choices(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = build_model(encoder(tmp_path / "hub"))
    with pytest.raises(ConfigError, match=r"'qkv' names no linear map.*'dinov2'.*fc1, fc2, k_proj"):
        add_adapters(model, LoraConfig(targets=["q_proj", "qkv"]), 0)
    with pytest.raises(ConfigError, match=r"'compact' has no linear maps"):
        add_adapters(build_model(EncoderConfig()), LoraConfig(), 0)
    with pytest.raises(ConfigError, match=r"lora\.rank"):
        LoraConfig(rank=0)
    with pytest.raises(SystemExit) as stopped:
        main(["train", "demo", "--set", "lora.ranks=4", "--dry-run"])
    assert stopped.value.code == 2 and "'rank'" in capsys.readouterr().err
