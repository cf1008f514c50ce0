"""Names of local models: folder, hub id, revision, adapter."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gleam.errors import GleamError
from gleam.explaining.local.naming import ModelName, parse_model_name


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("model", "a+b", "lora", "models"):
        (tmp_path / name).mkdir()
    (tmp_path / "model" / "config.json").write_text("{}")
    (tmp_path / "lora" / "adapter_config.json").write_text("{}")
    return tmp_path


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("local:model", ModelName(folder=Path("model"))),
        ("model", ModelName(folder=Path("model"))),
        ("a+b", ModelName(folder=Path("a+b"))),
        ("model+lora", ModelName(folder=Path("model"), adapter=Path("lora"))),
        ("lora", ModelName(adapter=Path("lora"))),
        ("Qwen/Qwen2.5-VL-3B-Instruct", ModelName(hub_id="Qwen/Qwen2.5-VL-3B-Instruct")),
        ("Qwen/Q@abc+lora", ModelName(hub_id="Qwen/Q", revision="abc", adapter=Path("lora"))),
        ("hf-hub:models/Q", ModelName(hub_id="models/Q")),
    ],
)
def test_forms(here, text, wanted):
    assert parse_model_name(text) == wanted


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("local:", "needs a model"),
        ("nothing-here", "no folder 'nothing-here'"),
        # The folder exists: a mistyped path must not become a question to the hub.
        ("models/qwen", "no folder 'models/qwen'"),
        ("model+missing", "adapter folder 'missing'"),
        ("Qwen/Q@", "names no revision"),
        ("../up/and/away", "no folder"),
    ],
)
def test_what_is_wrong_is_said(here, text, said):
    with pytest.raises(GleamError, match=said):
        parse_model_name(text)


@given(
    st.from_regex(r"[A-Za-z0-9][\w.-]{0,20}/[\w.-]{1,20}", fullmatch=True),
    st.none() | st.from_regex(r"[a-f0-9]{1,40}", fullmatch=True),
)
def test_hub_ids_survive_a_round_trip(hub_id, revision):
    name = ModelName(hub_id=hub_id, revision=revision)
    if not Path(hub_id.split("/")[0]).exists():
        assert parse_model_name(f"local:{name.text}") == name
