import base64
import html.parser
import io
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gleam.demo.findings import Overview, Region, Story
from gleam.demo.markup import both, chance, metres, percent
from gleam.demo.overlay import region_overlay
from gleam.demo.report import render, write_report
from gleam.demo.summary import as_plain, in_words
from gleam.files import to_json


class Page(html.parser.HTMLParser):
    """Collects tags, checks that they are closed in order, and keeps the visible text."""

    VOID = frozenset({"meta", "img", "input", "br"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not {"style", "script"} & set(self.open):
            self.text += data


@pytest.fixture(scope="module")
def text(make_story: Callable[..., Story]) -> str:
    return render(make_story())


def test_the_page_is_well_formed(text: str) -> None:
    page = Page(text)
    assert page.open == []
    assert text.startswith("<!doctype html>")
    names = [tag for tag, _ in page.tags]
    assert names.count("h1") == 1
    assert names.count("section") == 7


def test_the_page_needs_nothing_but_itself(text: str) -> None:
    page = Page(text)
    assert not {"script", "link", "iframe", "object", "embed"} & {tag for tag, _ in page.tags}
    for tag, attributes in page.tags:
        assert not any(name.startswith("on") for name in attributes), (tag, attributes)
        for name in ("src", "href", "xlink:href"):
            value = attributes.get(name)
            assert value is None or value.startswith("data:image/jpeg;base64,"), (tag, value)
    assert "url(" not in text
    assert "@import" not in text
    policy = next(a["content"] for t, a in page.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert "default-src 'none'" in policy


def test_pictures_travel_inside_and_carry_no_metadata(text: str, make_story: Callable[..., Story]) -> None:
    sources = re.findall(r'src="data:image/jpeg;base64,([^"]+)"', text)
    story = make_story()
    # Overview, three per photo (one photo has no answer), two per explained pair.
    assert len(sources) == 1 + 3 * len(story.photos) - 1 + 2 * len(story.explained)
    for source in sources:
        with Image.open(io.BytesIO(base64.b64decode(source))) as picture:
            assert picture.format == "JPEG"
            assert not picture.getexif()
            assert "xmp" not in picture.info


def test_every_picture_says_what_it_shows(text: str) -> None:
    images = [attributes for tag, attributes in Page(text).tags if tag == "img"]
    assert images
    assert all(a.get("alt") and a.get("width") and a.get("height") for a in images)


def test_both_languages_say_the_same_things(text: str) -> None:
    tags = Page(text).tags
    english = [a for _, a in tags if a.get("lang") == "en" and "class" in a]
    chinese = [a for _, a in tags if a.get("lang") == "zh-CN"]
    assert len(english) == len(chinese) > 40
    visible = Page(text).text
    assert "区域 1 一致：路口形状相同。" in visible
    assert "Region 1 agrees: the crossing has the same shape." in visible
    assert "<b>Region 3</b> speaks against it." in text


def test_text_from_outside_is_escaped(make_story: Callable[..., Story]) -> None:
    evil = '<script>alert("x")</script>&"'
    story = make_story()
    photo = replace(story.photos[0], file=evil, status=evil, answer=None)
    pair = replace(story.explained[0], file=evil, text_en=evil, text_zh=evil)
    stage = replace(story.stages[0], command=evil)
    page = render(
        replace(story, photos=(photo, *story.photos[1:]), explained=(pair,), stages=(stage,), encoder=evil)
    )
    assert "<script" not in page
    assert page.count("&lt;script&gt;") >= 5
    assert Page(page).open == []


def test_the_figures_are_those_of_the_story(text: str) -> None:
    visible = Page(text).text
    assert "6 / 8" in visible
    assert "97 %" in visible
    assert "1 min 56 s" in visible
    assert "cannot tell" in visible
    assert "wrong place" in visible
    assert "city seed 7" in visible


def test_a_template_dollar_in_the_content_is_harmless(make_story: Callable[..., Story]) -> None:
    story = make_story(encoder="$body ${x} $$")
    assert "$body ${x} $$" in Page(render(story)).text


def test_positions_fall_on_the_right_spot_of_the_map() -> None:
    overview = Overview(np.zeros((100, 200, 3), np.uint8), (10.0, 50.0, 10.02, 50.01), 1400.0)
    assert overview.place((50.01, 10.0)) == pytest.approx((0.0, 0.0))
    assert overview.place((50.0, 10.02)) == pytest.approx((1.0, 1.0))
    assert overview.place((50.0075, 10.005)) == pytest.approx((0.25, 0.25))


def test_regions_are_drawn_where_they_are_and_only_where_they_are() -> None:
    regions = (
        Region(1, ((0.25, 0.5, 0.75, 1.0), (0.0, 0.5, 0.1, 1.2)), (), supports=True),
        Region(2, (), ((0.0, 0.0, 0.5, 0.5),), supports=False),
    )
    query = region_overlay(regions, on_tile=False)
    assert 'x="25.00" y="50.00" width="50.00" height="50.00"' in query
    assert 'x="0.00" y="50.00" width="10.00" height="50.00"' in query
    assert query.count(">1</span>") == 1
    assert ">2</span>" not in query
    tile = region_overlay(regions, on_tile=True)
    assert "badge against" in tile
    assert ">1</span>" not in tile


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (0, "0 %"),
        (1, "100 %"),
        (0.005, "0.5 %"),
        (0.97, "97 %"),
        (0.974, "97.4 %"),
        (0.9999, "100 %"),
        (0.02, "2.0 %"),
    ],
)
def test_percent(share: float, said: str) -> None:
    assert percent(share) == said


def test_a_probability_never_reads_as_certain() -> None:
    assert [chance(p) for p in (0.996, 0.004, 0.97)] == [">99 %", "<1 %", "97 %"]


def test_small_words() -> None:
    assert metres(None) == "–"
    assert metres(12.4) == "12 m"
    assert metres(2345.0) == "2.3 km"
    assert both("<a>", "甲") == (
        '<span class="en" lang="en">&lt;a&gt;</span><span class="zh" lang="zh-CN">甲</span>'
    )


def test_the_file_is_written_whole(tmp_path: Path, make_story: Callable[..., Story]) -> None:
    write_report(make_story(), tmp_path / "new" / "report.html")
    assert (tmp_path / "new" / "report.html").read_text(encoding="utf-8").endswith("</html>\n")


def test_the_closing_lines_and_the_plain_data_agree(make_story: Callable[..., Story]) -> None:
    story = make_story()
    words = in_words(story, Path("demo/report.html"))
    plain = as_plain(story, Path("demo/report.html"))
    assert "demo/report.html" in words
    assert "97 %" in words
    assert plain["views"]["drone"]["recall@1"]["value"] == 0.97
    assert len(plain["photos"]) == 8
    assert '"report": "demo/report.html"' in to_json(plain)
