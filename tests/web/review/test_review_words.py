"""Every word of the page comes from the dictionaries, and both say the same things."""

import json
import re
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path
from typing import get_args

from gleam.explaining.reviewing.board import Standing
from gleam.explaining.reviewing.decisions import REASONS, Status
from gleam.views import View

STATIC = Path(str(files("gleam.web.review"))) / "static"
WORDS = {name: json.loads((STATIC / "text" / f"{name}.json").read_text("utf-8")) for name in ("en", "zh")}
SCRIPTS = {path.name: path.read_text("utf-8") for path in STATIC.glob("*.js")}
PAGE = (STATIC / "index.html").read_text("utf-8")
MADE = {
    # Keys that scripts put together.
    *(f"status.{name}" for name in get_args(Status)),
    *(f"reason.{name}" for name in REASONS),
    *(f"standing.{name}" for name in get_args(Standing)),
    *(f"query.{view.value}" for view in View),
    *(f"language.{name}" for name in ("en", "zh")),
    *(f"conflict.{name}" for name in ("stale", "taken", "settled", "keep", "replace", "add", "later")),
    *(f"history.{name}" for name in ("review", "adjudicate", "import", "undo")),
    *(f"question.{name}" for name in ("match", "text", "keep")),
    *(f"act.{name}" for name in ("discard", "undo", "skip", "history")),
    *(f"{key}.{form}" for key in ("done.pairs", "done.settle") for form in ("one", "other")),
}


def asked():
    keys = set(re.findall(r'data-t(?:-label|-title)?="([^"]+)"', PAGE))
    for text in SCRIPTS.values():
        keys |= set(re.findall(r'\bt\("([^"]+)"', text))
        keys |= set(
            re.findall(r'"((?:col|progress|verdict|settled|regions|zoom|region|text)\.[\w.]+)"', text)
        )
    listed = re.search(r"const KEYS = (.*?);", SCRIPTS["dialogs.js"], re.DOTALL)[1]
    keys |= {f"key.{name}" for name in re.findall(r'\["(\w+)", ', listed)}
    for one in ("act.accept", "act.save", "theme.light", "theme.dark", "discard.keep"):
        keys.add(one)
    return {key for key in keys if "." in key or key in WORDS["en"]} | MADE


def test_both_languages_say_the_same_things():
    assert WORDS["en"].keys() == WORDS["zh"].keys()
    for key, said in WORDS["en"].items():
        assert set(re.findall(r"\{\w+\}", said)) == set(re.findall(r"\{\w+\}", WORDS["zh"][key])), key
        assert said.strip() and WORDS["zh"][key].strip()
        assert not re.search(r"[一-鿿]", said), key


def test_every_key_that_is_asked_for_is_there():
    assert asked() - WORDS["en"].keys() == set()


def test_no_key_is_idle():
    idle = WORDS["en"].keys() - asked() - {"title"}
    assert {key for key in idle if not any(key in text for text in SCRIPTS.values())} == set()


def test_the_page_holds_no_words_of_its_own():
    said = []

    class Words(HTMLParser):
        def handle_data(self, data):
            if data.strip():
                said.append(data.strip())

    Words().feed(PAGE)
    # The name of the program, the names of the languages in themselves, a sign.
    assert said == ["GLEAM", "EN", "中文", "?"]
    for name, text in SCRIPTS.items():
        bare = re.findall(r"}, \"([A-Za-z][a-z]+ [^\"]*)\"", text)
        assert bare == [], name
