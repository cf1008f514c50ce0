import importlib.util
import sys
from pathlib import Path

import pytest

NAME = "gleam_test_tiny_bench"


@pytest.fixture(scope="session")
def tiny():
    """The module that makes small benchmarks."""
    if NAME not in sys.modules:
        path = Path(__file__).with_name("tiny_bench.py")
        spec = importlib.util.spec_from_file_location(NAME, path)
        module = importlib.util.module_from_spec(spec)
        sys.modules[NAME] = module
        spec.loader.exec_module(module)
    return sys.modules[NAME]


@pytest.fixture
def open_store(tiny, tmp_path):
    """Make a store on a new benchmark."""
    from gleam.explaining.benchmark import Bench
    from gleam.explaining.reviewing.settings import ReviewSettings
    from gleam.explaining.reviewing.store import ReviewStore

    def build(count=6, *, root=tmp_path / "bench", change=None, teachers=("city",), **settings):
        tiny.make_bench(root, count, split="test", change=change, teachers=teachers)
        store = ReviewStore(Bench.open(root))
        store.configure(ReviewSettings(**settings))
        return store

    return build
