"""Uploads that are too large, too slow, too many; bombs; and full queues."""

import io
import socket
import struct
import threading
import time
import zlib

import pytest
from tests.web.http import get, noise_jpeg, post, post_photo

from gleam.web.limits import RateLimit


@pytest.fixture(scope="module")
def small(city_atlas, tmp_path_factory):
    """A server with small limits."""
    from tests.web.conftest import running

    limits = {"max_upload_bytes": 100_000, "max_photo_pixels": 1_000_000, "slowest_body_s": 0.5}
    work = tmp_path_factory.mktemp("small")
    with running(atlas=city_atlas.atlas, work=work, rate_per_s=1000.0, **limits) as started:
        yield started


def raw(server, head: bytes, *parts: bytes, pause: float = 0.0, listen: float = 10.0) -> bytes:
    """Send bytes as they are and return what comes back until the server closes or is silent."""
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=listen) as line:
        line.sendall(head)
        for part in parts:
            time.sleep(pause)
            try:
                line.sendall(part)
            except OSError:
                break
        answer = b""
        try:
            while more := line.recv(65536):
                answer += more
        except OSError:
            pass
        return answer


def head(path="/v1/locate", *lines: str) -> bytes:
    told = ["Host: 127.0.0.1", "Content-Type: multipart/form-data; boundary=x", *lines]
    return "\r\n".join([f"POST {path} HTTP/1.1", *told, "", ""]).encode()


