"""When things go wrong, the page says what, where and what next."""

from tests.web.http import noise_jpeg


def test_an_unreadable_file_keeps_the_servers_sentence_beside_it(visit):
    window = visit()
    window.expected = ["415"]
    window.drop(("notes.jpg", b"this is no photo"))
    beside = window.page.locator(".photo", has_text="notes.jpg").locator(".photo-error")
    beside.wait_for()
    assert "not an image in a known format" in beside.inner_text()
    window.page.click("#speak-zh")
    window.page.wait_for_selector(".photo-error:has-text('不是已知格式的图像')")


def test_a_busy_server_is_asked_again_when_it_says(visit, serve, city_atlas):
    slow = serve(rate_per_s=0.5)
    window = visit(url=slow.url)
    window.expected = ["429"]
    # The first requests use up what may be asked at once; the page then waits as told, and gets its answer.
    photo, _ = city_atlas.photo("drone", 0)
    for _ in range(3):
        window.drop(photo)
    with window.page.expect_response(lambda r: r.status == 429) as refused:
        window.drop(("noise.jpg", noise_jpeg()))
    assert int(refused.value.headers["retry-after"]) >= 1
    window.page.wait_for_function("document.querySelectorAll('.photo .chip:not(.waiting)').length === 4")
    assert window.page.locator(".photo-error").count() == 0


def test_a_server_that_is_gone_is_told_and_found_again(visit):
    window = visit()
    window.expected = ["ERR_FAILED", "ERR_CONNECTION", "ERR_INTERNET_DISCONNECTED"]
    window.context.set_offline(True)
    window.drop(("noise.jpg", noise_jpeg()))
    window.page.wait_for_selector(".photo-error")
    assert window.text(".photo-error") == window.words("error.unreachable")
    window.context.set_offline(False)
    window.page.click("#start")
    window.page.wait_for_selector("#answer .claim")


def test_an_unknown_link_says_so_and_the_page_still_works(visit):
    window = visit()
    window.expected = ["404"]
    window.go("/r/nosuchresult")
    assert "forgotten" in window.text("#trouble")
    window.drop(("noise.jpg", noise_jpeg()))
    window.page.wait_for_selector("#answer .claim")


def test_a_file_name_is_never_markup(visit):
    window = visit()
    window.drop(("<img src=x onerror=alert(1)>.jpg", noise_jpeg()))
    window.page.wait_for_selector("#answer .claim")
    assert "<img" in window.text(".photo-name")
    assert window.page.locator("img[src='x']").count() == 0
