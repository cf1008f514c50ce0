"""A photo in, its answer on the map, the reasons beside it, and out again as a file or a link."""

import json
import re

import pytest
from tests.web.page.visit import ANSWERED

from gleam.geo import distance_m

NEAR_ENOUGH_M = 20.0


@pytest.fixture(scope="module")
def located(shared_visit, city_atlas):
    """A window with the answer of a drone photo, and where the photo was taken."""
    photo, row = city_atlas.photo("drone", 1)
    window = shared_visit()
    window.locate(photo)
    return window, row


def test_a_dropped_photo_is_pinned_where_it_was_taken(located):
    window, row = located
    assert window.text("#answer .chip") == window.words("status.located")
    lat, lon = (float(part) for part in window.text("#position").split(","))
    assert distance_m(lat, lon, row["lat"], row["lon"]) < NEAR_ENOUGH_M

    window.page.wait_for_selector(".pin.winner")
    pinned = window.page.evaluate(
        """async () => {
          const map = (await import('/static/page/map.js')).theMap();
          const pin = document.querySelector('.pin-holder.winner').getBoundingClientRect();
          const canvas = map.getCanvas().getBoundingClientRect();
          const at = map.unproject([pin.x + pin.width / 2 - canvas.x, pin.bottom - canvas.y]);
          return [at.lat, at.lng];
        }"""
    )
    assert distance_m(*pinned, row["lat"], row["lon"]) < NEAR_ENOUGH_M
    assert window.page.url.startswith(window.url + "/r/")


def test_what_the_file_says_and_what_became_of_it_is_told(located):
    window, row = located
    card = window.page.locator("#metadata-card")
    card.wait_for()
    heading = card.locator("li", has_text=window.words("pose.heading_deg"))
    told = float(re.search(r"[\d.]+", heading.inner_text())[0])
    assert told == pytest.approx(row["heading_deg"], abs=0.06)
    assert window.words("metadata.used") in heading.inner_text()


def test_the_details_tell_how_probably_the_photo_is_from_here(located):
    window, _ = located
    page = window.page
    page.click("#details > summary")
    facts = dict(
        zip(
            page.locator("#details dt").all_inner_texts(),
            page.locator("#details dd").all_inner_texts(),
            strict=True,
        )
    )
    chance = facts[window.words("details.here")]
    assert re.fullmatch(r"[≥>]?\s?\d\d\s?%", chance), chance
    page.click("#details > summary")


def test_a_region_lights_up_its_twins(located):
    window, _ = located
    page = window.page
    mark = page.locator(".photo-shot .region").first
    mark.wait_for()
    name = mark.get_attribute("data-region")
    mark.hover()
    twins = page.locator(f'[data-region="{name}"].lit')
    places = {place: page.locator(f'{place} [data-region="{name}"].lit').count() for place in PLACES}
    assert all(places.values()), places
    assert page.locator(".region.lit").count() == twins.count() - page.locator("#reasons .lit").count()
    page.locator("h1").hover()
    assert page.locator(".lit").count() == 0
    page.locator(f'#reasons [data-region="{name}"]').first.focus()
    assert page.locator(f'.tile-shot [data-region="{name}"].lit').count() == 1


PLACES = (".photo-shot", ".tile-shot.winner", "#reasons .evidence", "#reasons .why-text")


def test_the_runner_up_is_as_large_as_the_winner_and_explained_when_chosen(located):
    window, _ = located
    page = window.page
    page.wait_for_selector(".tile-shot.rival img")
    winner, rival = (page.locator(f".tile-shot.{name} .frame").bounding_box() for name in ("winner", "rival"))
    assert abs(winner["width"] - rival["width"]) < 2 and abs(winner["height"] - rival["height"]) < 2
    page.click("#explain-rival")
    page.wait_for_selector(".tile-shot.rival .region")
    assert "2" in window.text("#position-title") and "2" in window.text("#why-title")
    page.click("#explain-winner")


