"""Batches over HTTP: progress, cancel, resume after a kill, downloads."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from tests.web.conftest import held_after
from tests.web.http import delete, get, noise_jpeg, post

from gleam.locating import Answer
from gleam.locating.batch import Failure
from gleam.web.client import Client

OPTIONS = {"view": "drone"}


def start(url, photos, options=OPTIONS, **fields):
    files = [("photo", (name, data)) for name, data in photos]
    form = {"options": json.dumps(options), **fields}
    response = post(f"{url}/v1/jobs", files=files, data=form)
    assert response.status_code == 202, response.text
    return response.json()["id"]


def wait(url, id, states=("done", "cancelled", "interrupted", "failed"), seconds=120):
    until = time.monotonic() + seconds
    while True:
        job = get(f"{url}/v1/jobs/{id}").json()
        if job["state"] in states:
            return job
        assert time.monotonic() < until, job
        time.sleep(0.05)


@pytest.fixture(scope="module")
def photos(city_atlas):
    files = [city_atlas.photo("drone", n)[0] for n in range(4)]
    return [(f.name, f.read_bytes()) for f in files]


def test_a_batch_answers_every_photo_and_lets_go_of_them(server, photos):
    given = [*photos[:2], ("broken.jpg", b"\xff\xd8\xff\xe0 no photo"), photos[0]]
    id = start(server.url, given)
    job = wait(server.url, id)
    assert (job["state"], job["done"], job["total"]) == ("done", 4, 4)
    assert job["summary"]["failed"] == 1
    rows = get(f"{server.url}/v1/jobs/{id}/results").json()
    assert [row["number"] for row in rows["results"]] == [1, 2, 3, 4]
    assert [row["photo"] for row in rows["results"]] == [name for name, _ in given]
    assert rows["next"] == 4 and rows["state"] == "done"
    broken = rows["results"][2]
    assert broken["answer"] is None and "broken.jpg" in broken["error"]
    assert str(server.service.settings.work_folder) not in json.dumps(rows)
    batch = server.service.batches.get(id)
    stored = batch.folder.rows(batch.about)  # what the next server would tell
    assert stored[2].result == Failure("broken.jpg", broken["error"])
    answer = Answer.from_json(rows["results"][0]["answer"])
    single = Client(server.url).locate(given[0][1], "drone")
    assert (answer.status, answer.lat, answer.lon) == (single.status, single.lat, single.lon)
    later = get(f"{server.url}/v1/jobs/{id}/results?after=3").json()
    assert later["results"] == rows["results"][3:]
    folder = server.service.batches.get(id).folder.path
    assert not (folder / "photos").exists()
    for format, start_with in (("geojson", b"{"), ("csv", b""), ("jsonl", b'{"version"'), ("kml", b"<?xml")):
        file = get(f"{server.url}/v1/jobs/{id}/export?format={format}")
        assert file.status_code == 200 and file.content.startswith(start_with)
        assert "attachment" in file.headers["content-disposition"]
        assert str(folder).encode() not in file.content
    copies = get(f"{server.url}/v1/jobs/{id}/export?format=exif")
    assert copies.status_code == 409
    assert delete(f"{server.url}/v1/jobs/{id}?forget=true").status_code == 204
    assert get(f"{server.url}/v1/jobs/{id}").status_code == 404
    assert not folder.exists()


def test_a_cancelled_batch_goes_on_where_it_stopped(server, photos):
    many = [(f"{n:02d}.jpg", noise_jpeg(seed=n)) for n in range(12)]
    with held_after(server, 3):
        id = start(server.url, many)
        while get(f"{server.url}/v1/jobs/{id}").json()["done"] < 1:
            time.sleep(0.02)
        delete(f"{server.url}/v1/jobs/{id}")
        job = wait(server.url, id)
    assert job["state"] == "cancelled"
    assert 1 <= job["done"] < 12
    assert len(list((server.service.batches.get(id).folder.path / "photos").iterdir())) == 12
    assert post(f"{server.url}/v1/jobs/{id}/resume").status_code == 200
    job = wait(server.url, id)
    assert (job["state"], job["done"]) == ("done", 12)
    assert post(f"{server.url}/v1/jobs/{id}/resume").status_code == 409


def test_photos_of_one_place_get_one_answer(server, photos):
    id = start(server.url, photos[:2], mode="together")
    job = wait(server.url, id)
    assert job["state"] == "done", job
    rows = get(f"{server.url}/v1/jobs/{id}/results").json()["results"]
    assert len(rows) == 1 and rows[0]["answer"]["status"]


@pytest.mark.parametrize("mode", ["together", "sequence"])
def test_photos_that_are_answered_together_can_be_cancelled_between_them(server, mode):
    many = [(f"{n:02d}.jpg", noise_jpeg(seed=n)) for n in range(6)]
    with held_after(server, 2):
        id = start(server.url, many, mode=mode)
        wait(server.url, id, ("running",))
        delete(f"{server.url}/v1/jobs/{id}")
        job = wait(server.url, id)
    assert (job["state"], job["done"]) == ("cancelled", 0)
    delete(f"{server.url}/v1/jobs/{id}?forget=true")


def test_a_kept_batch_gives_tagged_copies(server, photos):
    import io
    import zipfile

    id = start(server.url, photos[:1], options={**OPTIONS, "keep": True})
    wait(server.url, id)
    copies = get(f"{server.url}/v1/jobs/{id}/export?format=exif")
    assert copies.status_code == 200, copies.text
    with zipfile.ZipFile(io.BytesIO(copies.content)) as archive:
        assert archive.namelist() == [photos[0][0]]


def test_a_killed_server_loses_no_answer(city_atlas, tmp_path):
    """Kill -9 in the middle of a batch; the next server goes on with what was answered."""
    many = [(f"{n:02d}.jpg", noise_jpeg(seed=n)) for n in range(6)]
    words = ["serve", "--atlas", str(city_atlas.atlas), "--port", "0", "--work", str(tmp_path / "work")]

    def run():
        process = subprocess.Popen(
            [sys.executable, "-m", "gleam.cli.main", *words],
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "GLEAM_QUIET": "0"},
        )
        assert process.stderr is not None
        for line in process.stderr:
            if "http://" in line:
                return process, line.split("http://")[1].split("/")[0]
        raise AssertionError("the server did not start")

    process, host = run()
    try:
        id = start(f"http://{host}", many)
        while get(f"http://{host}/v1/jobs/{id}").json()["done"] < 2:
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
        process.wait()
        ledger = tmp_path / "work" / "jobs" / id / "answers.jsonl"
        before = ledger.read_bytes().splitlines()
        assert 2 <= len(before) < 6
        process, host = run()
        job = get(f"http://{host}/v1/jobs/{id}").json()
        assert (job["state"], job["done"]) == ("interrupted", len(before))
        assert post(f"http://{host}/v1/jobs/{id}/resume").status_code == 200
        job = wait(f"http://{host}", id)
        assert (job["state"], job["done"]) == ("done", 6)
        after = ledger.read_bytes().splitlines()
        assert after[: len(before)] == before
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize(
    ("fields", "told"),
    [({"mode": "all"}, "mode"), ({"options": '{"refine": 3}'}, "options.refine")],
)
def test_a_wrong_batch_is_refused(server, fields, told):
    files = [("photo", ("a.jpg", noise_jpeg()))]
    refused = post(f"{server.url}/v1/jobs", files=files, data=fields)
    assert refused.status_code == 422 and told in refused.json()["error"]


def test_names_that_lead_elsewhere_do_not(server):
    id = start(
        server.url,
        [("../../../etc/passwd", noise_jpeg()), ("..", noise_jpeg()), ("a\x7fb\u202ec.jpg", noise_jpeg())],
    )
    rows = get(f"{server.url}/v1/jobs/{id}/results").json()
    wait(server.url, id)
    rows = get(f"{server.url}/v1/jobs/{id}/results").json()["results"]
    assert [row["photo"] for row in rows] == ["passwd", "photo", "abc.jpg"]


def test_one_folder_serves_one_server(server, city_atlas):
    from gleam.errors import GleamError
    from gleam.web.app import create_app
    from gleam.web.settings import Settings

    with pytest.raises(GleamError, match="Another server"):
        create_app(Settings(atlas=city_atlas.atlas, work=server.service.settings.work_folder))
