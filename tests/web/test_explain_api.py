"""Explaining over HTTP: the verdicts are those of the command line, and explain the answer's own match."""

import json
import subprocess
import sys

import pytest
from tests.web.http import get, noise_jpeg, post, post_photo

from gleam.explaining import Verdict


@pytest.fixture(scope="module")
def located(server, city_atlas):
    photo, _ = city_atlas.photo("drone", 3)
    body = post_photo(f"{server.url}/v1/locate", photo, photo.name, options={"view": "drone"}).json()
    return photo, body


def test_the_verdict_is_the_command_lines(server, city_atlas, located):
    photo, body = located
    tile = body["answers"][0]["candidates"][0]["tile"]
    request = {"tile": tile, "view": "drone", "language": "zh"}
    own = post_photo(f"{server.url}/v1/explain", photo, request=request)
    assert own.status_code == 200, own.text
    words = [
        "explain",
        str(photo),
        f"{city_atlas.atlas}:{tile}",
        "--view",
        "drone",
        "--language",
        "zh",
        "--json",
    ]
    printed = subprocess.run(
        [sys.executable, "-m", "gleam.cli.main", *words], check=True, capture_output=True, text=True
    )
    verdict, theirs = own.json(), json.loads(printed.stdout)
    assert {**verdict, "seconds": 0} == {**theirs, "seconds": 0}


def test_a_candidate_is_explained_once_and_remembered(server, located):
    photo, body = located
    request = {"result": body["id"], "rank": 1}
    first = post_photo(f"{server.url}/v1/explain", photo, request=request).json()
    verdict = Verdict.model_validate(first)
    assert verdict.language == "en" and verdict.text
    assert verdict.regions
    for region in verdict.regions:
        assert 0 <= region.tile_box.left < region.tile_box.right <= 192.5
        assert 0 <= region.query_box.left < region.query_box.right <= 160.5
    assert post_photo(f"{server.url}/v1/explain", photo, request=request).json() == first
    again = get(f"{server.url}/v1/results/{body['id']}").json()
    assert again["verdicts"] == [{"rank": 1, "language": "en", "explainer": "evidence", "verdict": first}]
    assert again["answers"] == body["answers"]


def test_a_photo_that_was_not_kept_has_to_be_sent_and_be_the_same(server, located):
    _, body = located
    request = {"result": body["id"], "rank": 2}
    without = post(f"{server.url}/v1/explain", data={"request": json.dumps(request)})
    assert (without.status_code, without.json()["code"]) == (409, "conflict")
    other = post_photo(f"{server.url}/v1/explain", noise_jpeg(), request=request)
    assert other.status_code == 422 and "not the one" in other.json()["error"]


def test_a_kept_photo_is_explained_without_sending_it_again(server, city_atlas):
    photo, _ = city_atlas.photo("drone", 2)
    body = post_photo(f"{server.url}/v1/locate", photo, options={"view": "drone", "keep": True}).json()
    request = {"result": body["id"], "rank": 1, "language": "zh"}
    kept = post(f"{server.url}/v1/explain", data={"request": json.dumps(request)})
    assert kept.status_code == 200, kept.text
    assert kept.json()["language"] == "zh"


@pytest.mark.parametrize(
    ("request_", "status", "told"),
    [
        ({"result": "nonsense-id"}, 404, "no such result"),
        ({"tile": "nothing", "view": "drone"}, 404, "no tile"),
        ({"tile": "x"}, 422, "view"),
        ({"tile": "x", "view": "drone", "explainer": "api:gpt@http://169.254.169.254/"}, 422, "explainer"),
        ({"tile": "x", "view": "drone", "explainer": "student:/etc"}, 422, "explainer"),
        ({"rank": 0}, 422, "request.rank"),
        ({"language": "fr"}, 422, "request.language"),
    ],
)
def test_a_wrong_request_is_refused(server, request_, status, told):
    refused = post_photo(f"{server.url}/v1/explain", noise_jpeg(), request=request_)
    assert refused.status_code == status
    assert told in refused.json()["error"]
