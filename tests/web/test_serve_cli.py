"""``gleam serve``: what it refuses before anything is loaded."""

import importlib.util
import socket

import pytest

from gleam.cli import main as cli


def refusal(words, capsys):
    """Run the command line in this process; return its exit code and what it said."""
    with pytest.raises(SystemExit) as leaving:
        cli.main(["serve", *words])
    return leaving.value.code, capsys.readouterr().err


def test_the_missing_extra_is_one_sentence(capsys, monkeypatch):
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda n, *a: None if n == "fastapi" else real(n, *a))
    code, said = refusal(["--atlas", "a"], capsys)
    assert code == 2
    assert said == (
        "Error: gleam serve needs fastapi, which the base install leaves out; run: "
        "pip install 'gleam-geo[serve]'.\n"
    )


def test_others_need_a_token(capsys, monkeypatch):
    monkeypatch.delenv("GLEAM_TOKEN", raising=False)
    code, said = refusal(["--atlas", "a", "--host", "0.0.0.0"], capsys)
    assert code == 2 and "GLEAM_TOKEN" in said and said.count("\n") == 1
    code, said = refusal(["--atlas", "a", "--host", "0.0.0.0", "--token-from-environment"], capsys)
    assert code == 2 and "GLEAM_TOKEN is not set" in said


def test_a_taken_port_and_a_missing_atlas(capsys, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        code, said = refusal(["--atlas", "a", "--port", port], capsys)
    assert code == 2 and f"port {port}" in said
    code, said = refusal(["--atlas", str(tmp_path / "none"), "--port", "0"], capsys)
    assert code == 2 and "does not exist" in said


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--lang", "fr"], "en, zh"),
        (["--port", "99999"], "99999"),
        (["--host", "no.such.host.invalid"], "GLEAM_TOKEN"),
    ],
)
def test_impossible_settings(capsys, words, told):
    code, said = refusal(["--atlas", "a", *words], capsys)
    assert code == 2 and told in said
