"""Weights of other projects: the same vectors, and not one tensor lost in silence."""

from __future__ import annotations

import importlib.util
import json
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from gleam.cli.main import main
from gleam.encoder import Encoder
from gleam.encoder.convert import KINDS, NOT_PLAIN, convert
from gleam.encoder.convert.kinds import kind_of
from gleam.errors import EncoderError, GleamError

_spec = importlib.util.spec_from_file_location("networks", Path(__file__).with_name("networks.py"))
networks = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(networks)

SQUARES = np.random.default_rng(4).integers(0, 256, (3, 64, 64, 3), np.uint8)
PANORAMAS = np.random.default_rng(5).integers(0, 256, (2, 64, 128, 3), np.uint8)


def saved(path: Path, network: nn.Module, prefix: str, **beside: Tensor) -> Path:
    """Save a network as a project does: its names behind a prefix, further tensors beside."""
    torch.save({**{f"{prefix}{k}": v for k, v in network.state_dict().items()}, **beside}, path)
    return path


def vectors_of(network: nn.Module, pictures: np.ndarray) -> np.ndarray:
    """Return what the original gives for pictures normalised with ImageNet's statistics, at unit length."""
    x = torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255.0
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    with torch.inference_mode():
        y = network((x - mean[:, None, None]) / std[:, None, None])
        return functional.normalize(y, dim=1).numpy()


@pytest.mark.parametrize("conv_mlp", [False, True])
def test_timms_names_give_the_vectors_of_the_network(tmp_path: Path, conv_mlp: bool) -> None:
    network = networks.shaken(networks.TimmConvNeXt(conv_mlp=conv_mlp), seed=1)
    file = saved(tmp_path / "w.pth", network, "model.", logit_scale=torch.tensor(2.6))
    done = convert("sample4geo", file, pixels=64)
    assert done.dropped == {"logit_scale": "scale of the loss"}
    assert done.encoder.config.backbone == "convnext" and done.encoder.dim == 24
    for view, pictures in (("satellite", SQUARES), ("panorama", PANORAMAS)):
        ours = done.encoder.embed(pictures, view)
        difference = np.abs(ours - vectors_of(network, pictures)).max()
        assert difference <= (1e-5 if conv_mlp else 0.0), difference


@pytest.mark.parametrize("kind", ["camp", "dac", "mean"])
def test_the_originals_names_give_the_vectors_of_the_network(tmp_path: Path, kind: str) -> None:
    network = networks.shaken(networks.OriginalConvNeXt(), seed=2)
    beside = {
        "logit_scale": torch.tensor(2.6),
        "logit_scale_blocks": torch.tensor(2.6),
        "w_blocks1": torch.ones([]),
        "model_1.classifier1.classifier.0.weight": torch.ones(4, 4),
        "model_1.classifier_mcb1.add_block.0.bias": torch.ones(4),
    }
    own = {
        "camp": "model_1.pos_embed",
        "dac": "model_1.proj_obj.mlp.0.weight",
        "mean": "model_1.DEG.FC1.bias",
    }
    beside[own[kind]] = torch.ones(2)
    file = saved(tmp_path / "w.pth", network, "model_1.convnext.", **beside)
    done = convert(kind, file, pixels=64)
    assert set(done.dropped) == {*beside, "model_1.convnext.head.weight", "model_1.convnext.head.bias"}
    np.testing.assert_array_equal(done.encoder.embed(SQUARES, "drone"), vectors_of(network, SQUARES))


def test_a_checkpoint_of_data_parallel_training_loads_whole_and_says_so(tmp_path: Path) -> None:
    """Peers' defect 3: behind ``module.`` their lenient loading takes 0 of 100 tensors, and says nothing."""
    network = networks.shaken(networks.TimmConvNeXt(), seed=3)
    plain = convert("sample4geo", saved(tmp_path / "a.pth", network, "model."), pixels=64)
    parallel = convert("sample4geo", saved(tmp_path / "b.pth", network, "module.model."), pixels=64)
    assert any("'module.' before every name" in note for note in parallel.notes)
    assert parallel.used == plain.used == len(network.state_dict())
    np.testing.assert_array_equal(plain.encoder.embed(SQUARES, "map"), parallel.encoder.embed(SQUARES, "map"))


def test_names_half_behind_module_are_refused(tmp_path: Path) -> None:
    state = {f"model.{k}": v for k, v in networks.TimmConvNeXt().state_dict().items()}
    torch.save({**state, "module.model.extra": torch.ones(2)}, tmp_path / "w.pth")
    with pytest.raises(EncoderError, match=r"1 are unknown \(module.model.extra\)"):
        convert("sample4geo", tmp_path / "w.pth")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("missing", r"1 missing: backbone.model.encoder.stages.1.layers.0.dwconv.bias"),
        ("shape", r"1 of another shape: .*pwconv1.weight \(3, 8\) for \(32, 8\)"),
    ],
)
def test_what_does_not_fit_is_named(tmp_path: Path, change: str, message: str) -> None:
    state = {f"model.{k}": v for k, v in networks.TimmConvNeXt().state_dict().items()}
    if change == "missing":
        del state["model.stages.1.blocks.0.conv_dw.bias"]
    else:
        state["model.stages.0.blocks.0.mlp.fc1.weight"] = torch.ones(3, 8)
    torch.save(state, tmp_path / "w.pth")
    with pytest.raises(EncoderError, match=message):
        convert("sample4geo", tmp_path / "w.pth", pixels=64)


