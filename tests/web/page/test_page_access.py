"""For everyone: without a mouse, with a screen reader, on a phone, in the dark."""

import pytest

SERIOUS = {"serious", "critical"}
PHONE = {"width": 390, "height": 844, "has_touch": True, "is_mobile": True}


def _findings(page):
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [(v["id"], [n["target"] for n in v["nodes"]][:3]) for v in found if v["impact"] in SERIOUS]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_has_no_serious_finding(visit, city_atlas, theme):
    window = visit(color_scheme=theme)
    assert _findings(window.page) == []
    window.locate(city_atlas.photo("drone", 1)[0])
    window.page.wait_for_selector(".photo-shot .region")
    for summary in ("#hints", "#truth", "#details"):
        window.page.click(f"{summary} > summary")
    assert _findings(window.page) == []
    window.page.click("#open-help")
    assert _findings(window.page) == []


def test_axe_has_no_serious_finding_in_the_table(visit, city_atlas):
    window = visit()
    window.drop(*(city_atlas.photo("drone", n)[0] for n in range(2)))
    window.page.click("#start")
    window.page.wait_for_selector("#table .chip.located")
    assert _findings(window.page) == []


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_a_phone_never_scrolls_sideways(visit, city_atlas, locale):
    window = visit(locale=locale, **PHONE)
    width = "document.documentElement.scrollWidth"
    assert window.page.evaluate(width) == PHONE["width"]
    window.locate(city_atlas.photo("drone", 1)[0])
    window.page.wait_for_selector(".photo-shot .region")
    assert window.page.evaluate(width) == PHONE["width"]
    beyond = window.page.evaluate(
        """() => [...document.querySelectorAll('button:not(.region), select, input, h2, h3, dd, output')]
          .filter((node) => node.checkVisibility() && !node.closest('#map'))
          .filter((node) => {
            const { left, right } = node.getBoundingClientRect();
            return left < -1 || right > innerWidth + 1;
          })
          .map((node) => node.outerHTML.slice(0, 80))"""
    )
    assert beyond == []


def test_keys_do_what_the_mouse_does(visit, city_atlas):
    window = visit()
    page = window.page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    window.locate(city_atlas.photo("drone", 1)[0])
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("2")
    assert page.get_attribute("#candidate-2", "aria-pressed") == "true"
    page.keyboard.press("1")
    assert page.get_attribute("#candidate-1", "aria-pressed") == "true"
    page.keyboard.press("h")
    assert page.get_attribute("#heat", "aria-pressed") == "false"
    page.keyboard.press("d")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.keyboard.press("l")
    page.wait_for_function("document.documentElement.lang === 'zh-CN'")
    page.keyboard.press("?")
    assert page.locator("#help").is_visible()
    page.click("#keys-on")
    page.keyboard.press("Escape")
    page.keyboard.press("h")
    assert page.get_attribute("#heat", "aria-pressed") == "false"
    assert page.locator("#live").inner_text() != ""
