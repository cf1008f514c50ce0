"""What the user knows of a photo narrows the search."""


def test_a_circle_drawn_on_the_map_is_searched(visit, city_atlas):
    photo, row = city_atlas.photo("drone", 2)
    window = visit()
    page = window.page
    page.click("#hints > summary")
    page.select_option("#hint-area", "circle")
    x, y = page.evaluate(
        """async ([lon, lat]) => {
          const map = (await import('/static/page/map.js')).theMap();
          const canvas = map.getCanvas().getBoundingClientRect();
          const at = map.project([lon, lat]);
          return [at.x + canvas.x, at.y + canvas.y];
        }""",
        [row["lon"], row["lat"]],
    )
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 30, y + 30)
    page.mouse.move(x + 60, y)
    page.mouse.up()
    assert (
        float(page.input_value("#hint-circle-lat")) == round(row["lat"], 6)
        or abs(float(page.input_value("#hint-circle-lat")) - row["lat"]) < 5e-5
    )
    page.select_option("#hint-view", "drone")
    window.locate(photo)
    options = page.evaluate("async () => (await import('/static/page/state.js')).state.chosen.asked")
    assert options["view"] == "drone"
    assert abs(options["near"]["lat"] - row["lat"]) < 5e-5
    assert options["near"]["radius_m"] > 5
    searched = page.evaluate(
        "async () => (await import('/static/page/state.js')).state.chosen.result.answer.searched.tiles"
    )
    assert 0 < searched < page.evaluate("fetch('/v1/atlas').then((r) => r.json()).then((a) => a.tiles)")

    # Other hints ask for another search, which the button says.
    page.select_option("#hint-area", "all")
    assert window.text("#start") == window.words("go.again")

    # Escape leaves the drawing, and numbers do without a mouse.
    page.select_option("#hint-area", "box")
    assert page.get_attribute("#draw", "aria-pressed") == "true"
    page.keyboard.press("Escape")
    assert page.get_attribute("#draw", "aria-pressed") == "false"
    for name, value in {"south": 1, "north": 2, "west": 3, "east": 4}.items():
        page.fill(f"#hint-box-{name}", str(value))
        page.keyboard.press("Tab")
    held = page.evaluate("async () => (await import('/static/page/state.js')).state.hints.box")
    assert held == {"south": 1, "north": 2, "west": 3, "east": 4}
