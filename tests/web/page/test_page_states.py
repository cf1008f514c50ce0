"""When things go wrong, the page says what, where and what next."""

from tests.web.http import noise_jpeg


def test_what_goes_wrong_is_said_beside_the_photo_and_can_be_mended(visit):
    window = visit("/r/nosuchresult")
    page = window.page
    assert "forgotten" in window.text("#trouble")

    # A file that cannot be read keeps the server's sentence, in either language.
    window.drop(("notes.jpg", b"this is no photo"))
    beside = page.locator(".photo", has_text="notes.jpg").locator(".photo-error")
    beside.wait_for()
    assert "not an image in a known format" in beside.inner_text()
    page.click("#speak-zh")
    page.wait_for_selector(".photo-error:has-text('不是已知格式的图像')")
    page.click("#speak-en")
    page.click("#clear")

    # A name is never markup. The server is away, and then it is back.
    window.context.set_offline(True)
    window.drop(("<img src=x onerror=alert(1)>.jpg", noise_jpeg()))
    page.wait_for_selector(".photo-error")
    assert window.text(".photo-error") == window.words("error.unreachable")
    assert "<img" in window.text(".photo-name") and page.locator("img[src='x']").count() == 0
    window.context.set_offline(False)
    page.click("#start")
    page.wait_for_selector("#answer .claim")

    provoked = ("404", "415", "ERR_INTERNET_DISCONNECTED")
    window.complaints = [said for said in window.complaints if not any(part in said for part in provoked)]


def test_an_answer_that_breaks_off_is_no_answer(visit):
    window = visit("/")
    window.page.route(
        "**/v1/locate*",
        lambda route: route.fulfill(status=200, content_type="application/json", body='{"answers": ['),
    )
    window.drop(("noise.jpg", noise_jpeg()))
    window.page.wait_for_selector(".photo-error")
    assert window.text(".photo-error") == window.words("error.unreachable")
    window.page.unroute("**/v1/locate*")
    window.page.click("#start")
    window.page.wait_for_selector("#answer .claim")


def test_a_busy_server_is_asked_again_when_it_says(serve, visit):
    slow = serve(rate_per_s=1.0)
    window = visit(url=slow.url)
    page = window.page
    # The first requests use up what may be asked at once; the page then waits as told, and gets its answers.
    with page.expect_response(lambda response: response.status == 429) as refused:
        for number in range(3):
            window.drop((f"{number}.jpg", noise_jpeg(seed=number)))
    assert int(refused.value.headers["retry-after"]) >= 1
    page.locator(".photo .chip:not(.waiting)").nth(2).wait_for()
    assert page.locator(".photo-error").count() == 0
    # A refusal may come before the photo is sent whole; the connection is then cut, as the console tells.
    told = ("429", "ERR_CONNECTION_RESET")
    window.complaints = [said for said in window.complaints if not any(part in said for part in told)]


def test_every_piece_of_an_ambiguous_region_is_drawn(visit, city_atlas):
    window = visit()

    def leave_two_places_open(route):
        """Let the server answer, then leave a second place open: few photos of so small a city do."""
        told = route.fetch().json()
        answer = told["answers"][0]
        lat, lon = answer["lat"], answer["lon"]
        square = [(lat + a, lon + b) for a, b in ((-1e-4, -1e-4), (-1e-4, 1e-4), (1e-4, 1e-4), (1e-4, -1e-4))]
        moved = [(y + 1e-3, x + 2e-3) for y, x in square]
        answer |= {"status": "ambiguous", "region95": square, "region95_others": [moved]}
        route.fulfill(json=told)

    window.page.route("**/v1/locate*", leave_two_places_open)
    window.locate(city_atlas.photo("drone", 0)[0])
    drawn = window.page.wait_for_function(
        """async () => {
          const { theMap } = await import('/static/page/map.js');
          const data = await theMap().getSource('region').getData();
          return data.features?.length ? data.features : null;
        }"""
    ).json_value()
    assert [feature["geometry"]["type"] for feature in drawn] == ["Polygon", "Polygon"]
    first, second = (feature["geometry"]["coordinates"][0] for feature in drawn)
    assert len(first) == len(second) == 5 and first[0] == first[-1]
    assert abs(second[0][0] - first[0][0] - 2e-3) < 1e-9 and abs(second[0][1] - first[0][1] - 1e-3) < 1e-9
