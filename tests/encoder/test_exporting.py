"""ONNX files: what onnxruntime computes from them is what the encoder computes, or they are not kept."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from gleam.cli.main import main
from gleam.encoder import Encoder, EncoderConfig, ViewRun
from gleam.encoder.exporting import OnnxEncoder, export, export_onnx, load_maker
from gleam.errors import EncoderError, GleamError
from gleam.imagery.preparation import Preparation
from gleam.views import Pose, View

pytest.importorskip("onnxruntime", reason="the extra onnx is not installed")

SMALL = EncoderConfig(
    backbone_options={"stem": 8, "channels": [8, 12, 16]},
    dim=16,
    grid=2,
    grid_channels=6,
    turns=4,
    preparation=Preparation(pixels=32, ground_width_m=64.0),
)
RAW = EncoderConfig(
    backbone="convnext",
    backbone_options={"hidden_sizes": [4, 6, 8, 12], "depths": [1, 1, 1, 1]},
    head="pooled",
    preparation=Preparation(pixels=32, geometry="raw", panorama_pixels=(32, 64)),
)


def pictures(count: int, height: int = 32, width: int = 32, seed: int = 0) -> np.ndarray:
    """Return smooth coloured patterns, as pictures are."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (count, 8, 8, 3)).astype(np.float32)
    return np.kron(coarse, np.ones((1, height // 8, width // 8, 1))).astype(np.uint8)


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    """An encoder whose statistics per view are not the initial ones."""
    made = Encoder.untrained(SMALL, seed=3, name="small")
    made.model.train()
    shown = torch.from_numpy(pictures(20)).permute(0, 3, 1, 2)
    for _ in range(3):
        made.model(made.model.normalise(shown), [ViewRun(view, 4) for view in View])
    made.model.eval()
    made.calibration = {"pairs": [{"name": "test"}]}
    return made


@pytest.fixture(scope="module")
def files(encoder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The encoder for drone pictures, in every number type, two pictures at once."""
    out = tmp_path_factory.mktemp("onnx") / "small.onnx"
    done = export_onnx(encoder, out, "drone", batch=2, dtypes=("fp32", "bf16", "int8"), pictures=pictures(32))
    for one in done:
        least = {"fp32": 1 - 1e-6, "bf16": 0.999, "int8": 0.98}[one.metadata.dtype]
        assert one.cosine >= least and one.bytes == one.file.stat().st_size
    assert done[0].difference <= 1e-5 < done[1].difference < done[2].difference
    return {one.metadata.dtype: one.file for one in done}


def test_the_file_gives_the_vectors_of_the_plain_network(
    encoder: Encoder, files: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLEAM_EXACT", "1")
    ours = OnnxEncoder([files["fp32"]])
    shown = pictures(5, seed=9)  # not a multiple of the batch
    np.testing.assert_allclose(ours.embed(shown, "drone"), encoder.embed(shown, "drone"), atol=1e-5)
    assert ours.fingerprint == encoder.fingerprint and ours.dim == 64
    assert ours.preparation == encoder.preparation and ours.name == "small (onnx fp32)"
    # Probabilities are those of the encoder's own similarities, which int8 does not quite give.
    assert ours.calibration == encoder.calibration and not OnnxEncoder([files["int8"]]).calibration
    images = list(np.random.default_rng(2).integers(0, 256, (3, 50, 60, 3), np.uint8))
    poses = [Pose(heading_deg=30.0)] * 3
    np.testing.assert_allclose(
        ours.encode(images, "drone", poses), encoder.encode(images, "drone", poses), atol=1e-5
    )
    assert len(ours.encode_headings(images[0], "drone", count=3)[0]) == 3


def test_narrow_files_are_smaller(files: dict[str, Path]) -> None:
    sizes = {dtype: file.stat().st_size for dtype, file in files.items()}
    assert sizes["bf16"] < sizes["fp32"]
    assert not [file for file in files["fp32"].parent.iterdir() if file.suffix != ".onnx"]


def test_statistics_per_view_make_a_file_per_view(files: dict[str, Path]) -> None:
    with pytest.raises(EncoderError, match=r"Two files in .* serve one view"):
        OnnxEncoder.open(files["fp32"].parent)
    ours = load_maker(f"onnx:{files['fp32']}")
    assert isinstance(ours, OnnxEncoder) and ours.views == (View.DRONE,)
    with pytest.raises(EncoderError, match=r"no exported file for map pictures, only for drone"):
        ours.embed(pictures(1), "map")


def test_views_of_one_size_share_a_file_where_statistics_are_joint(tmp_path: Path) -> None:
    encoder = Encoder.untrained(RAW, seed=1)
    (square,) = export_onnx(encoder, tmp_path / "square.onnx", "drone")
    (wide,) = export_onnx(encoder, tmp_path / "wide.onnx", "panorama")
    assert set(square.metadata.views) == set(View) - {View.PANORAMA}
    assert wide.metadata.views == (View.PANORAMA,)
    both = OnnxEncoder([square.file, wide.file])
    shown = pictures(3, 32, 64)
    np.testing.assert_allclose(both.embed(shown, "panorama"), encoder.embed(shown, "panorama"), atol=1e-5)
    np.testing.assert_allclose(
        both.embed(shown[:, :, :32], "map"), encoder.embed(shown[:, :, :32], "map"), atol=1e-5
    )
    with pytest.raises(EncoderError, match="no encoder that gleam encoder export made"):
        _without_metadata(square.file, tmp_path / "other.onnx")


def _without_metadata(file: Path, out: Path) -> None:
    import onnx

    model = onnx.load(file)
    del model.metadata_props[:]
    onnx.save_model(model, out)
    OnnxEncoder([out])


def test_a_file_that_differs_is_refused_and_the_older_one_stays(
    encoder: Encoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "small.onnx"
    out.write_bytes(b"older")
    monkeypatch.setattr(export, "LARGEST_DIFFERENCE", 0.0)
    with pytest.raises(EncoderError, match="was not kept: in onnxruntime its vectors differ"):
        export_onnx(encoder, out, "map")
    assert out.read_bytes() == b"older" and [file.name for file in tmp_path.iterdir()] == ["small.onnx"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"dtypes": ["fp8"]}, "Choose one of: bf16, fp32, int8"),
        ({"dtypes": ["int8"]}, "needs at least 16 map pictures"),
        ({"view": "side"}, "Unknown view"),
    ],
)
def test_what_cannot_be_exported_is_named(
    encoder: Encoder, tmp_path: Path, words: dict, message: str
) -> None:
    with pytest.raises(GleamError, match=message):
        export_onnx(encoder, tmp_path / "x.onnx", **{"view": "map", **words})


def test_files_that_are_none_are_named(tmp_path: Path) -> None:
    (tmp_path / "x.onnx").write_bytes(b"nothing")
    for files, message in (
        ([tmp_path / "x.onnx"], "cannot be loaded"),
        ([tmp_path / "y.onnx"], "does not exist"),
        ([], "at least one"),
    ):
        with pytest.raises(EncoderError, match=message):
            OnnxEncoder(files)


def test_files_of_two_encoders_do_not_mix(files: dict[str, Path], tmp_path: Path) -> None:
    (other,) = export_onnx(Encoder.untrained(RAW, seed=2), tmp_path / "raw.onnx", "drone")
    with pytest.raises(EncoderError, match="use files of one encoder"):
        OnnxEncoder([files["fp32"], other.file])


def test_the_command_tells_how_exact_the_file_is(
    encoder: Encoder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    encoder.save(tmp_path / "small")
    words = ["encoder", "export", str(tmp_path / "small"), "--out", str(tmp_path / "x.onnx"), "--view", "map"]
    with pytest.raises(SystemExit) as left:
        main([*words, "--json"])
    assert left.value.code == 0
    told = json.loads(capsys.readouterr().out)
    assert told["views"] == ["map"] and 0 <= told["difference"] <= 1e-5
    with pytest.raises(SystemExit) as left:
        main(["encoder", "export", str(tmp_path / "small")])
    assert left.value.code == 2 and "--measure PLACES" in capsys.readouterr().err