def test_both_languages_explain_whatever_the_page_speaks(located):
    window, _ = located
    page = window.page
    page.wait_for_selector("#why-panel .why-region")
    assert "Region 1" in window.text("#why-panel .why-region")
    page.click("#why-zh")
    page.wait_for_selector("#why-panel .why-region:has-text('区域')")
    assert page.get_attribute("#why-panel", "lang") == "zh-CN"
    assert page.evaluate("document.documentElement.lang") == "en"
    page.click("#why-en")


def test_the_position_is_copied_in_every_notation(located):
    window, _ = located
    window.context.grant_permissions(["clipboard-read", "clipboard-write"])
    copied = {}
    for notation in ("decimal", "dms", "mgrs"):
        window.page.click(f"#notation-{notation}")
        window.page.click("#copy-position")
        copied[notation] = window.page.evaluate("navigator.clipboard.readText()")
        assert copied[notation] == window.text("#position")
    window.page.click("#notation-decimal")
    assert "°" in copied["dms"] and copied["mgrs"][:2].isdigit() and "," in copied["decimal"]


def test_geojson_is_downloaded_and_holds_the_answer(located, tmp_path):
    window, row = located
    window.page.select_option("#export-format", "geojson")
    with window.page.expect_download() as download:
        window.page.click("#export")
    download.value.save_as(tmp_path / "answer.geojson")
    collection = json.loads((tmp_path / "answer.geojson").read_text("utf-8"))
    assert collection["type"] == "FeatureCollection"
    point = next(f for f in collection["features"] if f["geometry"] and f["geometry"]["type"] == "Point")
    lon, lat = point["geometry"]["coordinates"][:2]
    assert distance_m(lat, lon, row["lat"], row["lon"]) < NEAR_ENOUGH_M


def test_every_format_that_the_server_offers_is_offered(located):
    window, _ = located
    offered = window.page.eval_on_selector_all("#export-format option", "all => all.map((o) => o.value)")
    assert offered == window.page.evaluate("fetch('/v1/atlas').then((r) => r.json()).then((a) => a.formats)")


def test_an_export_that_cannot_be_says_why(located):
    window, _ = located
    window.page.select_option("#export-format", "exif")
    window.page.click("#export")
    window.page.wait_for_selector("#export-problem:not([hidden])")
    assert "not kept" in window.text("#export-problem")
    window.complaints = [said for said in window.complaints if "409" not in said]


def test_a_link_shows_the_answer_and_its_reasons_again(located, visit):
    window, _ = located
    window.page.wait_for_selector("#why-panel .why-region")
    chip, position = window.text("#answer .chip"), window.text("#position")
    again = visit(window.page.url.removeprefix(window.url))
    again.page.wait_for_selector(ANSWERED)
    assert (again.text("#answer .chip"), again.text("#position")) == (chip, position)
    # The photo was let go of, which is said; what was explained is still there.
    assert again.text(".photo-shot .gone") == again.words("compare.gone")
    assert again.page.locator(".tile-shot.winner .region").count() > 0
    again.page.reload()
    again.page.wait_for_selector(ANSWERED)
    assert again.text("#position") == position


def test_an_answer_is_compared_with_the_truth(located):
    window, row = located
    page = window.page
    page.click("#truth > summary")
    page.fill("#truth-text", "somewhere")
    page.click("#truth-take")
    assert window.text("#truth-problem") == window.words("truth.unreadable")
    page.fill("#truth-text", f"{row['lat']}, {row['lon']}")
    page.click("#truth-take")
    away = float(window.text("#truth-error").split(" ")[0])
    lat, lon = (float(part) for part in window.text("#position").split(","))
    assert away == pytest.approx(distance_m(lat, lon, row["lat"], row["lon"]), abs=0.2)
    assert page.locator(".pin.truth").count() == 1
    page.click("#forget-truth")
