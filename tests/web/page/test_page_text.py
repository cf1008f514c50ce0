"""Every word comes from a dictionary, in both languages; numbers are said as they are meant."""

import hashlib
import json
import re
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path

import pytest

from gleam.geo import bearing_deg, distance_m, offset

STATIC = Path(str(files("gleam.web"))) / "static"
SCRIPTS = sorted((STATIC / "page").glob("*.js"))
NAMES = {"GLEAM", "English", "中文"}
"""Words that are the same in every language."""


def dictionary(language: str) -> dict[str, str]:
    pairs = json.loads(
        (STATIC / "text" / f"{language}.json").read_text("utf-8"), object_pairs_hook=lambda pairs: pairs
    )
    assert len({key for key, _ in pairs}) == len(pairs), "a key stands twice"
    return dict(pairs)


class _Texts(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.keys: set[str] = set()
        self.spoken: list[str] = []
        self.inside = ""

    def handle_starttag(self, tag, attrs):
        self.inside = tag
        for name, value in attrs:
            if name.startswith("data-t"):
                self.keys.add(value)
            elif name in ("aria-label", "title", "placeholder", "alt"):
                self.spoken.append(value)

    def handle_data(self, data):
        if data.strip() and self.inside != "title":
            self.texts.append(data.strip())


def test_both_languages_have_the_same_keys_and_placeholders():
    english, chinese = dictionary("en"), dictionary("zh")
    assert list(english) == list(chinese)
    for key, said in english.items():
        assert sorted(re.findall(r"\{\w+\}", said)) == sorted(re.findall(r"\{\w+\}", chinese[key])), key
        assert said.strip() and chinese[key].strip(), key


def test_no_words_stand_in_the_page_itself():
    read = _Texts()
    read.feed((STATIC / "index.html").read_text("utf-8"))
    assert set(read.texts) <= NAMES
    assert read.spoken == []
    assert read.keys <= set(dictionary("en"))


def test_no_words_stand_in_the_scripts():
    for script in SCRIPTS:
        code = re.sub(r"/\*.*?\*/|(?<![:\"'`\w])//[^\n]*", "", script.read_text("utf-8"), flags=re.S)
        strings = re.findall(r'"((?:[^"\\\n]|\\.)*)"', code)
        # What is said begins with a capital and has a space, or is Chinese; names of keys and classes do not.
        said = [s for s in strings if re.search(r"[\u4e00-\u9fff]|^[A-Z][a-z]+ \w", s) and s not in NAMES]
        assert said == [], script.name


def test_every_key_that_the_scripts_name_is_there_and_every_key_is_named():
    known = dictionary("en")
    code = "\n".join(script.read_text("utf-8") for script in SCRIPTS) + (STATIC / "index.html").read_text(
        "utf-8"
    )
    named = set(re.findall(r'\bt\("([\w.-]+)"', code))
    for base in re.findall(r'\bcount\("([\w.-]+)"', code):
        named |= {f"{base}.one", f"{base}.other"}
    assert named <= set(known)
    families = set(re.findall(r"[`\"]([\w.]+[._])\$\{", code))
    unused = [
        key
        for key in known
        if f'"{key}"' not in code and key not in named and not any(key.startswith(f) for f in families)
    ]
    assert unused == []


def test_server_sentences_are_valid_patterns():
    for language in ("en", "zh"):
        for pattern, words in json.loads((STATIC / "text" / f"server.{language}.json").read_text("utf-8")):
            groups = re.compile(pattern).groups
            assert all(int(n) <= groups for n in re.findall(r"\$(\d)", words)), pattern


def test_vendored_files_are_the_recorded_ones_with_their_licences():
    listed = json.loads((STATIC / "vendor" / "vendor.json").read_text("utf-8"))
    for name, package in listed.items():
        there = {p.name for p in (STATIC / "vendor" / name).iterdir()}
        assert there == set(package["sha256"])
        assert any("LICEN" in file.upper() for file in there)
        for file, digest in package["sha256"].items():
            data = (STATIC / "vendor" / name / file).read_bytes()
            assert hashlib.sha256(data).hexdigest() == digest
            assert b"sourceMappingURL" not in data


def test_nothing_is_inline_and_nothing_comes_from_elsewhere():
    page = (STATIC / "index.html").read_text("utf-8")
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", page)
    for own in [*SCRIPTS, *STATIC.glob("*.css"), *(STATIC / "page").glob("*.css"), STATIC / "index.html"]:
        addresses = re.findall(r"https?://[^\s\"'`)]+", own.read_text("utf-8"))
        assert [a for a in addresses if not a.startswith("http://www.w3.org/")] == [], own.name


@pytest.fixture(scope="module")
def window(shared_visit):
    return shared_visit()


@pytest.mark.parametrize(
    ("probability", "words", "percent"),
    [
        (1.0, "More than 99 in 100", ">99 %"),
        (0.991, "More than 99 in 100", ">99 %"),
        (0.99, "About 19 in 20", "99 %"),
        (0.93, "About 19 in 20", "93 %"),
        (0.9, "About 9 in 10", "90 %"),
        (0.5, "About 5 in 10", "50 %"),
        (0.07, "About 1 in 10", "7 %"),
        (0.02, "About 1 in 20", "2 %"),
        (0.0, "Fewer than 1 in 100", "<1 %"),
    ],
)
def test_a_probability_is_said_in_words_and_never_as_certainty(window, probability, words, percent):
    said = window.page.evaluate(
        "async (p) => { const { chance, percent } = await import('/static/page/wording.js');"
        "  return [chance(p), percent(p)]; }",
        probability,
    )
    assert said[0].startswith(words)
    assert said[1] == percent


def test_ground_geometry_agrees_with_pyproj(window):
    for lat, lon in ((0.0, 0.0), (39.72, 69.0), (-54.8, -68.3), (69.6, 18.9), (10.0, 179.999)):
        other = offset(lat, lon, 410.0, -275.0)
        away, bearing, moved = window.page.evaluate(
            """async ([a, b]) => {
              const g = await import('/static/page/geo.js');
              return [g.distanceMetres(a, b), g.bearingDegrees(a, b), g.moved(a, 410, -275)];
            }""",
            [{"lat": lat, "lon": lon}, {"lat": other[0], "lon": other[1]}],
        )
        assert away == pytest.approx(distance_m(lat, lon, *other), rel=1e-4)
        assert bearing == pytest.approx(bearing_deg(lat, lon, *other), abs=0.02)
        assert distance_m(moved["lat"], (moved["lon"] + 180) % 360 - 180, *other) < 0.2


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("39.72222, 69.00001", (39.72222, 69.00001)),
        ("-33.5 ; 151.25", (-33.5, 151.25)),
        ("39°43'20.00\"N 69°00'00.04\"E", (39.7222222, 69.0000111)),
        ("33°30′0″S 70°15′0″W", (-33.5, -70.25)),
        ("100, 20", None),
        ("here", None),
        ("1 2 3", None),
    ],
)
def test_positions_are_read_as_people_write_them(window, text, position):
    read = window.page.evaluate("async (s) => (await import('/static/page/positions.js')).read(s)", text)
    if position is None:
        assert read is None
    else:
        assert (read["lat"], read["lon"]) == pytest.approx(position, abs=1e-6)


