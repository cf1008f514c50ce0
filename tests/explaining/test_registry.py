"""Explainers by name: what is missing is said in one sentence, and only what is asked for is imported."""

import subprocess
import sys

import pytest

from gleam.errors import GleamError
from gleam.explaining import Explainer, explainer


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("evidnce", "Unknown explainer 'evidnce'. Did you mean 'evidence'"),
        ("evidence:x", "Unknown explainer"),
        ("local", "lacks its model: write local:MODEL"),
        ("local:", "lacks its model"),
        ("api", "lacks its model: write api:MODEL@URL"),
        ("api:gpt", "does not say which model of which server"),
        ("evidence", "needs an encoder"),
        ("student", "needs an encoder"),
    ],
)
def test_wrong_names(name, said):
    with pytest.raises(GleamError) as caught:
        Explainer.from_name(name, None)
    assert said in str(caught.value)


def test_a_missing_package_is_named(monkeypatch):
    def broken(module):
        raise ModuleNotFoundError("no", name="peft")

    monkeypatch.setattr(explainer, "import_module", broken)
    with pytest.raises(GleamError, match=r"needs the package peft; run: pip install 'gleam-geo\[explain\]'"):
        Explainer.from_name("local:some/model", None)

    def absent(module):
        raise ModuleNotFoundError("no", name="gleam.explaining.local")

    monkeypatch.setattr(explainer, "import_module", absent)
    with pytest.raises(GleamError, match=r"This build of GLEAM has no gleam\.explaining\.local"):
        Explainer.from_name("local:some/model", None)


def test_asking_a_server_needs_neither_torch_nor_transformers():
    code = (
        "import sys; from gleam.explaining import Explainer;"
        "Explainer.from_name('api:m@http://127.0.0.1:9/v1', None);"
        "print(sorted({'torch', 'transformers', 'trl'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
