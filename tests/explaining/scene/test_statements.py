"""Reading texts of other writers: paraphrases, denials, whose thing it is, verdicts, traps."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gleam.errors import GleamError
from gleam.explaining.scene import read_statements
from gleam.explaining.scene.reading.mentions import number_of
from gleam.explaining.scene.reading.patterns import patterns

EN = [
    (
        "Image 1 is an aerial view taken by a drone. It shows a cluster of red-roofed detached houses "
        "along a "
        "curved street, and a small swimming pool in one of the gardens. Image 2, the satellite tile, "
        "shows the "
        "same red-roofed houses and the pool; the T-intersection at the centre lines up as well. I conclude "
        "that both images depict the same location.",
        True,
        {"roof_colour": "red", "land_use": "houses", "facility": "pool"},
        {"roof_colour": "red", "facility": "pool", "junction": "t_junction"},
    ),
    (
        "The panorama reveals a wide avenue flanked by mid-rise apartment buildings, with a railway "
        "line on the "
        "left. By contrast, the satellite image contains only low, single-family homes and no tracks "
        "whatsoever. "
        "The two views therefore cannot be of the same place.",
        False,
        {"road": "main", "height": "middle", "land_use": "apartments", "railway": "railway"},
        {"height": "low", "land_use": "houses", "railway": "none"},
    ),
    (
        "No bridge is visible in either picture. Both contain a roundabout. A river can be seen in the drone "
        "photo, but it isn't present in the satellite tile, so these are two different places.",
        False,
        {"bridge": "none", "junction": "roundabout", "water": "river"},
        {"bridge": "none", "junction": "roundabout", "water": "none"},
    ),
    (
        "The river visible in the drone photo is missing from the satellite tile. These do not match.",
        False,
        {"water": "river"},
        {"water": "none"},
    ),
    (
        "The roofs are red in the drone photo but grey in the satellite tile; red cars and a green "
        "field are in "
        "both.",
        None,
        {"roof_colour": "red"},
        {"roof_colour": "grey"},
    ),
    (
        "The street view doesn't show any river or railway. The tall towers line a broad boulevard. "
        "Verdict: same location.",
        True,
        {"water": "none", "railway": "none", "height": "high", "road": "main"},
        {},
    ),
    (
        "Neither the map nor the satellite tile shows a railway, and both show a four-way intersection.",
        None,
        {"railway": "none", "junction": "crossroads"},
        {"railway": "none", "junction": "crossroads"},
    ),
    (
        "The drone photo shows 24 houses and ten-storey towers; the tile has about 10 buildings with "
        "two floors.",
        None,
        {"buildings": "many", "height": "high"},
        {"buildings": "several", "height": "low"},
    ),
]
ZH = [
    (
        "第一张图为无人机航拍图，可见一片红色屋顶的独栋住宅，道路呈丁字形交汇，院子里有一个泳池。"
        "第二张卫星图同样显示红色屋顶的独栋住宅与泳池。由此判断，两图拍摄的是同一个地方。",
        True,
        {"junction": "t_junction", "roof_colour": "red", "land_use": "houses", "facility": "pool"},
        {"roof_colour": "red", "land_use": "houses", "facility": "pool"},
    ),
    (
        "街景全景图中街道较宽，两侧为多层公寓楼，未见河流；卫星图中则有一条河流穿过，且房屋低矮。两"
        "者并不是同一地点。",
        False,
        {"road": "main", "height": "middle", "land_use": "apartments", "water": "none"},
        {"water": "river", "height": "low"},
    ),
    (
        "无人机照片里看不到铁路，而卫星影像中铁路清晰可见，因此二者不匹配。",
        False,
        {"railway": "none"},
        {"railway": "railway"},
    ),
    (
        "两幅图像均无桥梁，都有环岛。屋顶颜色一致，均为灰色屋顶。综合判断：两张图像为同一位置。",
        True,
        {"bridge": "none", "junction": "roundabout", "roof_colour": "grey"},
        {"bridge": "none", "junction": "roundabout", "roof_colour": "grey"},
    ),
    (
        "地图上没有河流、铁路或桥。卫星图上也没有水体。结论：不同地点。",
        False,
        {"water": "none", "railway": "none", "bridge": "none"},
        {"water": "none"},
    ),
    (
        "无人机图像显示十字路口、红色屋顶和河流。",
        None,
        {"junction": "crossroads", "roof_colour": "red", "water": "river"},
        {},
    ),
    ("无人机照片中屋顶为红色，而卫星图中为灰色。", None, {"roof_colour": "red"}, {"roof_colour": "grey"}),
    ("地图上有二十五栋房屋，卫星图里的楼房有十二层。", None, {"buildings": "many"}, {"height": "high"}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("language", "text", "verdict", "query", "tile"),
    [("en", *case) for case in EN] + [("zh", *case) for case in ZH],
)
def test_texts_of_others_are_read(language, text, verdict, query, tile):
    reading = read_statements(text, language)
    assert reading.verdict is verdict
    assert reading.query == query
    assert reading.tile == tile


@pytest.mark.parametrize(
    ("language", "text", "verdict"),
    [
        ("en", "The two pictures show the same place.", True),
        ("en", "They do not show the same place.", False),
        ("en", "They don't depict the same location.", False),
        ("en", "It is unlikely that this is the same site.", False),
        ("en", "They are not two different places but the same one; it is a match.", True),
        ("en", "If they were the same place, there would be a river. They are not.", None),
        ("en", "Do both show the same place? The pictures do not match.", False),
        ("en", "The tile fails to match the photo.", None),
        ("en", "The photo matches the tile.", True),
        ("en", "The river runs in the same position in both.", None),
        ("en", "Both show the same red roofs.", None),
        ("en", "They match in roof colour, yet these are different places.", False),
        ("en", "Match: no", False),
        ("en", "They depict the same place... no: on closer look they are distinct locations.", False),
        ("zh", "两张图片显示同一地点。", True),
        ("zh", "两张图片显示的不是同一地点。", False),
        ("zh", "二者并非同一个地方。", False),
        ("zh", "二者并非不同地点。", True),
        ("zh", "是否为同一地点？二者不匹配。", False),
        ("zh", "如果是同一地点，就应有河流。", None),
        ("zh", "两图匹配，为同一处。", True),
        ("zh", "不能认为它们属于同一位置。", False),
        ("zh", "两者拍摄于不同的地点。", False),
        ("zh", "屋顶颜色相同。", None),
    ],
)
def test_the_verdict_of_a_text(language, text, verdict):
    assert read_statements(text, language).verdict is verdict


@pytest.mark.parametrize(
    ("language", "text", "differ", "agree"),
    [
        ("en", "They differ in the roof colour and the road width.", {"roof_colour", "road"}, set()),
        ("en", "The road width agrees, but the junction type is different.", {"junction"}, {"road"}),
        ("en", "The street direction does not match.", {"street_axis"}, set()),
        ("en", "Although both contain a crossroads, the roof colours differ.", {"roof_colour"}, set()),
        ("en", "Both show a river and a railway; they are different places.", set(), set()),
        ("zh", "二者的屋顶颜色和道路走向不同，路口形式一致。", {"roof_colour", "street_axis"}, {"junction"}),
        ("zh", "两张图均未见河流，二者的建筑高度不一致。", {"height"}, set()),
    ],
)  # fmt: skip
def test_differences_and_agreements(language, text, differ, agree):
    reading = read_statements(text, language)
    assert reading.differences == differ
    assert reading.agreements == agree


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "The drone photo shows parked cars, a red car, a blue sky and shadows."),
        ("en", "Both pictures were taken in summer; Tower Lane and River Street are written on the map."),
        ("en", "The street is wet and there are street lamps in the satellite tile."),
        ("en", "One of the pictures has a river while the other has none."),
        ("zh", "无人机照片中有红色汽车和蓝天。"),
        ("zh", "其中一张图片有河流，另一张没有。"),
        ("en", ""),
        ("zh", "……"),
    ],
)
def test_nothing_is_read_where_nothing_of_the_lexicon_is_said(language, text):
    reading = read_statements(text, language)
    assert reading.query == {} and reading.tile == {}


def test_the_word_for_drone_is_no_denial():
    """无 means 'without' and begins 无人机, 'drone': read as a denial it would hide all that follows."""
    text = "无人机照片里有一条河流、一座桥和铁路。"
    assert read_statements(text, "zh").query == {"water": "river", "bridge": "bridge", "railway": "railway"}
    assert read_statements("照片里无河流。", "zh").query == {"water": "none"}


def test_denying_one_kind_of_several_is_kept_as_a_denial():
    reading = read_statements("The drone photo shows no roundabout and no swimming pool.", "en")
    assert reading.query == {}
    assert {(s.attribute, s.value, s.denied) for s in reading.statements} == {
        ("junction", "roundabout", True),
        ("facility", "pool", True),
    }
    reading = read_statements("The drone photo shows a river, but no pond.", "en")
    assert reading.query == {"water": "river"}


def test_contradictions_are_not_taken_for_one_value():
    reading = read_statements("The tile shows red roofs. The tile has grey roofs.", "en")
    assert reading.tile == {}
    assert {s.value for s in reading.statements} == {"red", "grey"}


@pytest.mark.parametrize(
    ("word", "number"), [("七", 7), ("十", 10), ("十二", 12), ("二十", 20), ("三十五", 35), ("9", 9)]
)
def test_chinese_numbers(word, number):
    assert number_of(word, patterns("zh")) == number


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=400), st.sampled_from(("en", "zh")))
def test_any_text_can_be_read(text, language):
    reading = read_statements(text, language)
    assert reading.verdict in (True, False, None)


def test_a_very_long_text_is_read_in_bounded_time():
    # Expressions that back up without end would hang here.
    text = "no river, railway, " * 5000 + "the " * 3000 + "north to " * 2000
    assert read_statements(text, "en").verdict is None


def test_an_unknown_language_is_refused():
    with pytest.raises(GleamError, match="en, zh"):
        read_statements("Guten Tag", "de")
