"""Number types of one encoder, measured on the same places: the loss is the difference of their recalls."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gleam.cli.encoder_export import _print
from gleam.encoder import Encoder, EncoderConfig
from gleam.errors import TableError
from gleam.evaluation.variants import REFERENCE, measure_variants
from gleam.imagery.preparation import Preparation
from gleam.places.table import PlaceImage, Places
from gleam.views import View

pytest.importorskip("onnxruntime", reason="the extra onnx is not installed")


def write_places(folder: Path, count: int, seed: int) -> Places:
    rows = []
    for number in range(count):
        pattern = np.random.default_rng([seed, number]).integers(0, 256, (6, 6, 3), np.uint8)
        for view in (View.SATELLITE, View.MAP):
            path = folder / f"{view.value}-{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pattern).resize((48, 48), Image.Resampling.BICUBIC).save(path)
            where = {"lat": 10.0 + 0.01 * number, "lon": 20.0, "ground_width_m": 100.0}
            rows.append(PlaceImage(place=f"p{number}", view=view, path=path.name, **where))
    table = Places(rows, folder)
    table.write(folder)
    return Places.read(folder)


def test_every_number_type_is_measured_against_the_plain_network(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = EncoderConfig(
        backbone_options={"stem": 4, "channels": [6, 8, 12]},
        dim=16,
        grid=2,
        grid_channels=4,
        view_statistics=False,
        preparation=Preparation(pixels=32, ground_width_m=100.0),
    )
    encoder = Encoder.untrained(config, seed=1, name="small")
    searched, ranges = write_places(tmp_path / "a", 20, seed=1), write_places(tmp_path / "b", 16, seed=2)
    told = measure_variants(encoder, searched, ranges)
    by_name = {one["name"]: one for one in told["variants"]}
    assert told["gallery"] == 20 and told["fingerprint"] == encoder.fingerprint
    reference = by_name[REFERENCE]["views"]["map"]
    for one in told["variants"]:
        figures = one["views"]["map"]
        for rank in (1, 5):
            expected = reference[f"recall@{rank}"] - figures[f"recall@{rank}"]
            assert figures[f"loss@{rank}"] == pytest.approx(expected, abs=0.01)
        assert figures["pictures_per_s"] > 0 and "recall@1" not in one["views"]["satellite"]
    # The pictures of the two views are the same files, so even an untrained network finds them all.
    assert reference["recall@1"] == by_name["onnx fp32"]["views"]["map"]["recall@1"] == 100.0
    assert by_name["onnx bf16 weights"]["bytes"] < by_name["onnx fp32"]["bytes"]
    _print(told)
    assert "onnx int8" in capsys.readouterr().out
    with pytest.raises(TableError, match="need 16"):
        measure_variants(encoder, searched, ranges.take(np.arange(20)))
