"""Locating over HTTP: the answers are those of the command line."""

import io
import json
import subprocess
import sys

import pytest
from PIL import Image
from tests.web.http import delete, get, noise_jpeg, post_photo

from gleam.geo import distance_m
from gleam.locating import Answer

DRONE = {"view": "drone"}
NEAR = {"lat": 1, "lon": 0, "radius_m": 5}
BOX = {"south": 0, "west": 0, "north": 1, "east": 1}


@pytest.fixture(scope="module")
def located(server, city_atlas):
    photo, row = city_atlas.photo("drone", 1)
    truth = {"lat": row["lat"], "lon": row["lon"]}
    options = {**DRONE, "scores": 50, "truth": truth}
    response = post_photo(f"{server.url}/v1/locate", photo, photo.name, options=options)
    assert response.status_code == 200, response.text
    return response.json(), row


def without_timing(answer):
    return {key: value for key, value in answer.items() if key != "timing_s"}


def test_the_answer_is_the_command_lines(located, city_atlas):
    photo, _ = city_atlas.photo("drone", 1)
    words = ["locate", str(photo), "--view", "drone", "--atlas", str(city_atlas.atlas), "--json"]
    printed = subprocess.run(
        [sys.executable, "-m", "gleam.cli.main", *words], check=True, capture_output=True, text=True
    )
    own, theirs = located[0]["answers"][0], json.loads(printed.stdout)
    assert own.keys() == theirs.keys()
    assert located[0]["version"] == theirs["version"]
    assert without_timing(own) == without_timing(theirs)
    assert Answer.from_json(own).to_json() == own


def test_a_city_photo_is_found(located):
    body, row = located
    answer = body["answers"][0]
    assert answer["status"] == "located"
    assert distance_m(answer["lat"], answer["lon"], row["lat"], row["lon"]) < 25
    assert body["summary"] == {
        "located": 1, "ambiguous": 0, "not_here": 0, "cannot_tell": 0, "failed": 0
    }  # fmt: skip


def test_the_error_against_the_truth_is_told(located):
    body, row = located
    answer, truth = body["answers"][0], body["truth"]
    away = distance_m(row["lat"], row["lon"], answer["lat"], answer["lon"])
    assert truth["distance_m"] == round(away, 1)
    assert truth["within_radius95"] == (away <= answer["radius95_m"])
    assert len(truth["candidates_m"]) == len(answer["candidates"])


def test_a_refused_photo_has_candidates_and_no_position(server):
    body = post_photo(f"{server.url}/v1/locate", noise_jpeg(seed=3), options=DRONE).json()
    answer = body["answers"][0]
    assert answer["status"] in ("not_here", "cannot_tell") and answer["candidates"]
    assert {answer[name] for name in ("lat", "lon", "radius95_m", "covariance_m2", "camera_lat")} == {None}
    assert body["positions"][0]["answer"] is None and body["positions"][0]["candidates"]


def test_positions_come_in_every_notation(located):
    positions = located[0]["positions"][0]
    answer = located[0]["answers"][0]
    assert positions["answer"]["decimal"] == f"{answer['lat']:.6f}, {answer['lon']:.6f}"
    assert positions["answer"]["dms"].count('"') == 2
    assert positions["answer"]["mgrs"][:3].strip()
    assert len(positions["candidates"]) == len(answer["candidates"])


def test_scores_fall_and_begin_at_the_answer(located):
    body, _ = located
    scores = body["scores"]
    assert len(scores) == 50
    assert [s["score"] for s in scores] == sorted((s["score"] for s in scores), reverse=True)
    answer = body["answers"][0]
    assert distance_m(scores[0]["lat"], scores[0]["lon"], answer["lat"], answer["lon"]) < 112


def test_a_result_is_there_again(located, server):
    body, _ = located
    again = get(f"{server.url}/v1/results/{body['id']}")
    assert again.json() == body
    assert not body["kept"] and body["preview"] is None
    assert get(f"{server.url}/v1/results/{body['id']}/photo").status_code == 404


@pytest.mark.parametrize("area", ["near", "box"])
def test_only_the_area_asked_for_is_searched(server, city_atlas, area):
    photo, row = city_atlas.photo("drone", 1)
    d = 0.0015
    areas = {
        "near": {"lat": row["lat"], "lon": row["lon"], "radius_m": 150},
        "box": {
            "south": row["lat"] - d, "west": row["lon"] - 2 * d,
            "north": row["lat"] + d, "east": row["lon"] + 2 * d,
        },
    }  # fmt: skip
    options = {**DRONE, area: areas[area], "scores": 1000}
    body = post_photo(f"{server.url}/v1/locate", photo, options=options).json()
    answer = body["answers"][0]
    assert answer["prior_from"] == "told"
    assert 0 < answer["searched"]["tiles"] < len(server.service.atlas)
    assert len(body["scores"]) == answer["searched"]["tiles"]
    for score in body["scores"]:
        assert distance_m(score["lat"], score["lon"], row["lat"], row["lon"]) < 350


