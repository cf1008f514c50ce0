"""Real drone photos over real imagery; skipped where the private folder is absent."""

import importlib.util
import os
import sys
from pathlib import Path

import pytest

FOLDER = os.environ.get("GLEAM_REALDATA", "")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (FOLDER and (Path(FOLDER) / "fengyuan_uav").is_dir()), reason="GLEAM_REALDATA is not set"
    ),
]


@pytest.fixture(scope="module")
def script():
    path = Path(__file__).parents[2] / "benchmarks" / "real_drone_photos.py"
    spec = importlib.util.spec_from_file_location("real_drone_photos", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_the_benchmark_runs_with_fresh_weights(script, tmp_path):
    from gleam.encoder import Encoder
    from gleam.encoder.config import EncoderConfig

    encoder = Encoder.untrained(EncoderConfig(dim=32), seed=0)
    result = script.measure(Path(FOLDER), encoder, tmp_path)
    assert result["sets"]["fengyuan"]["photos"] == 23
    assert result["sets"]["brighton_beach"]["photos"] == 18
    assert result["sets"]["brighton_beach"]["skipped"]  # more than half of the orthophoto is black
    for figures in result["sets"].values():
        for numbers in figures["ways"].values():
            assert numbers["answered"] == figures["photos"]
            assert numbers["median_m"] > 0
