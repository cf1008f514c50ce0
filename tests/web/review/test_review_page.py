"""People review in a real browser on a real server."""

import math
import sqlite3

import pytest
from tests.web.review.conftest import in_browser

from gleam.explaining.benchmark import Bench
from gleam.explaining.reviewing.revised import refresh
from gleam.explaining.reviewing.store import ReviewStore

pytestmark = pytest.mark.slow


def decision_of(store, pair_id):
    return store.outcome(pair_id).decision


@in_browser
def test_five_items_by_keyboard_alone(serve, visit):
    served = serve(6, double=0.0)
    ann = visit(served.url, "ann").ready()
    pairs = []

    def move_on(*keys):
        pairs.append(ann.pair)
        ann.press_and_move_on(*keys)

    move_on("a")
    ann.press("1")
    ann.page.keyboard.type(" There is a pond.")
    assert ann.text("#status-en") == "Edited"
    assert ann.text("#changes-en ins") == "There is a pond."
    move_on("Control+Enter")
    ann.press("d", "4")  # badly worded
    ann.page.keyboard.press("Tab")
    ann.page.keyboard.type("clumsy")
    move_on("Enter")
    ann.press("m", "a")  # the texts still argue for the old verdict: a warning first
    assert "save again" in ann.text("#check")
    move_on("a")
    ann.press("2")
    ann.page.keyboard.press("Control+A")
    ann.page.keyboard.type("全部重写。")
    ann.press("Escape")
    assert ann.page.locator("#changes-zh del").count()
    move_on("a")

    store = served.store
    told = [decision_of(store, pair) for pair in pairs]
    assert [{n: t.status for n, t in d.texts.items()} for d in told] == [
        {"en": "accepted", "zh": "accepted"},
        {"en": "edited", "zh": "accepted"},
        {"en": "discarded", "zh": "discarded"},
        {"en": "accepted", "zh": "accepted"},
        {"en": "accepted", "zh": "edited"},
    ]
    assert told[1].texts["en"].text.endswith(" There is a pond.")
    assert (told[2].texts["zh"].discard.reason, told[2].texts["zh"].discard.note) == ("language", "clumsy")
    assert [d.match == store.items[p].teacher_match for d, p in zip(told, pairs, strict=True)] == [
        True,
        True,
        True,
        False,
        True,
    ]
    assert told[4].texts["zh"].text == "全部重写。"
    assert all(d.seconds > 0 for d in told)

    ann.press("u")  # and back to the fifth, as it was before saving
    ann.page.wait_for_function("pair => location.href.endsWith(pair)", arg=pairs[4])
    ann.ready()
    assert ann.value("zh") == "全部重写。"
    assert store.outcome(pairs[4]).standing == "open"
    ann.press_and_move_on("a")
    ann.press_and_move_on("a")
    assert "Nothing is left" in ann.text("h1")


@in_browser
def test_a_refresh_loses_nothing(serve, visit):
    served = serve(3)
    ann = visit(served.url, "ann").ready()
    pair = ann.pair
    ann.press("1", "Control+A")
    ann.page.keyboard.type("Half a sen")
    ann.page.reload()  # at once: before anything was sent
    ann.ready()
    assert (ann.pair, ann.value("en"), ann.text("#status-en")) == (pair, "Half a sen", "Edited")
    ann.press("1")
    ann.page.keyboard.type("tence.")
    ann.press("Escape", "m")
    ann.drafted()
    ann.page.evaluate("localStorage.clear()")  # another browser: the server has it
    ann.page.reload()
    ann.page.fill("#name", "ann")
    ann.press("Enter")
    ann.ready()
    assert ann.value("en") == "Half a sentence."
    assert ann.page.locator("#corrected").is_visible()


@in_browser
def test_two_people_on_one_item(serve, visit):
    served = serve(2, double=0.0)
    ann = visit(served.url, "ann").ready()
    bob = visit(served.url, "bob", f"#review/{ann.pair}").ready()
    bob.expected.append("409")
    pair = ann.pair
    ann.press_and_move_on("a")
    bob.press("1")
    bob.page.keyboard.type(" Bob was here.")
    bob.press("Control+Enter")
    bob.page.wait_for_selector("#conflict-dialog[open]")
    shown = bob.text("#conflict-dialog")
    assert "Recorded, by ann" in shown and "Bob was here." in shown
    bob.press_and_move_on("Tab", "Enter")  # record mine as another opinion
    assert served.store.outcome(pair).standing == "disputed"
    assert [e.reviewer for e in served.store.board().of(pair).events] == ["ann", "bob"]