def test_without_refining_it_answers_coarser(server, city_atlas):
    photo, row = city_atlas.photo("drone", 1)
    body = post_photo(f"{server.url}/v1/locate", photo, options={**DRONE, "refine": 0}).json()
    assert distance_m(body["answers"][0]["lat"], body["answers"][0]["lon"], row["lat"], row["lon"]) < 60
    assert body["answers"][0]["region95"] == []


def test_a_kept_photo_has_lost_its_metadata_and_survives(server, city_atlas):
    photo, _ = city_atlas.photo("drone", 2)
    assert b"Exif" in photo.read_bytes()
    body = post_photo(f"{server.url}/v1/locate", photo, options={**DRONE, "keep": True}).json()
    kept = get(server.url + body["preview"])
    assert kept.headers["content-type"] == "image/jpeg"
    assert b"Exif" not in kept.content and b"xmp" not in kept.content.lower()
    own, original = Image.open(io.BytesIO(kept.content)), Image.open(photo)
    assert own.tobytes() == original.tobytes()
    server.service.results._held.clear()  # as after a new start
    again = get(f"{server.url}/v1/results/{body['id']}").json()
    assert again == body
    assert delete(f"{server.url}/v1/results/{body['id']}").status_code == 204
    assert get(f"{server.url}/v1/results/{body['id']}").status_code == 404
    assert not (server.service.settings.keep / body["id"]).exists()


def test_nothing_of_an_upload_stays_on_the_disk(server, tmp_path):
    photo = noise_jpeg(seed=7)
    before = {p for p in server.service.settings.work_folder.rglob("*") if p.is_file()}
    assert post_photo(f"{server.url}/v1/locate", photo, options=DRONE).status_code == 200
    assert {p for p in server.service.settings.work_folder.rglob("*") if p.is_file()} == before


def test_keeping_needs_a_folder(serve):
    other = serve()
    refused = post_photo(f"{other.url}/v1/locate", noise_jpeg(), options={**DRONE, "keep": True})
    assert refused.status_code == 422
    assert "--keep" in refused.json()["error"]


def test_an_even_surface_cannot_be_told(server):
    buffer = io.BytesIO()
    Image.new("RGB", (96, 96), (90, 90, 90)).save(buffer, "PNG")
    body = post_photo(f"{server.url}/v1/locate", buffer.getvalue(), options=DRONE).json()
    assert body["answers"][0]["status"] == "cannot_tell"
    assert body["positions"] == [{"answer": None, "candidates": []}]
    assert body["scores"] == []


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ('{"view": "submarine"}', "options.view"),
        ('{"colour": 3}', "options.colour"),
        ("{", "options"),
        ('{"near": {"lat": 91, "lon": 0, "radius_m": 5}}', "options.near.lat"),
        (json.dumps({"near": NEAR, "box": BOX}), "choose one"),
        ('{"box": {"south": 2, "west": 0, "north": 1, "east": 1}}', "south"),
        ('{"heading_deg": NaN}', "options"),
        ('{"k": 0}', "options.k"),
    ],
)  # fmt: skip
def test_a_wrong_option_is_named(server, options, told):
    refused = post_photo(f"{server.url}/v1/locate", noise_jpeg(), options=options)
    assert refused.status_code == 422
    assert told in refused.json()["error"]
    assert refused.json()["code"] == "bad_input"


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"", 422, "bad_input"),
        (b"<html>error</html>", 415, "not_a_photo"),
        (b"\x00\x00\x00\x18ftypheic" + b"\x00" * 60, 415, "not_a_photo"),
        (b"\xff\xd8\xff\xe0" + b"\x00" * 200, 422, "bad_input"),
    ],
)
def test_what_is_no_photo_is_refused(server, content, status, code):
    refused = post_photo(f"{server.url}/v1/locate", content, options=DRONE)
    assert (refused.status_code, refused.json()["code"]) == (status, code)


def test_metadata_are_told_and_the_position_only_when_asked(server, city_atlas):
    photo, row = city_atlas.photo("drone", 0)
    hidden = post_photo(f"{server.url}/v1/metadata", photo, photo.name).json()
    shown = post_photo(f"{server.url}/v1/metadata", photo, photo.name, show_position="true").json()
    assert hidden["has_position"] == shown["has_position"]
    assert hidden["position"] is None
    assert not any("lat" in name.lower() or "gps" in name.lower() for name in hidden["fields"])
    if shown["has_position"]:
        at = shown["position"]
        assert distance_m(at["lat"], at["lon"], row["lat"], row["lon"]) < 500
    assert hidden["view"] == "drone"
    assert (hidden["height"], hidden["width"]) == (160, 160)
