"""Photos by URL: nothing is fetched that the operator did not allow, nothing inside the own network."""

import contextlib
import http.server
import socket
import threading

import pytest
from tests.web.http import noise_jpeg, post

from gleam.web.fetching import Fetcher, is_public
from gleam.web.problems import WebError

PHOTO = noise_jpeg()


class Answers(http.server.BaseHTTPRequestHandler):
    """A photo, redirects, too much, and errors."""

    def do_GET(self):
        here = f"http://localhost:{self.server.server_port}"
        targets = {
            "/again": "/photo.jpg",
            "/loop": "/loop",
            "/metadata": "http://169.254.169.254/latest/",
            "/file": "file:///etc/passwd",
            "/other": here.replace("localhost", "127.0.0.1") + "/photo.jpg",
        }
        if self.path in targets:
            self.send_response(302)
            self.send_header("Location", targets[self.path])
            self.end_headers()
            return
        self.send_response(200 if self.path in ("/photo.jpg", "/large", "/lying") else 404)
        if self.path == "/lying":
            self.send_header("Content-Length", "9" * 15)
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(PHOTO if self.path == "/photo.jpg" else b"x" * 50_000)

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def host():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers) as site:
        threading.Thread(target=site.serve_forever, daemon=True).start()
        yield f"localhost:{site.server_port}"
        site.shutdown()


@pytest.fixture
def fetcher(host):
    """One that may also reach this machine, where the test's own site runs."""
    return Fetcher((host,), 20_000, permits=lambda address: True)


def test_a_photo_is_fetched_also_after_a_redirect(fetcher, host):
    assert fetcher.fetch(f"http://{host}/photo.jpg") == (PHOTO, "photo.jpg")
    assert fetcher.fetch(f"http://{host}/again") == (PHOTO, "photo.jpg")


@pytest.mark.parametrize("path", ["metadata", "file", "other", "loop", "large", "lying", "missing"])
def test_what_it_leads_to_is_checked_anew(fetcher, host, path):
    with pytest.raises(WebError) as refused:
        fetcher.fetch(f"http://{host}/{path}")
    assert refused.value.status in (403, 413, 422)


@pytest.mark.parametrize(
    "url",
    [
        "http://evil.example/photo.jpg",
        "http://photos.example.evil.example/",
        "http://photos.example:8080/",
        "http://photos.example@evil.example/",
        "http://evil.example#@photos.example/",
        "http://evil.example\\@photos.example/",
        "http://user:password@photos.example/",
        "ftp://photos.example/a.jpg",
        "file:///etc/passwd",
        "/vsicurl/http://photos.example/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://photos.example:99999/",
        "http://photos.example/\r\nHost: evil.example",
        "http://[::1/",
        "http://photos。example/",
        "",
    ],
)
def test_only_allowed_hosts_are_asked(url, monkeypatch):
    def resolved(*_, **__):
        raise AssertionError("a name was looked up")

    monkeypatch.setattr(socket, "getaddrinfo", resolved)
    with pytest.raises(WebError):
        Fetcher(("photos.example",), 1000).fetch(url)


INSIDE = """127.0.0.1 10.1.2.3 192.168.0.1 172.16.0.1 169.254.169.254 0.0.0.0 100.64.0.1 224.0.0.1 ::1 ::
fe80::1 fe80::1%eth0 fc00::1 ::ffff:127.0.0.1 ::ffff:169.254.169.254 64:ff9b::7f00:1 2002:7f00:1::
ff02::1 2001:db8::1"""


@pytest.mark.parametrize("address", INSIDE.split())
def test_addresses_inside_are_told(address, monkeypatch):
    assert not is_public(address)
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    answer = [(family, socket.SOCK_STREAM, 6, "", ("93.184.216.34", 80)), (family, 1, 6, "", (address, 80))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answer)
    with pytest.raises(WebError) as refused:
        Fetcher(("photos.example",), 1000).fetch("http://photos.example/")
    assert refused.value.status == 403


def test_public_addresses_are_told():
    assert is_public("93.184.216.34") and is_public("2606:2800:220:1:248:1893:25c8:1946")


def test_the_name_is_looked_up_once(host, monkeypatch):
    """Whatever the name resolves to after the check, the connection goes to the address that was checked."""
    looked: list[str] = []
    real = socket.getaddrinfo

    def rebinding(name, *args, **options):
        looked.append(str(name))
        return real("127.0.0.1" if looked.count(str(name)) == 1 else "127.0.0.2", *args, **options)

    port = host.rpartition(":")[2]
    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    fetcher = Fetcher((f"photos.example:{port}",), 20_000, permits=lambda a: a == "127.0.0.1")
    assert fetcher.fetch(f"http://photos.example:{port}/photo.jpg")[0] == PHOTO
    assert looked.count("photos.example") == 1


def test_a_server_fetches_nothing_unless_told(server):
    refused = post(f"{server.url}/v1/locate", data={"url": "http://photos.example/a.jpg"})
    assert refused.status_code == 403 and "nowhere" in refused.json()["error"]
    both = post(f"{server.url}/v1/locate", data={"url": "http://a.example"}, files={"photo": ("a", PHOTO)})
    assert both.status_code == 422
    assert post(f"{server.url}/v1/locate", data={"options": "{}"}).status_code == 422


def test_a_server_fetches_from_the_host_it_is_told(serve, host):
    site = serve(allowed_hosts=(host,))
    inside = post(f"{site.url}/v1/locate", data={"url": f"http://{host}/photo.jpg"})
    assert inside.status_code == 403 and "public" in inside.json()["error"]
    site.service.fetcher = Fetcher((host,), 20_000, permits=lambda address: True)
    body = post(
        f"{site.url}/v1/locate", data={"url": f"http://{host}/photo.jpg", "options": '{"view": "map"}'}
    )
    assert body.status_code == 200, body.text
    assert body.json()["answers"][0]["photo"] == "photo.jpg"
