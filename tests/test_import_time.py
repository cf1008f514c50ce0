"""Importing the package and asking for help must feel instant, and must not load what is heavy."""

import json
import os
import subprocess
import sys

import pytest

LIMIT_S = 0.5
HEAVY = {"torch", "transformers", "rasterio", "lancedb", "pyarrow", "numba", "scipy", "sklearn"}

LIST_MODULES = "import json, sys; print(json.dumps(sorted(m for m in sys.modules if '.' not in m)))"


def seconds_of(*command: str) -> float:
    """Return the least CPU time of three runs: busy neighbours must not fail the test."""
    best = float("inf")
    for _ in range(3):
        before = os.times()
        subprocess.run([sys.executable, *command], check=True, capture_output=True)
        after = os.times()
        user = after.children_user - before.children_user
        best = min(best, user + after.children_system - before.children_system)
    return best


@pytest.mark.parametrize(
    "command",
    [("-c", "import gleam"), ("-m", "gleam.cli.main", "--help"), ("-m", "gleam.cli.main", "--version")],
    ids=["import", "help", "version"],
)
def test_it_is_fast(command: tuple[str, ...]) -> None:
    assert seconds_of(*command) < LIMIT_S


def test_import_loads_nothing_heavy() -> None:
    printed = subprocess.run(
        [sys.executable, "-c", f"import gleam; {LIST_MODULES}"], check=True, capture_output=True, text=True
    )
    assert not HEAVY & set(json.loads(printed.stdout))


def test_help_of_every_verb_loads_nothing_heavy() -> None:
    program = (
        "import sys\n"
        "from gleam.cli.main import VERBS, main\n"
        "import contextlib, io\n"
        "for words in [[], *([verb] for verb in VERBS)]:\n"
        "    with contextlib.redirect_stdout(io.StringIO()):\n"
        "        try:\n"
        "            main([*words, '--help'])\n"
        "        except SystemExit as leaving:\n"
        "            assert leaving.code == 0, (words, leaving.code)\n" + LIST_MODULES
    )
    printed = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert not HEAVY & set(json.loads(printed.stdout))


def test_public_names_are_loaded_on_first_use() -> None:
    program = (
        "import gleam, sys\n"
        "assert 'torch' not in sys.modules\n"
        "assert set(gleam.__all__) <= set(dir(gleam))\n"
        "from gleam import Atlas, Encoder, Explainer, Locator\n"
        "assert all(isinstance(c, type) for c in (Atlas, Encoder, Explainer, Locator))\n"
        "assert 'torch' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_an_unknown_name_is_an_attribute_error() -> None:
    import gleam

    with pytest.raises(AttributeError, match="no attribute 'Nonsense'"):
        _ = gleam.Nonsense  # type: ignore[attr-defined]
    assert gleam.__version__[0].isdigit()
