"""Many photos: table, progress, cancel, resume, order, download, link."""

import json

from tests.web.conftest import held_after

COUNT = 6


def _wait_for_state(window, state):
    window.page.locator("#job-state", has_text=window.words(f"job.{state}")).wait_for()


def test_a_batch_is_followed_cancelled_resumed_sorted_measured_and_downloaded(
    visit, server, city_atlas, tmp_path
):
    taken = [city_atlas.photo("drone", n) for n in range(COUNT)]
    window = visit()
    page = window.page
    window.drop(*(photo for photo, _ in taken), ("broken.jpg", b"no photo at all"))
    assert str(COUNT + 1) in window.text("#start")
    with held_after(server, 1):
        page.click("#start")
        page.wait_for_selector("#cancel")
        page.wait_for_selector("#table .chip.located, #table .chip.ambiguous")
        page.click("#cancel")
        _wait_for_state(window, "cancelled")
    stopped = page.locator("#table .chip", has_text=window.words("status.stopped")).count()
    assert stopped > 0

    page.click("#resume")
    _wait_for_state(window, "done")
    assert page.locator("#table .chip", has_text=window.words("status.stopped")).count() == 0
    # The server's sentence stands beside the photo that failed.
    failed = page.locator("#table tr", has_text="broken.jpg")
    assert "not an image in a known format" in failed.inner_text()

    page.click("#sort-confidence")
    assert page.get_attribute("th:has(#sort-confidence)", "aria-sort") == "descending"
    shown = page.eval_on_selector_all("#table tbody tr", "rows => rows.map((r) => r.cells[2].textContent)")
    values = [float(text.strip("<> %")) if "%" in text else -1.0 for text in shown]
    assert values == sorted(values, reverse=True) and values[-1] == -1.0

    # A table of true positions, dropped too, tells how far the answers lie off.
    rows = "".join(f'"{photo.name}",{row["lat"]},{row["lon"]}\n' for photo, row in taken[:2])
    window.drop(("truth.csv", f"photo,lat,lon\n{rows}".encode()))
    page.wait_for_selector("#sort-error")
    errors = page.eval_on_selector_all("#table tbody tr", "rows => rows.map((r) => r.cells[6].textContent)")
    assert sum("m" in text for text in errors) == 2

    page.select_option("#export-format", "geojson")
    with page.expect_download() as download:
        page.click("#export")
    download.value.save_as(tmp_path / "all.geojson")
    assert json.loads((tmp_path / "all.geojson").read_text("utf-8"))["type"] == "FeatureCollection"

    again = visit(page.url.removeprefix(window.url))
    again.page.wait_for_selector("#table .chip.failed")
    assert again.page.locator("#table tbody tr").count() == COUNT + 1
    page.locator("#table .row-pick").first.click()
    page.wait_for_selector("#answer .claim")
    assert "#" in page.url
    page.click("#back")
    page.wait_for_selector("#table tbody tr")
