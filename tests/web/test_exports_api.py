"""Results as files of other programs, and what must not be in them."""

import io
import json
import zipfile

import pytest
from PIL import Image
from tests.web.http import delete, get, post_photo

from gleam.imagery.exif import read_metadata
from gleam.locating.exporters import FORMATS

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(scope="module")
def kept(server, city_atlas):
    """A result whose photo told its position, which was used to search."""
    photo, row = city_atlas.photo("drone", 0)
    options = {"view": "drone", "keep": True, "use_exif": True}
    body = post_photo(f"{server.url}/v1/locate", photo, photo.name, options=options).json()
    yield body, photo, row
    delete(f"{server.url}/v1/results/{body['id']}")


@pytest.mark.parametrize("format", [f for f in FORMATS if f != "exif"])
def test_every_format_comes_without_the_position_of_the_upload(server, kept, format):
    body, photo, _ = kept
    file = get(f"{server.url}/v1/results/{body['id']}/export?format={format}")
    if format == "tlog" and file.status_code == 422:
        assert "gleam-geo[exchange]" in file.json()["error"]
        return
    assert file.status_code == 200, file.text
    assert "attachment" in file.headers["content-disposition"]
    told = read_metadata(photo).position
    assert body["answers"][0]["prior_from"] == "exif" if told else True
    if told is not None:
        for degree in told:
            assert f"{degree:.6f}".encode() not in file.content
    assert str(server.service.settings.keep).encode() not in file.content


def test_geojson_tells_the_answer(server, kept):
    body, _, _ = kept
    answer = body["answers"][0]
    data = json.loads(get(f"{server.url}/v1/results/{body['id']}/export?format=geojson").content)
    points = [f["geometry"]["coordinates"] for f in data["features"] if f["geometry"]["type"] == "Point"]
    assert points[0] == [pytest.approx(answer["lon"], abs=1e-6), pytest.approx(answer["lat"], abs=1e-6)]


def test_tagged_copies_come_as_an_archive(server, kept):
    body, photo, _ = kept
    file = get(f"{server.url}/v1/results/{body['id']}/export?format=exif")
    assert file.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(file.content)) as archive:
        (name,) = archive.namelist()
        copy = archive.read(name)
    assert Image.open(io.BytesIO(copy)).tobytes() == Image.open(photo).tobytes()


def test_unknown_formats_and_results(server, kept):
    body, _, _ = kept
    refused = get(f"{server.url}/v1/results/{body['id']}/export?format=shapefile")
    assert refused.status_code == 422 and "geojson" in refused.json()["error"]
    for id in ("nothing-there", "..%2f..", "a" * 64):
        assert get(f"{server.url}/v1/results/{id}/export").status_code == 404
