"""Where a model comes from: whole folders, and a hub that is asked only by its ids."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from gleam.errors import GleamError
from gleam.explaining.local.hub import find_base
from gleam.explaining.local.model import LocalModel, Settings
from gleam.explaining.local.naming import parse_model_name

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def copy(folders, tmp_path):
    return shutil.copytree(folders["qwen3_vl"], tmp_path / "copy")


def load(folder):
    return LocalModel.load(str(folder), Settings(image_side=112))


def test_no_config(tmp_path):
    with pytest.raises(GleamError, match=r"config\.json is missing"):
        load(tmp_path)


def test_broken_config(copy):
    (copy / "config.json").write_text("{")
    with pytest.raises(GleamError, match=r"config\.json cannot be read"):
        load(copy)


def test_a_model_of_another_kind_lists_the_known_ones(copy):
    config = json.loads((copy / "config.json").read_text()) | {"model_type": "llama"}
    (copy / "config.json").write_text(json.dumps(config))
    with pytest.raises(GleamError, match=r"'llama'.*Qwen2\.5-VL.*Qwen3-VL.*InternVL.*LLaVA"):
        load(copy)


def test_pickled_weights_are_not_touched(copy):
    (copy / "model.safetensors").rename(copy / "pytorch_model.bin")
    with pytest.raises(GleamError, match=r"pytorch_model\.bin is pickled, which is never loaded"):
        load(copy)


def test_a_missing_shard_is_named(copy):
    index = {"weight_map": {"a": "model.safetensors", "b": "model-00002-of-00002.safetensors"}}
    (copy / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(GleamError, match=r"1 of 2 files.*model-00002"):
        load(copy)


def test_cut_off_weights(copy):
    weights = (copy / "model.safetensors").read_bytes()
    (copy / "model.safetensors").write_bytes(weights[: len(weights) // 2])
    with pytest.raises(GleamError, match="cannot be loaded"):
        load(copy)


def test_weights_that_lack_a_layer(copy):
    from safetensors.torch import load_file, save_file

    weights = load_file(copy / "model.safetensors")
    dropped = next(name for name in weights if "q_proj" in name)
    del weights[dropped]
    save_file(weights, copy / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(GleamError, match="lacks 1 weights"):
        load(copy)


def test_a_tokenizer_of_another_model(copy, folders):
    config = json.loads((copy / "config.json").read_text()) | {"image_token_id": 7}
    (copy / "config.json").write_text(json.dumps(config))
    with pytest.raises(GleamError, match="do not belong together"):
        load(copy)


@pytest.mark.parametrize("name", ["tokenizer.json", "preprocessor_config.json"])
def test_a_missing_file_is_named(copy, name):
    (copy / name).unlink()
    with pytest.raises(GleamError, match=f"lacks {name}"):
        load(copy)


def test_a_device_that_is_not_there(copy):
    with pytest.raises(GleamError, match="device 'nowhere' cannot be used"):
        LocalModel.load(str(copy), Settings(device="nowhere"))


def test_the_fingerprint_follows_the_weights(copy):
    before = find_base(parse_model_name(str(copy))).fingerprint()
    weights = bytearray((copy / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (copy / "model.safetensors").write_bytes(weights)
    assert find_base(parse_model_name(str(copy))).fingerprint() != before


def serve(folder, asked):
    """Start a server that speaks the part of the hub's protocol by which a repository is fetched."""

    class Hub(BaseHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def do_HEAD(self):
            self.do_GET()

        def do_GET(self):
            asked.append(self.path)
            path = self.path.split("?")[0]
            if path.startswith("/api/models/tiny/qwen/tree/"):
                tree = [
                    {"type": "file", "path": file.name, "size": file.stat().st_size, "oid": file.name}
                    for file in folder.iterdir()
                ]
                self.reply(json.dumps(tree).encode())
            elif path.startswith("/api/models/tiny/qwen"):
                files = [{"rfilename": file.name} for file in folder.iterdir()]
                self.reply(json.dumps({"id": "tiny/qwen", "sha": COMMIT, "siblings": files}).encode())
            elif path.startswith("/tiny/qwen/resolve/"):
                body = (folder / path.rsplit("/", 1)[1]).read_bytes()
                self.reply(body, ETag=f'"{hashlib.sha256(body).hexdigest()}"')
            else:
                self.send_error(404)

        def reply(self, body, **headers):
            self.send_response(200)
            self.send_header("X-Repo-Commit", COMMIT)
            self.send_header("Content-Length", str(len(body)))
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


ASK = """
from gleam.explaining.local.hub import find_base
from gleam.explaining.local.naming import parse_model_name
try:
    base = find_base(parse_model_name("local:tiny/qwen"))
    print(base.revision, base.fingerprint(), sorted(file.name for file in base.folder.iterdir()))
except Exception as error:
    print(type(error).__name__, error)
"""


def ask(home, **settings):
    # In a process of its own: the hub's library reads its settings when it is imported.
    env = {**os.environ, "HF_HOME": str(home), "HF_HUB_DISABLE_XET": "1", **settings}
    done = subprocess.run([sys.executable, "-c", ASK], capture_output=True, text=True, env=env, cwd=home)
    return done.stdout.strip() or done.stderr


def test_a_hub_id_is_fetched_from_the_mirror_once_and_then_found_offline(folders, tmp_path):
    source = shutil.copytree(folders["qwen3_vl"], tmp_path / "source")
    (source / "pytorch_model.bin").write_bytes(b"pickle")
    (source / "code.py").write_text("raise SystemExit")
    home, asked = tmp_path / "home", []
    home.mkdir()
    server = serve(source, asked)
    try:
        mirror = f"http://127.0.0.1:{server.server_port}"
        told = ask(home, HF_ENDPOINT=mirror, HF_HUB_OFFLINE="0")
    finally:
        server.shutdown()
    fingerprint = find_base(parse_model_name(str(source))).fingerprint()
    assert told.startswith(f"{COMMIT} {fingerprint}"), told
    assert "model.safetensors" in told
    assert "pytorch_model.bin" not in told
    assert "code.py" not in told
    assert not any("pytorch_model" in path or "code.py" in path for path in asked)
    assert ask(home, HF_ENDPOINT=mirror, HF_HUB_OFFLINE="1") == told


def test_offline_and_never_fetched(tmp_path):
    told = ask(tmp_path, HF_HUB_OFFLINE="1")
    assert told.startswith("GleamError The model 'tiny/qwen' could not be had from the hub"), told
    assert "HF_ENDPOINT" in told