@in_browser
def test_one_person_in_two_windows(serve, visit):
    served = serve(2, double=0.0)
    first = visit(served.url, "ann").ready()
    second = visit(served.url, "ann", f"#review/{first.pair}").ready()
    second.expected.append("409")
    pair = first.pair
    first.press_and_move_on("a")
    second.press("m", "a", "a")
    second.page.wait_for_selector("#conflict-keep")
    second.press("Escape")  # go on editing: the work is still there
    assert second.page.locator("#corrected").is_visible()
    second.press("a")
    second.page.wait_for_selector("#conflict-replace")
    before = second.page.url
    second.page.click("#conflict-replace")
    second.page.wait_for_function("before => location.href !== before", arg=before)
    assert decision_of(served.store, pair).match != served.store.items[pair].teacher_match


def slow_kappa(couples):
    n = len(couples)
    classes = {c for couple in couples for c in couple}
    observed = sum(a == b for a, b in couples) / n
    chance = sum(sum(a == c for a, _ in couples) * sum(b == c for _, b in couples) for c in classes) / n**2
    return (observed - chance) / (1 - chance)


@in_browser
def test_two_reviewers_disagree_and_a_third_settles(serve, visit):
    served = serve(4)
    store = served.store
    wrong = list(store.items)[1]
    for name in ("ann", "bob"):
        one = visit(served.url, name).ready()
        for _ in range(4):
            if name == "bob" and one.pair == wrong:
                one.press("m", "1")
                one.page.keyboard.type(" Bob says otherwise.")
                one.press("Control+Enter")  # a warning: the Chinese text still argues for the old verdict
                one.page.wait_for_selector("#check:visible")
                one.press("Escape")
            one.press_and_move_on("a")
    assert store.outcome(wrong).standing == "disputed"
    couples = []
    for item in store.items.values():
        truth = item.teacher_match
        couples.append((truth, truth != (item.pair.pair_id == wrong)))
    cat = visit(served.url, "cat", "#settle").ready()
    assert cat.pair == wrong
    shown = cat.text(".opinions")
    assert "Bob says otherwise." in shown and "coordinates" in shown
    assert "bob" not in shown and "ann" not in shown
    cat.press("k")
    assert cat.value("en").endswith("Bob says otherwise.")
    cat.press("a", "a")
    cat.page.wait_for_selector(".done")
    assert store.outcome(wrong).standing == "settled"
    assert decision_of(store, wrong).texts["en"].text.endswith("Bob says otherwise.")
    cat.page.click("#to-progress")
    row = cat.page.locator("table tr", has_text="Verdict").filter(has_text="All").first
    row.wait_for()
    cells = row.locator("td").all_inner_texts()
    assert cells[2:] == ["4", "75.0 %", f"{slow_kappa(couples):.3f}"]
    assert math.isclose(slow_kappa(couples), 0.5)


@in_browser
def test_a_killed_server_keeps_what_it_acknowledged(tiny, process, visit, tmp_path):
    bench = tiny.make_bench(tmp_path / "bench", 4, split="test")
    server = process(bench, "--double", "0")
    ann = visit(server.url, "ann").ready()
    ann.expected += ["ERR_CONNECTION", "Failed to load"]
    decided = []
    for _ in range(2):
        decided.append(ann.pair)
        ann.press_and_move_on("a")
    open_pair = ann.pair
    ann.press("1")
    ann.page.keyboard.type(" Kept through the crash.")
    server.kill()
    ann.press("Control+Enter")
    ann.page.wait_for_selector("#trouble:visible")
    assert "Nothing is lost" in ann.text("#trouble")
    again = process(bench, port=server.port)
    store = ReviewStore(Bench.open(bench))
    assert {pair: store.outcome(pair).standing for pair in decided} == dict.fromkeys(decided, "single")
    assert store.verify() == 3
    assert store.settings.double == 0.0  # what was set at the first start holds
    ann.page.reload()
    ann.ready()
    assert ann.pair == open_pair
    assert ann.value("en").endswith("Kept through the crash.")
    ann.press_and_move_on("a")
    again.kill()
    refresh(Bench.open(bench))
    texts = {(t.pair_id, t.language): t for t in Bench.open(bench).texts()}
    assert texts[open_pair, "en"].explanation.endswith("Kept through the crash.")
    with sqlite3.connect(store.path) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@in_browser
