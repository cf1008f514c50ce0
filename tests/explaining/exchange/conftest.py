import importlib.util
import sys
from pathlib import Path

import pytest

NAME = "gleam_test_tiny_bench"


@pytest.fixture(scope="session")
def tiny():
    """The module that makes small benchmarks."""
    if NAME not in sys.modules:
        path = Path(__file__).parents[1] / "reviewing" / "tiny_bench.py"
        spec = importlib.util.spec_from_file_location(NAME, path)
        module = importlib.util.module_from_spec(spec)
        sys.modules[NAME] = module
        spec.loader.exec_module(module)
    return sys.modules[NAME]


@pytest.fixture
def bench(tiny, tmp_path):
    from gleam.explaining.benchmark import Bench

    return Bench.open(tiny.make_bench(tmp_path / "bench", 6))


@pytest.fixture
def revised(bench, tiny):
    """The benchmark after people accepted, edited and discarded texts of its two test pairs."""
    from gleam.explaining.reviewing.revised import write_revised
    from gleam.explaining.reviewing.settings import ReviewSettings
    from gleam.explaining.reviewing.store import ReviewStore

    store = ReviewStore(bench)
    store.configure(ReviewSettings(double=0.0))
    first, second = store.items.values()
    told = tiny.decision(first, edits={"en": "A person wrote this <image> here."})
    store.review(first.pair.pair_id, "ann", told, base=0)
    told = tiny.decision(second, discards={"zh": {"reason": "vague"}})
    store.review(second.pair.pair_id, "ann", told, base=0)
    write_revised(store)
    return bench
