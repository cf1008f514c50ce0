"""The file of a long batch: what is skipped, what is made anew, and that nothing is lost or doubled."""

import json

import numpy as np
import pytest
from PIL import Image

from gleam.errors import GleamError, ImageError
from gleam.geo import Circle
from gleam.locating import Answer, Locator, Status
from gleam.locating.batch import Failure, locate_all
from gleam.locating.exporters.jsonl import read_jsonl
from gleam.locating.ledger import Ledger, run_digest
from gleam.views import Pose


@pytest.fixture
def photos(tmp_path):
    rng = np.random.default_rng(1)
    paths = [tmp_path / f"{n}.png" for n in range(4)]
    for path in paths:
        Image.fromarray(rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)).save(path)
    return paths


@pytest.fixture
def out(tmp_path):
    return tmp_path / "made" / "results.jsonl"


class Locate:
    """Answers that say how often they were made; photos in ``broken`` fail."""

    def __init__(self, *broken):
        self.asked, self.broken = [], broken

    def __call__(self, photo):
        self.asked.append(photo.name)
        if photo.name in self.broken:
            raise ImageError(f"{photo.name}: broken.")
        return Answer(photo=photo.name, view="map", status=Status.NOT_HERE, lat=1.5, lon=2.5)


def go(photos, out, locate, run="r", resume=True, stop_after=None):
    with Ledger(out, run, resume=resume) as ledger:
        for n, _ in enumerate(locate_all(photos, locate, ledger), start=1):
            if n == stop_after:
                return locate.asked
    return locate.asked


def names(path):
    return [json.loads(line)["photo"].split("/")[-1] for line in path.read_text().splitlines()]


def test_a_stopped_run_goes_on_where_it_was(photos, out):
    assert go(photos, out, Locate(), stop_after=2) == ["0.png", "1.png"]
    assert names(out) == ["0.png", "1.png"]
    assert go(photos, out, Locate()) == ["2.png", "3.png"]
    assert names(out) == ["0.png", "1.png", "2.png", "3.png"]
    assert go(photos, out, Locate()) == []
    answers, failures = read_jsonl(out)
    assert [a.photo for a in answers] == ["0.png", "1.png", "2.png", "3.png"]
    assert failures == []


def test_kept_answers_are_yielded_in_their_place(photos, out):
    go(photos[::2], out, Locate())
    with Ledger(out, "r", resume=True) as ledger:
        results = list(locate_all(photos, Locate(), ledger))
    assert [p for p, _ in results] == photos
    assert [r.photo for _, r in results] == [p.name for p in photos]
    assert names(out) == ["0.png", "1.png", "2.png", "3.png"]


def test_refused_photos_have_no_place_in_the_file(photos, out):
    go(photos, out, Locate(), stop_after=2)
    go(photos, out, Locate())
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert [(row["status"], row["lat"], row["lon"]) for row in rows] == [("not_here", None, None)] * 4
    # Nor after a file that has one, as older ones do, was gone on with.
    new = out.read_bytes()
    out.write_bytes(new.replace(b'"lat": null, "lon": null', b'"lat": 1.5, "lon": 2.5'))
    assert out.read_bytes() != new
    assert go(photos, out, Locate()) == []
    assert out.read_bytes() == new


def test_other_pixels_or_another_run_are_located_again(photos, out):
    go(photos, out, Locate())
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(photos[1])
    assert go(photos, out, Locate()) == ["1.png"]
    assert go(photos, out, Locate(), run="another") == ["0.png", "1.png", "2.png", "3.png"]
    assert len(names(out)) == 4


def test_failures_are_tried_again(photos, out):
    go(photos, out, Locate("2.png"))
    assert isinstance(read_jsonl(out)[1][0], Failure)
    assert go(photos, out, Locate()) == ["2.png"]
    assert read_jsonl(out)[1] == []
    missing = photos[0].with_name("missing.png")
    go([missing], out, Locate("missing.png"))
    assert go([missing], out, Locate()) == ["missing.png"]


def test_photos_of_another_call_stay_in_the_file(photos, out):
    go(photos[:2], out, Locate())
    go(photos[2:], out, Locate())
    assert names(out) == ["0.png", "1.png", "2.png", "3.png"]


def test_content_is_not_overwritten_without_being_told(photos, out):
    go(photos, out, Locate())
    before = out.read_bytes()
    with pytest.raises(GleamError, match="--resume"):
        go(photos, out, Locate(), resume=False)
    assert out.read_bytes() == before


@pytest.mark.parametrize("content", [b"my notes", b"my notes\n", b"[1]\n", b'{"a": 1}\n', b"\xff\xfe\n"])
def test_a_file_of_something_else_is_left_alone(photos, tmp_path, content):
    other = tmp_path / "notes.txt"
    other.write_bytes(content)
    with pytest.raises(GleamError, match=r"notes\.txt.*another file"):
        go(photos, other, Locate())
    assert other.read_bytes() == content
    with pytest.raises(GleamError, match="folder"):
        go(photos, tmp_path, Locate())


def test_any_torn_end_is_mended(photos, out):
    go(photos, out, Locate())
    whole = out.read_bytes()
    line = whole.index(b"\n") + 1
    for cut in range(line, 2 * line, 7):
        out.write_bytes(whole[:cut])
        assert go(photos, out, Locate()) == ["1.png", "2.png", "3.png"]
        assert out.read_bytes() == whole


def test_two_at_once_are_refused(photos, out):
    with Ledger(out, "r"), pytest.raises(GleamError, match="Another process"):
        go(photos, out, Locate())
    go(photos, out, Locate())


def test_names_that_are_no_text_are_found_again(photos, out, tmp_path):
    odd = tmp_path / b"\xff.png".decode("utf-8", "surrogateescape")
    try:
        photos[0].rename(odd)
    except OSError:
        pytest.skip("this disk takes only names of UTF-8")
    assert len(go([odd], out, Locate())) == 1
    assert go([odd], out, Locate()) == []


def test_the_digest_tells_what_shapes_an_answer(encoder, atlas, pixel_encoder_class):
    locator = Locator(encoder, atlas)
    options = {"view": None, "pose": Pose(heading_deg=1.0), "near": Circle(48.0, 16.0, 50.0), "k": 5}
    digest = run_digest(locator, options)
    assert digest == run_digest(Locator(encoder, atlas), dict(options))
    for changed in ({"k": 6}, {"pose": Pose(heading_deg=2.0)}, {"near": None}, {"view": "map"}):
        assert run_digest(locator, {**options, **changed}) != digest
    assert run_digest(Locator(encoder, atlas, headings=12), options) != digest
    calibrated = pixel_encoder_class()
    calibrated.calibration = {"radius95": {"map": {"radius95_m": 9.0, "name": "n", "n": 5}}}
    assert run_digest(Locator(calibrated, atlas), options) != digest
