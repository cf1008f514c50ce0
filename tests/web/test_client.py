"""The Python client against a real server."""

import subprocess
import sys

import pytest
from tests.web.http import noise_jpeg

from gleam.errors import GleamError
from gleam.locating import Answer
from gleam.locating.batch import Failure
from gleam.web.client import Client
from gleam.web.client_http import ServerError

TOKEN = "correct-horse-battery-staple"


def test_three_lines(server, city_atlas):
    photo, _ = city_atlas.photo("drone", 1)
    answer = Client(server.url).locate(photo, view="drone")
    assert isinstance(answer, Answer)
    assert (answer.photo, answer.status) == (photo.name, "located")


def test_it_needs_the_base_install_alone():
    program = (
        "import sys\nfrom gleam.web.client import Client\n"
        "extra = {'fastapi', 'starlette', 'uvicorn', 'prometheus_client', 'mgrs', 'torch'}\n"
        "assert not extra & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_results_verdicts_and_exports(server, city_atlas):
    client = Client(server.url)
    assert client.atlas()["tiles"] == len(server.service.atlas)
    photo, _ = city_atlas.photo("drone", 1)
    body = client.locate_json(photo, "drone", k=2)
    assert len(body["answers"][0]["candidates"]) == 2
    verdict = client.explain(photo, result=body["id"], language="zh")
    assert verdict.language == "zh"
    assert client.result(body["id"])["verdicts"][0]["verdict"]["text"] == verdict.text
    assert client.export(body["id"], "kml").startswith(b"<?xml")


def test_batches(server, city_atlas, tmp_path):
    client = Client(server.url)
    broken = tmp_path / 'bro"ken.jpg'
    broken.write_bytes(b"\xff\xd8\xff no photo")
    photo, _ = city_atlas.photo("drone", 1)
    job = client.start_job([photo, broken], view="drone")
    assert client.wait(job["id"], timeout_s=120)["state"] == "done"
    first, second = client.results(job["id"])
    assert isinstance(first, Answer) and isinstance(second, Failure)
    assert client.export(job["id"], "csv", job=True)
    client.cancel(job["id"], forget=True)
    with pytest.raises(ServerError) as gone:
        client.job(job["id"])
    assert (gone.value.status, gone.value.code) == (404, "not_found")


def test_what_goes_wrong_is_one_sentence(server, tmp_path):
    with pytest.raises(GleamError, match=r"options\.view"):
        Client(server.url).locate(noise_jpeg(), view="submarine")
    with pytest.raises(GleamError, match="cannot be reached"):
        Client("http://127.0.0.1:9").locate(noise_jpeg())
    with pytest.raises(GleamError, match="no address"):
        Client("127.0.0.1")
    with pytest.raises(GleamError, match="cannot be read"):
        Client(server.url).locate(tmp_path / "missing.jpg")


def test_it_waits_while_the_server_is_busy(serve):
    hasty = serve(rate_per_s=2.0)
    patient = Client(hasty.url, patience_s=30.0)
    hurried = Client(hasty.url, patience_s=0.0)
    for _ in range(8):
        with pytest.raises(ServerError) as refused:
            hurried.resume("abcdefgh")
    assert refused.value.status == 429
    with pytest.raises(ServerError) as found:
        patient.resume("abcdefgh")
    assert found.value.status == 404


def test_it_shows_the_token(serve, monkeypatch):
    guarded = serve(token=TOKEN)
    with pytest.raises(ServerError) as refused:
        Client(guarded.url).atlas()
    assert refused.value.status == 401
    assert Client(guarded.url, TOKEN).atlas()
    monkeypatch.setenv("GLEAM_TOKEN", TOKEN)
    assert Client(guarded.url).atlas()