def test_an_answer_that_breaks_off_is_no_answer(serve, visit):
    served = serve(3, double=0.0)
    ann = visit(served.url, "ann").ready()
    torn = {"status": 200, "content_type": "application/json", "body": '{"regions": ['}
    ann.page.route("**/v1/regions*", lambda route: route.fulfill(**torn))
    ann.page.route("**/v1/review", lambda route: route.fulfill(**torn))
    ann.page.reload()
    ann.ready()
    ann.page.wait_for_function("() => !document.querySelector('#legend').textContent.includes('…')")
    pair = ann.pair
    ann.press("a")
    ann.page.wait_for_selector("#trouble:visible")
    assert "Nothing is lost" in ann.text("#trouble")
    ann.page.unroute("**/v1/review")
    ann.press_and_move_on("a")
    assert served.store.outcome(pair).standing == "single"


@in_browser
def test_the_page_in_chinese(serve, visit):
    served = serve(2, teachers=("city", "other"))
    chen = visit(served.url, "陈", locale="zh-CN").ready()
    assert chen.text("#accept-words") == "接受"
    chen.press("2")
    chen.page.keyboard.type("补一句。")
    chen.press("Escape")
    chen.page.click("#speak-en")
    chen.page.wait_for_function("() => document.documentElement.lang === 'en'")
    assert chen.text("#accept-words") == "Save"
    assert chen.value("zh").endswith("补一句。")  # the work stays
    chen.page.click("#speak-zh")
    chen.page.wait_for_function("() => document.documentElement.lang === 'zh-CN'")
    chen.press("1", "Escape")
    chen.page.click("#part-en [data-teacher='1']")
    assert chen.value("en").endswith("(other)")
    chen.press("h")
    chen.page.wait_for_selector("#history-dialog[open]")
    assert "暂无" in chen.text("#history-dialog")
    chen.press("Escape")
    pair = chen.pair
    chen.press_and_move_on("a")
    event = served.store.board().of(pair).events[-1]
    assert (event.reviewer, event.payload["texts"]["en"]["teacher"]) == ("陈", "other")
    assert event.payload["texts"]["en"]["status"] == "accepted"


ATTACKS = (
    "<script>window.hit=1</script>",
    "<img src=x onerror=window.hit=1>",
    '"><svg onload=window.hit=1>',
    "</textarea><script>window.hit=1</script>",
    "javascript:window.hit=1",
    "{{constructor.constructor('window.hit=1')()}}",
)


@in_browser
def test_texts_cannot_become_markup(serve, visit):
    def change(number, texts):
        bad = ATTACKS[number % len(ATTACKS)]
        return [
            t.model_copy(update={"explanation": f"{bad} {t.explanation}", "evidence": (bad,), "teacher": bad})
            for t in texts
        ]

    served = serve(6, double=0.0, change=change)
    name = "<img src=x onerror=window.hit=1>"
    eve = visit(served.url, name).ready()
    assert eve.text("#person") == name
    for _ in range(6):
        eve.press("1")
        eve.page.keyboard.type(ATTACKS[0])
        eve.press("Escape")
        eve.page.click("#part-en summary")
        assert eve.page.evaluate("window.hit") is None
        assert eve.page.locator("main script, main img[src=x], main svg[onload]").count() == 0
        eve.press_and_move_on("a")
    eve.page.click("#to-progress")
    eve.page.wait_for_selector(".figures")
    assert eve.page.evaluate("window.hit") is None
    assert name in eve.text(".progress-page")


