"""One request to a real server that misbehaves: every misdeed is one kind of problem and one sentence."""

import json
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from gleam.errors import GleamError
from gleam.explaining.chat import Chat, ChatRequest, Target
from gleam.explaining.chat.pictures import jpeg_of
from gleam.explaining.chat.problems import ChatError, ReplyError
from gleam.explaining.chat.reply import read_reply, usage_of
from gleam.explaining.chat.saying import read_said, verdict_schema


def request(pictures, language="en"):
    return ChatRequest(
        "Judge." if language == "en" else "请判断。",
        "Same?",
        (("1", jpeg_of(pictures[0])), ("2", jpeg_of(pictures[1]))),
        verdict_schema((language,)),
        "verdict",
        logprobs=True,
    )


def chat(server, **options):
    return Chat(Target.parse(f"model@{server.url}"), **{"timeout_s": 2.0, **options})


@pytest.mark.parametrize(
    ("behaviour", "kind", "said"),
    [
        ("busy", "busy", "asks to wait (429): Rate limit reached"),
        ("quota", "quota", "no money left"),
        ("e500", "server", "failed (500)"),
        ("slow", "timeout", "did not answer within 2 s"),
        ("drip", "timeout", "had not finished after 2 s"),
        ("cut", "unreachable", "broke off"),
        ("huge", "too_long", "more than 2 MiB"),
        ("huge_error", "too_long", "more than 2 MiB"),
        ("one_image", "request", "At most 1 image(s)"),
        ("echo_key", "key", "does not accept the key in GLEAM_API_KEY"),
        ("redirect", "request", "points to another address"),
        ("gzip", "request", "as gzip, unasked"),
    ],
)
def test_misdeeds_of_a_server(server, teacher, pictures, behaviour, kind, said):
    server.plan = lambda number, body: behaviour
    started = time.monotonic()
    with pytest.raises(ChatError) as caught:
        chat(server).send(request(pictures))
    assert caught.value.kind == kind
    assert said in str(caught.value)
    assert teacher.KEY not in str(caught.value)
    assert teacher.KEY.encode() not in caught.value.body
    assert time.monotonic() - started < 10
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("behaviour", "said", "refused"),
    [
        ("refusal", "The model refused: I can't help", True),
        ("length", "cut off", False),
        ("half", "did not write JSON", False),
        ("prose", "did not write JSON: They match", False),
        ("empty", "empty", False),
        ("html", "not JSON", False),
        ("non_utf8", "not UTF-8", False),
        ("deep", "not JSON", False),
        ("wrong_language", "not in English", False),
        ("null_match", "neither true nor false", False),
    ],
)
def test_replies_that_are_none(server, pictures, behaviour, said, refused):
    server.plan = lambda number, body: behaviour
    raw = chat(server).send(request(pictures)).body
    with pytest.raises(ReplyError) as caught:
        read_said(read_reply(raw).data, ("en",))
    assert said in str(caught.value)
    assert caught.value.refused is refused


@pytest.mark.parametrize("behaviour", ["ok", "fence", "no_schema", "no_logprobs", "no_usage"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_good_replies(server, pictures, behaviour, language):
    server.plan = lambda number, body: behaviour
    reply = read_reply(chat(server).send(request(pictures, language)).body)
    said = read_said(reply.data, (language,))
    told = reply.probability_of("match", "true", "false")
    if behaviour == "no_logprobs":
        assert told is None
        assert said.stated_probability == pytest.approx(0.9 if said.match else 0.1)
    else:
        share = np.exp(-0.1)
        assert told == pytest.approx(share if said.match else 1 - share)
    assert (reply.input_tokens is None) == (behaviour == "no_usage")
    asked = server.requests[-1]
    form = asked.body.get("response_format", {}).get("type")
    assert form == ("json_object" if behaviour == "no_schema" else "json_schema")
    if behaviour == "no_schema":
        assert "JSON schema" in asked.body["messages"][0]["content"]


def test_the_schema_asks_for_evidence_before_the_verdict():
    schema = verdict_schema(("en",))
    assert schema["required"] == ["evidence", "explanation", "match", "confidence", "language"]
    assert schema["additionalProperties"] is False
    both = verdict_schema(("en", "zh"))["required"]
    assert both.index("match") > both.index("explanation_zh") > both.index("evidence_en")


def test_pictures_are_sent_small_and_without_metadata(server, pictures, tmp_path):
    exif = Image.Exif()
    exif[0x010E] = "secret place"
    big = Image.fromarray(np.zeros((900, 1800, 3), np.uint8))
    big.save(tmp_path / "a.jpg", exif=exif)
    one = ChatRequest("s", "p", (("1", jpeg_of(tmp_path / "a.jpg")),), verdict_schema(("en",)), "verdict")
    chat(server).send(one)
    (image, raw), *_ = server.requests[0].pictures
    assert image.size == (768, 384)
    assert image.format == "JPEG"
    assert not image.getexif()
    assert b"secret" not in raw
    assert b"Exif" not in raw


def test_the_list_of_models(server):
    assert [model["id"] for model in chat(server).models()] == ["model", "other"]
    server.models = None
    assert chat(server).models() is None
    server.key = "another"
    with pytest.raises(ChatError, match="does not accept the key"):
        chat(server).models()


def test_nobody_there():
    with pytest.raises(ChatError, match="cannot be reached") as caught:
        Chat(Target.parse("model@http://127.0.0.1:9/v1")).models()
    assert caught.value.kind == "unreachable"
    assert not caught.value.may_be_billed


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("gpt", "does not say which model"),
        ("@openai", "does not say which model"),
        ("m@opnai", "Unknown server 'opnai'. Did you mean 'openai'"),
        ("m@ftp://x", "no address of a server"),
        ("m@https://user:pass@x/v1", "must not hold keys"),
        ("m@https://x/v1?key=1", "must not hold keys"),
        ("m@http://api.openai.com/v1", "over https only"),
    ],
)
def test_targets_that_are_none(text, said):
    with pytest.raises(GleamError) as caught:
        Target.parse(text)
    assert said in str(caught.value)


def test_where_keys_come_from(monkeypatch):
    monkeypatch.delenv("ARK_API_KEY", raising=False)
    ark = Target.parse("doubao@ark")
    assert (ark.model, ark.host.key) == ("doubao", "ARK_API_KEY")
    with pytest.raises(GleamError, match="put it in the environment variable ARK_API_KEY"):
        ark.key()
    monkeypatch.setenv("ARK_API_KEY", "abc\n")
    assert ark.key() == "abc"
    monkeypatch.setenv("ARK_API_KEY", "a b")
    with pytest.raises(GleamError, match="characters that no key has") as caught:
        ark.key()
    assert "a b" not in str(caught.value)
    monkeypatch.delenv("GLEAM_API_KEY", raising=False)
    assert Target.parse("m@http://127.0.0.1:8000/v1").key() == "none"
    model = Target.parse("org/m@v2@https://my.server/v1")
    assert (model.model, model.host.key) == ("org/m@v2", "GLEAM_API_KEY")


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.binary(max_size=60) | json_values.map(lambda v: json.dumps(v).encode()))
def test_any_reply_is_read_or_refused_in_one_sentence(raw):
    usage_of(raw)
    with pytest.raises(ReplyError):
        read_reply(raw)


@given(json_values, json_values, json_values)
def test_any_verdict_is_read_or_refused(match, confidence, text):
    data = {"match": match, "confidence": confidence, "evidence": [text], "explanation": text}
    try:
        said = read_said(data, ("en",))
    except ReplyError:
        return
    assert isinstance(said.match, bool)
    assert 0 <= said.stated_probability <= 1
