"""For everyone: without a mouse, with a screen reader, on a phone, in the dark."""

SERIOUS = {"serious", "critical"}
PHONE = {"width": 390, "height": 844, "has_touch": True, "is_mobile": True}

_CUT_OFF = """() => [...document.querySelectorAll('button:not(.region), select, input, h2, h3, dd, output')]
  .filter((node) => node.checkVisibility() && !node.closest('#map'))
  .filter((node) => {
    const { left, right } = node.getBoundingClientRect();
    return left < -1 || right > innerWidth + 1;
  })
  .map((node) => node.outerHTML.slice(0, 80))"""


def _findings(page):
    from axe_playwright_python.sync_playwright import Axe

    found = []
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        for finding in Axe().run(page).response["violations"]:
            if finding["impact"] in SERIOUS:
                found.append((theme, finding["id"], [node["html"][:120] for node in finding["nodes"]][:3]))
    return found


def test_axe_finds_nothing_serious_and_keys_do_what_the_mouse_does(visit, city_atlas):
    window = visit()
    page = window.page
    assert _findings(page) == []
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"

    window.locate(city_atlas.photo("drone", 1)[0])
    page.wait_for_selector(".photo-shot .region")
    for summary in ("#hints", "#truth", "#details"):
        page.click(f"{summary} > summary")
    assert _findings(page) == []

    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("2")
    assert page.get_attribute("#candidate-2", "aria-pressed") == "true"
    page.keyboard.press("1")
    assert page.get_attribute("#candidate-1", "aria-pressed") == "true"
    page.keyboard.press("h")
    assert page.get_attribute("#heat", "aria-pressed") == "false"
    page.keyboard.press("l")
    page.wait_for_selector("html[lang='zh-CN']")
    page.keyboard.press("?")
    assert page.locator("#help").is_visible()
    assert _findings(page) == []
    page.click("#keys-on")
    page.keyboard.press("Escape")
    page.keyboard.press("h")
    assert page.get_attribute("#heat", "aria-pressed") == "false"
    assert window.text("#live") != ""
    page.click("#theme")
    assert page.evaluate("document.documentElement.dataset.theme") == "light"

    window.drop(city_atlas.photo("drone", 0)[0], city_atlas.photo("map", 0)[0])
    page.wait_for_selector("#table tbody tr")
    page.evaluate("delete document.documentElement.dataset.theme")
    assert _findings(page) == []


def test_a_phone_never_scrolls_sideways(visit, city_atlas):
    window = visit(**PHONE)
    page = window.page
    width = "document.documentElement.scrollWidth"
    assert page.evaluate(width) == PHONE["width"]
    window.locate(city_atlas.photo("drone", 1)[0])
    page.wait_for_selector(".photo-shot .region")
    for language in ("en", "zh"):
        page.click(f"#speak-{language}")
        page.wait_for_selector("#why-panel .why-region")
        assert page.evaluate(width) == PHONE["width"]
        assert page.evaluate(_CUT_OFF) == []