def test_chinese_is_chinese_everywhere(visit, city_atlas):
    chinese = visit(locale="zh-CN")
    page = chinese.page
    chinese.locate(city_atlas.photo("drone", 1)[0])
    page.wait_for_selector("#why-panel .why-region")
    for summary in ("#hints", "#truth", "#details"):
        page.click(f"{summary} > summary")
    assert page.title() == dictionary("zh")["title"]
    assert chinese.text("#answer .chip") == dictionary("zh")["status.located"]
    left = page.evaluate(
        """() => {
          const words = [];
          const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
          while (walk.nextNode()) {
            const node = walk.currentNode;
            const parent = node.parentElement;
            const name = parent.closest('code, .mono, .photo-name, .answer-head, option, .map-credit');
            if (name || !parent.checkVisibility()) continue;
            words.push(...(node.textContent.match(/[A-Za-z][a-z]{2,}/g) ?? []));
          }
          return [...new Set(words)];
        }"""
    )
    names = {
        "cities",
        "city",
        "atlas",
        "satellite",
        "tif",
        "English",
        "Esc",
        "Relative",
        "Altitude",
        "XMP",
        "drone",
        "dji",
    }
    assert set(left) <= names
    page.click("#speak-en")
    page.wait_for_selector("html[lang='en']")
    assert chinese.text("#answer .chip") == dictionary("en")["status.located"]
    page.reload()
    page.wait_for_selector("#answer .claim")
    assert page.evaluate("document.documentElement.lang") == "en"