def png_of(width: int, height: int) -> bytes:
    """Return a PNG of a few hundred bytes whose header tells a huge picture."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 10_000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def test_a_huge_content_length_is_refused_before_a_byte_is_read(small):
    begun = time.monotonic()
    answer = raw(small, head("/v1/locate", "Content-Length: 900000000000"))
    assert b" 413 " in answer.split(b"\r\n")[0]
    assert b"too_large" in answer
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize("length", ["9" * 5000, "-1", "1e3", "０"])
def test_a_content_length_that_is_no_number(small, length):
    answer = raw(small, head("/v1/locate", f"Content-Length: {length}").replace("０".encode(), b"\xef"))
    assert answer.split(b" ")[1] in (b"400", b"413")


def test_a_chunked_body_is_cut_off_at_the_limit(small):
    piece = b"4000\r\n" + b"a" * 0x4000 + b"\r\n"
    start = b'--x\r\nContent-Disposition: form-data; name="photo"; filename="a"\r\n\r\n'
    first = f"{len(start):x}\r\n".encode() + start + b"\r\n"
    answer = raw(small, head("/v1/locate", "Transfer-Encoding: chunked"), first, *[piece] * 40)
    assert b" 413 " in answer.split(b"\r\n")[0]


def test_a_slow_body_is_cut_off(small):
    begun = time.monotonic()
    answer = raw(small, head("/v1/locate", "Content-Length: 5000"), b"--x\r\n", pause=0.2)
    assert b" 408 " in answer.split(b"\r\n")[0]
    assert b"too_slow" in answer
    assert time.monotonic() - begun < 10


def test_a_slow_head_is_cut_off(small, monkeypatch):
    monkeypatch.setattr("gleam.web.protocol.HEADERS_S", 0.5)
    begun = time.monotonic()
    assert raw(small, b"POST /v1/locate HTTP/1.1\r\nHost: 127.0.0.1\r\n", b"A: b\r\n", pause=0.1) == b""
    assert time.monotonic() - begun < 8


def test_an_upload_above_the_limit_is_refused(small):
    refused = post_photo(f"{small.url}/v1/locate", b"\xff\xd8\xff" + b"\0" * 200_000)
    assert (refused.status_code, refused.json()["code"]) == (413, "too_large")


def test_requests_without_photos_are_small(small):
    refused = post(f"{small.url}/v1/jobs/abcdefghij/resume", content=b"x" * 70_000)
    assert refused.status_code == 413


@pytest.mark.parametrize("size", [(2000, 1000), (60_000, 60_000), (2**31 - 1, 2**31 - 1)])
def test_a_picture_of_too_many_pixels_is_not_decoded(small, size):
    bomb = png_of(*size)
    for path in ("/v1/locate", "/v1/metadata"):
        refused = post_photo(small.url + path, bomb, "bomb.png")
        assert (refused.status_code, refused.json()["code"]) == (413, "too_large"), refused.text
    tile = next(iter(small.service.atlas.store.tiles())).id
    refused = post_photo(f"{small.url}/v1/explain", bomb, request={"tile": tile, "view": "drone"})
    assert refused.status_code == 413


def test_files_that_name_other_files_are_no_photos(small):
    vrt = b'<VRTDataset rasterXSize="1" rasterYSize="1"><SourceFilename>/vsicurl/http://a</SourceFilename>'
    for data in (vrt, b"/vsicurl/http://169.254.169.254/", b"<svg xmlns='http://www.w3.org/2000/svg'/>"):
        assert post_photo(f"{small.url}/v1/locate", data, "a.vrt").status_code == 415
    tiff = io.BytesIO()
    assert post_photo(f"{small.url}/v1/locate", tiff.getvalue()).status_code == 422


def test_a_full_queue_is_told_and_survived(serve):
    """Work that does not end until it may: the next request is told when to come back."""
    busy = serve(queue=2, workers=1)
    hold = threading.Event()
    engine = busy.service.engine
    locate = busy.service.locator.locate

    def held(*args, **options):
        hold.wait(20)
        return locate(*args, **options)

    busy.service.locator.locate = held
    answers = []
    post = lambda: answers.append(post_photo(f"{busy.url}/v1/locate", noise_jpeg(), options={"view": "map"}))  # noqa: E731
    threads = [threading.Thread(target=post) for _ in range(2)]
    for thread in threads:
        thread.start()
    until = time.monotonic() + 10
    while engine.waiting < 2 and time.monotonic() < until:
        time.sleep(0.01)
    assert engine.waiting == 2
    refused = post_photo(f"{busy.url}/v1/locate", noise_jpeg())
    assert (refused.status_code, refused.json()["code"]) == (429, "busy")
    assert int(refused.headers["retry-after"]) >= 1
    assert get(f"{busy.url}/healthz").status_code == 200
    hold.set()
    for thread in threads:
        thread.join()
    assert [a.status_code for a in answers] == [200, 200]
    assert engine.waiting == 0


def test_too_many_requests_are_told_when_to_come_back(serve):
    hasty = serve(rate_per_s=1.0)
    answers = [post(f"{hasty.url}/v1/jobs/abcdefghij/resume") for _ in range(6)]
    assert answers[0].status_code == 404
    refused = [a for a in answers if a.status_code == 429]
    assert refused and int(refused[0].headers["retry-after"]) >= 1
    assert get(f"{hasty.url}/v1/atlas").status_code == 200


def test_the_rate_of_a_client():
    now = [0.0]
    rate = RateLimit(2.0, lambda: now[0])
    assert [rate.take("a") for _ in range(4)] == [0.0] * 4
    assert rate.take("a") == pytest.approx(0.5)
    assert rate.take("b") == 0.0
    now[0] += 0.5
    assert rate.take("a") == 0.0
    assert rate.take("a") > 0


def test_a_client_that_hangs_up_leaves_nothing_behind(small):
    answer = raw(small, head("/v1/locate", "Content-Length: 5000") + b"--x\r\n", listen=0.2)
    assert answer == b""
    until = time.monotonic() + 5
    while small.service.engine.waiting and time.monotonic() < until:
        time.sleep(0.01)
    assert small.service.engine.waiting == 0
    assert get(f"{small.url}/healthz").status_code == 200


def test_bugs_are_told_without_their_inside(serve):
    broken = serve()

    def fail(*_, **__):
        raise RuntimeError("secret inside")

    broken.service.locator.locate = fail
    refused = post_photo(f"{broken.url}/v1/locate", noise_jpeg())
    assert (refused.status_code, refused.json()["code"]) == (500, "bug")
    assert "secret" not in refused.text
    assert "content-security-policy" in refused.headers
    assert broken.service.engine.waiting == 0
