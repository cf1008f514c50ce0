"""Milvus: its addresses and refusals, and the whole conformance suite on a real server (opt-in).

The server of PyPI listens on all interfaces, so it only ever runs in a network namespace of its own, which
has nothing but a loopback. To run it (Linux, ``unshare`` and ``ip``):

    pip install --no-deps --target FOLDER milvus==2.3.5
    GLEAM_TEST_MILVUS_SERVER=FOLDER python -m pytest tests/atlas/test_store_milvus.py
"""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gleam.atlas.store import open_store
from gleam.errors import AtlasError

SERVER = os.environ.get("GLEAM_TEST_MILVUS_SERVER", "")
needs_client = pytest.mark.skipif(importlib.util.find_spec("pymilvus") is None, reason="needs pymilvus")


@pytest.mark.parametrize(
    ("url", "match"),
    [
        ("milvus+http://127.0.0.1:19530", "milvus\\+http://HOST:PORT/COLLECTION"),
        ("milvus+http://127.0.0.1:19530/two words", "letters, digits and underscores"),
        ("milvus+http://127.0.0.1:port/tiles", "no address of a Milvus server"),
        ("milvus+http://root:secret@127.0.0.1/tiles", "GLEAM_MILVUS_TOKEN"),
        ("milvus:tiles.sqlite", "milvus:FILE.db"),
        ("postgres://x", "no address of a store"),
    ],
)
def test_addresses_that_are_none_are_told(tmp_path, url, match):
    with pytest.raises(AtlasError, match=match) as caught:
        open_store(tmp_path, url, dim=4)
    assert "root:secret" not in str(caught.value)


@needs_client
def test_a_server_that_does_not_answer_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("GLEAM_MILVUS_TOKEN", "root:very-secret")
    monkeypatch.setattr("gleam.atlas.store.milvus._TIMEOUT_S", 1.0)
    with pytest.raises(AtlasError, match="check that Milvus runs there") as caught:
        open_store(tmp_path, "milvus+http://127.0.0.1:1/tiles", dim=4)
    assert "very-secret" not in str(caught.value)


def test_without_the_client_the_sentence_names_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pymilvus", None)
    with pytest.raises(AtlasError, match=r"gleam-geo\[cluster\]"):
        open_store(tmp_path, "milvus:tiles.db", dim=4)


@needs_client
@pytest.mark.slow
@pytest.mark.skipif(not SERVER, reason="opt-in: GLEAM_TEST_MILVUS_SERVER names where milvus lies")
def test_the_same_suite_on_a_real_server(tmp_path):
    here = Path(__file__)
    suite = [str(here.with_name(f"test_store_{name}.py")) for name in ("conformance", "changes")]
    inside = (
        f"ip link set lo up && exec {sys.executable} {here.with_name('milvus_server.py')} {SERVER} {tmp_path}"
    )
    command = ["unshare", "--net", "--map-root-user", "sh", "-c", f"{inside} {' '.join(suite)}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=1800)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert " passed" in done.stdout
    print(done.stdout.splitlines()[-1])
