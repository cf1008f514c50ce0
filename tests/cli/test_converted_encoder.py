"""Weights of another project, from the checkpoint to coordinates, through the commands a user types."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest
import rasterio
import torch
from PIL import Image
from rasterio.transform import from_origin

from gleam.cli.main import main

_spec = importlib.util.spec_from_file_location(
    "networks", Path(__file__).parents[1] / "encoder" / "networks.py"
)
networks = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(networks)


def run(words: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    with pytest.raises(SystemExit) as left:
        main(words)
    return int(left.value.code or 0), capsys.readouterr().out


def test_from_a_checkpoint_to_coordinates(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    network = networks.shaken(networks.TimmConvNeXt(), seed=1)
    torch.save({f"module.model.{k}": v for k, v in network.state_dict().items()}, tmp_path / "w.pth")
    encoder, atlas = str(tmp_path / "s4g"), str(tmp_path / "area.atlas")
    words = ["encoder", "convert", "sample4geo", str(tmp_path / "w.pth"), "--out", encoder]
    assert run([*words, "--img-size", "64"], capsys)[0] == 0
    ground = np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8)
    area = np.asarray(Image.fromarray(ground).resize((400, 400), Image.Resampling.BICUBIC))
    with rasterio.open(
        tmp_path / "area.tif",
        "w",
        driver="GTiff",
        width=400,
        height=400,
        count=3,
        dtype="uint8",
        crs="EPSG:32631",
        transform=from_origin(500_000, 5_000_000, 0.5, 0.5),
    ) as raster:
        raster.write(area.transpose(2, 0, 1))
    words = [
        "atlas",
        "build",
        str(tmp_path / "area.tif"),
        "--encoder",
        encoder,
        "--out",
        atlas,
        "--tile-m",
        "64",
    ]
    assert run(words, capsys)[0] == 0
    Image.fromarray(area[64:192, 64:192]).save(tmp_path / "map.png")
    Image.fromarray(np.concatenate([area[:128], area[128:256]], 1)[:, :256]).save(tmp_path / "pano.jpg")
    for photo, view in (("map.png", "map"), ("pano.jpg", "panorama")):
        words = ["locate", str(tmp_path / photo), "--view", view, "--atlas", atlas, "--encoder", encoder]
        code, out = run([*words, "--json"], capsys)
        answer = json.loads(out)
        answer = answer["answers"][0] if "answers" in answer else answer
        assert code in (0, 4) and answer["probability"] is None, out
        assert answer["status"] in ("ambiguous", "cannot_tell", "located") and answer["calibration"] is None
        assert abs(answer["candidates"][0]["lat"] - 45.15) < 0.1
    words = ["explain", str(tmp_path / "map.png"), str(tmp_path / "map.png"), "--view", "map"]
    code, out = run([*words, "--encoder", encoder], capsys)
    assert code == 0 and "no regions were measured" in out and "control" not in out