def test_two_networks_in_one_file_are_refused_with_the_reason(tmp_path: Path) -> None:
    state = networks.TimmConvNeXt().state_dict()
    torch.save({f"model{n}.{k}": v for n in (1, 2) for k, v in state.items()}, tmp_path / "w.pth")
    with pytest.raises(EncoderError, match="two networks, one per view"):
        convert("game4loc", tmp_path / "w.pth")


class _Payload:
    """What a hostile checkpoint holds: it would write a file when it is unpickled."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple:
        return (Path.touch, (self.target,))


@pytest.mark.parametrize("zipped", [True, False])
def test_code_in_a_checkpoint_is_never_run(tmp_path: Path, zipped: bool) -> None:
    target, file = tmp_path / "touched", tmp_path / "w.pth"
    content = {"model.stem.0.weight": _Payload(target)}
    if zipped:
        torch.save(content, file)
    else:
        file.write_bytes(pickle.dumps(content))
    with pytest.raises(EncoderError, match=r"w\.pth"):
        convert("sample4geo", file)
    assert not target.exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no PyTorch checkpoint"),
        (b"not weights at all", "w.pth"),
        (None, "does not exist"),
    ],
)
def test_files_that_are_no_checkpoints_are_named(tmp_path: Path, content: bytes | None, message: str) -> None:
    if content is not None:
        (tmp_path / "w.pth").write_bytes(content)
    with pytest.raises(EncoderError, match=message):
        convert("sample4geo", tmp_path / "w.pth")


@pytest.mark.parametrize("content", [[1, 2], {}, {"epoch": 3}, {"a": {"b": torch.ones(1)}}])
def test_content_that_is_no_network_is_named(tmp_path: Path, content: object) -> None:
    torch.save(content, tmp_path / "w.pth")
    with pytest.raises(EncoderError, match=r"w\.pth"):
        convert("sample4geo", tmp_path / "w.pth")


def test_weights_under_a_trainers_key_are_found(tmp_path: Path) -> None:
    network = networks.TimmConvNeXt()
    state = {f"model.{k}": v for k, v in network.state_dict().items()}
    torch.save({"epoch": 3, "state_dict": state}, tmp_path / "w.pth")
    done = convert("sample4geo", tmp_path / "w.pth", pixels=64)
    assert done.notes == ("the weights lay under 'state_dict', beside epoch",)


def test_kinds_that_are_not_plain_say_why() -> None:
    for name in NOT_PLAIN:
        with pytest.raises(GleamError, match="cannot be converted"):
            kind_of(name)
    assert kind_of("Sample4Geo") is KINDS["sample4geo"]
    with pytest.raises(GleamError, match="Did you mean 'sample4geo'"):
        kind_of("sample4gee")


def test_the_command_saves_an_encoder_that_says_where_it_comes_from(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    network = networks.shaken(networks.TimmConvNeXt(), seed=6)
    file = saved(tmp_path / "weights_e40.pth", network, "model.", logit_scale=torch.tensor(2.6))
    words = [
        "encoder",
        "convert",
        "sample4geo",
        str(file),
        "--out",
        str(tmp_path / "s4g"),
        "--img-size",
        "64",
    ]
    with pytest.raises(SystemExit) as left:
        main([*words, "--panorama", "24x128", "--json"])
    assert left.value.code == 0
    told = json.loads(capsys.readouterr().out)
    encoder = Encoder.from_pretrained(tmp_path / "s4g")
    assert encoder.fingerprint == told["fingerprint"] and told["dropped"] == {
        "logit_scale": "scale of the loss"
    }
    assert encoder.preparation.panorama_pixels == (24, 128)
    assert encoder.origin is not None and encoder.origin["file"] == "weights_e40.pth"
    card = (tmp_path / "s4g" / "README.md").read_text()
    assert "trained by others" in card and "apache" not in card.lower()
    encoder.save_calibration(tmp_path / "s4g")
    assert (tmp_path / "s4g" / "README.md").read_text() == card
    np.testing.assert_array_equal(encoder.embed(SQUARES, "drone"), vectors_of(network, SQUARES))
    with pytest.raises(SystemExit) as left:
        main(["encoder", "show", str(tmp_path / "s4g")])
    assert left.value.code == 0
    shown = capsys.readouterr().out
    assert "Sample4Geo" in shown and encoder.fingerprint in shown and "gleam calibrate" in shown


def test_the_list_tells_the_shipped_encoder(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["encoder", "list", "--json"])
    assert left.value.code == 0
    (city,) = [one for one in json.loads(capsys.readouterr().out) if one["name"] == "city"]
    assert city["fingerprint"] == "9565889270b6c330" and city["dim"] == 768
    assert any("answers" in told and "drone" in told for told in city["calibration_sets"])


@pytest.mark.parametrize("size", ["384", "axb", "384x"])
def test_a_size_that_is_none_is_refused(
    size: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["encoder", "convert", "timm", "w.pth", "--out", str(tmp_path / "o"), "--panorama", size]
    with pytest.raises(SystemExit) as left:
        main(words)
    assert left.value.code == 2 and "HEIGHTxWIDTH" in capsys.readouterr().err
