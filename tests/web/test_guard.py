"""Who may ask: token, Host header, requests of other web sites, and what browsers are told."""

import httpx
import pytest
from tests.web.http import get, noise_jpeg, post, request

from gleam.errors import GleamError
from gleam.web.settings import Settings, is_loopback, token_from_environment

TOKEN = "correct-horse-battery-staple"


@pytest.fixture(scope="module")
def guarded(city_atlas, tmp_path_factory):
    from tests.web.conftest import running

    work = tmp_path_factory.mktemp("guarded")
    with running(atlas=city_atlas.atlas, work=work, token=TOKEN, language="zh") as started:
        yield started


def routes(server):
    """Return (method, path) of every route of the application, its pages and files among them."""
    found = []
    for path, operations in server.app.openapi()["paths"].items():
        found += [
            (m.upper(), path.replace("{z}/{x}/{y}", "0/0/0").replace("{id}", "abcdefgh")) for m in operations
        ]
    assert len(found) > 15
    pages = [("GET", "/"), ("GET", "/r/abcdefgh"), ("GET", "/b/abcdefgh"), ("GET", "/openapi.json")]
    return [*found, *pages, ("GET", "/static/index.html"), ("GET", "/nothing"), ("PUT", "/v1/locate")]


def test_every_route_but_one_needs_the_token(guarded):
    for method, path in routes(guarded):
        response = request(method, guarded.url + path)
        if path == "/healthz":
            assert response.status_code == 200
            continue
        assert response.status_code == 401, (method, path)
        assert response.headers["www-authenticate"] == "Bearer"
        if method != "HEAD":
            assert response.json()["code"] == "unauthorized"


@pytest.mark.parametrize("told", [TOKEN[:-1], TOKEN + "x", TOKEN.upper(), "0", "é"])
def test_a_wrong_token_does_not_do(guarded, told):
    headers = {b"Authorization": b"Bearer " + told.encode()}
    assert get(f"{guarded.url}/v1/atlas", headers=headers).status_code == 401
    assert get(f"{guarded.url}/", params={"token": told}).status_code == 401
    assert get(f"{guarded.url}/v1/atlas", cookies={"gleam_session": "0" * 64}).status_code == 401


def test_the_token_opens_the_api_and_once_the_page(guarded):
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    assert get(f"{guarded.url}/v1/atlas", headers=bearer).json()["language"] == "zh"
    with httpx.Client(base_url=guarded.url) as browser:
        first = browser.get("/r/abcdefgh", params={"token": TOKEN, "x": "1"})
        assert first.status_code == 303
        assert first.headers["location"] == "/r/abcdefgh?x=1"
        cookie = first.headers["set-cookie"]
        assert TOKEN not in cookie and "HttpOnly" in cookie and "SameSite=Strict" in cookie
        assert browser.get("/").status_code == 200
        assert browser.get("/v1/atlas").status_code == 200


def test_the_token_in_the_address_leads_nowhere_else(guarded):
    response = get(f"{guarded.url}//evil.example/?token={TOKEN}")
    assert response.status_code == 303
    assert response.headers["location"].startswith("/evil.example")


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "", "[::"])
def test_another_name_for_this_machine_is_refused(server, host):
    response = get(f"{server.url}/v1/atlas", headers={"Host": host})
    assert response.status_code in (400, 403)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:9", "127.0.0.1", "[::1]:80"])
def test_names_of_this_machine_do(server, host):
    assert get(f"{server.url}/healthz", headers={"Host": host}).status_code == 200
    assert get(f"{server.url}/v1/atlas", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_what_another_site_sends_is_refused(server, headers):
    files = {"photo": ("a.jpg", noise_jpeg())}
    refused = post(f"{server.url}/v1/locate", files=files, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    own = {"Origin": server.url, "Sec-Fetch-Site": "same-origin"}
    assert post(f"{server.url}/v1/metadata", files=files, headers=own).status_code == 200


def test_browsers_are_told_to_run_nothing_smuggled_in(server):
    for path in ("/", "/static/index.html", "/v1/atlas", "/nothing", "/v1/results/nothing-there"):
        headers = get(server.url + path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy and "http" not in policy and "*" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert "server" not in headers
    assert get(f"{server.url}/v1/atlas").headers["cache-control"] == "no-store"


def test_the_description_loads_nothing_from_elsewhere(server):
    assert get(f"{server.url}/docs").status_code == 404
    assert get(f"{server.url}/redoc").status_code == 404


@pytest.mark.parametrize(
    "path",
    ["/static/../settings.py", "/static/%2e%2e/settings.py", "/static/..%2fsettings.py", "/static/.git"],
)
def test_files_beside_the_page_are_not_served(server, path):
    response = request("GET", httpx.URL(server.url).copy_with(raw_path=path.encode()))
    assert response.status_code in (400, 403, 404)
    assert b"TOKEN" not in response.content


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.org"])
def test_no_server_for_others_without_a_token(city_atlas, host):
    with pytest.raises(GleamError, match="GLEAM_TOKEN"):
        Settings(atlas=city_atlas.atlas, host=host)
    assert Settings(atlas=city_atlas.atlas, host=host, token=TOKEN).token == TOKEN


def test_a_token_that_can_be_guessed_is_refused(city_atlas):
    with pytest.raises(GleamError, match="guessed"):
        Settings(atlas=city_atlas.atlas, token="1234")
    with pytest.raises(GleamError, match="not set"):
        token_from_environment({})
    assert token_from_environment({"GLEAM_TOKEN": f" {TOKEN}\n"}) == TOKEN


def test_the_token_is_not_shown(city_atlas):
    assert TOKEN not in repr(Settings(atlas=city_atlas.atlas, token=TOKEN))


@pytest.mark.parametrize(
    ("host", "local"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("localhost", True), ("0.0.0.0", False),
     ("::", False), ("10.0.0.1", False), ("localhost.evil.example", False), ("::ffff:10.0.0.1", False)],
)  # fmt: skip
def test_what_counts_as_this_machine(host, local):
    assert is_loopback(host) is local