def serious(page):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    found = axe.run(page).response["violations"]
    return [
        (one["id"], one["nodes"][0]["html"][:120])
        for one in found
        if one["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("colours", ["light", "dark"])
@in_browser
def test_accessible(serve, visit, tiny, colours):
    served = serve(2, teachers=("city", "other"))
    store = served.store
    first = next(iter(store.items.values()))
    store.review(first.pair.pair_id, "ann", tiny.decision(first), base=0)
    store.review(
        first.pair.pair_id,
        "bob",
        tiny.decision(
            first, edits={"en": "Other words."}, discards={"zh": {"reason": "other", "note": "no"}}
        ),
        base=0,
    )
    eve = visit(served.url, "eve", color_scheme=colours)
    eve.ready()
    eve.press("1")
    eve.page.keyboard.type(" More.")
    eve.press("Escape", "m", "a")
    assert serious(eve.page) == []
    eve.press("d")
    eve.page.wait_for_selector("#discard-dialog[open]")
    assert serious(eve.page) == []
    eve.press("Escape")
    eve.page.wait_for_selector("#discard-dialog", state="hidden")
    eve.press("?")
    eve.page.wait_for_selector("#help-dialog[open]")
    assert serious(eve.page) == []
    eve.press("Escape")
    eve.page.click("#to-settle")
    eve.page.wait_for_selector(".opinions")
    eve.ready()
    assert serious(eve.page) == []
    eve.page.click("#to-progress")
    eve.page.wait_for_selector(".figures")
    assert serious(eve.page) == []


@in_browser
def test_the_focus_goes_through_the_page_in_reading_order(serve, visit):
    served = serve(2)
    ann = visit(served.url, "ann").ready()
    ann.page.wait_for_selector("#legend li")
    ann.page.focus(".skip")
    order = []
    for _ in range(40):
        ann.press("Tab")
        order.append(ann.page.evaluate("document.activeElement.id || document.activeElement.className"))
        if order[-1] == "history":
            break
    wanted = [
        "to-review",
        "person",
        "frame",
        "zoom-in",
        "regions",
        "text-en",
        "discard-en",
        "text-zh",
        "accept",
        "undo",
    ]
    places = [order.index(name) for name in wanted]
    assert places == sorted(places)
    ann.page.focus("#text-en")  # no keyboard trap in a text: Tab leaves it
    ann.press("Tab")
    assert ann.page.evaluate("document.activeElement.id") != "text-en"


@in_browser
def test_a_small_screen(serve, visit):
    served = serve(2)
    ann = visit(served.url, "ann", width=360, height=740, has_touch=True, is_mobile=True).ready()
    assert ann.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for name in ("accept", "discard", "undo", "skip"):
        box = ann.page.locator(f"#{name}").bounding_box()
        assert box["height"] >= 40 and box["x"] >= 0 and box["x"] + box["width"] <= 360
        assert box["y"] + box["height"] <= 740
    ann.page.tap("[data-match=false]")
    ann.page.tap("#accept")
    ann.page.tap("#accept")
    ann.page.wait_for_function("() => document.querySelector('#said').textContent === 'Saved.'")


@in_browser
def test_zoom_regions_and_keys_off(serve, visit, tmp_path):
    from gleam.encoder import Encoder
    from gleam.encoder.config import EncoderConfig
    from gleam.imagery.preparation import Preparation

    config = EncoderConfig(
        backbone_options={"stem": 8, "channels": [8, 16, 16], "blocks": [1, 1, 1]},
        dim=16,
        grid_channels=8,
        preparation=Preparation(pixels=32, ground_width_m=128.0),
    )
    Encoder.untrained(config, seed=1).save(tmp_path / "encoder")
    served = serve(1, encoder=str(tmp_path / "encoder"))
    ann = visit(served.url, "ann").ready()
    ann.page.wait_for_selector("#legend .region")
    numbers = ann.page.locator("#legend .number").all_inner_texts()
    for role in (0, 1):  # the same numbers are drawn on both pictures
        drawn = ann.page.locator(".frame").nth(role).locator(".badges .number").all_inner_texts()
        assert sorted(drawn) == sorted(numbers)
    ann.page.locator("#legend .region").first.focus()
    assert ann.page.locator("path.lit").count() >= 2
    scale = "document.querySelector('.layer').getBoundingClientRect().width"
    whole = ann.page.evaluate(scale)
    ann.press("+", "+")
    assert ann.page.evaluate(scale) > 2 * whole
    ann.press("0", "r")
    assert ann.page.evaluate(scale) == pytest.approx(whole, abs=1)
    assert not ann.page.locator(".badges").first.is_visible()
    ann.press("?")
    ann.page.uncheck("#keys-on")
    ann.press("Escape", "a")
    ann.page.wait_for_timeout(200)
    assert served.store.board().seq == 1  # nothing was decided by the letter
