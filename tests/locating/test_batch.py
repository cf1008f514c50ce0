"""Folders of photos: order, failures that do not stop the rest."""

import datetime as dt

import numpy as np
import pytest
from PIL import Image

from gleam.errors import GleamError
from gleam.imagery.exif_write import jpeg_with_metadata
from gleam.locating import Answer, Locator, Status
from gleam.locating.batch import (
    Failure,
    Summary,
    find_photos,
    in_order_of_capture,
    locate_all,
    locate_as_one,
    locate_flight,
)
from gleam.locating.job import Job, Mode
from gleam.views import Pose, View


def test_photos_are_found_in_order(tmp_path):
    for name in ("b.JPG", "a.png", "notes.txt", ".hidden.jpg"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "deeper").mkdir()
    assert [p.name for p in find_photos([tmp_path])] == ["a.png", "b.JPG"]
    assert [p.name for p in find_photos([tmp_path / "c.jpg", tmp_path])] == ["c.jpg", "a.png", "b.JPG"]


def test_an_empty_folder_is_one_sentence(tmp_path):
    with pytest.raises(GleamError, match="holds no photo"):
        find_photos([tmp_path])
    with pytest.raises(GleamError, match="No photo"):
        find_photos([])


def test_a_broken_photo_does_not_stop_the_rest(tmp_path, encoder, atlas, landscape):
    for name, spot in (("a.png", (200, 200)), ("c.png", (300, 300))):
        Image.fromarray(landscape.cut(*spot)).save(tmp_path / name)
    (tmp_path / "b.png").write_bytes(b"\x89PNG\r\n\x1a\ncut short")
    (tmp_path / "d.jpg").write_bytes(b"")
    locator = Locator(encoder, atlas)
    results = list(locate_all(find_photos([tmp_path]), lambda p: locator.locate(p, "drone", heading=0)))
    assert [p.name for p, _ in results] == ["a.png", "b.png", "c.png", "d.jpg"]
    assert [type(r) for _, r in results] == [Answer, Failure, Answer, Failure]
    assert [r.photo for _, r in results] == ["a.png", "b.png", "c.png", "d.jpg"]
    assert str(tmp_path / "b.png") in results[1][1].error
    assert "empty" in results[3][1].error


def test_a_bug_is_not_hidden(tmp_path):
    def broken(path):
        raise ZeroDivisionError

    Image.fromarray(np.zeros((4, 4, 3), np.uint8)).save(tmp_path / "a.png")
    with pytest.raises(ZeroDivisionError):
        list(locate_all([tmp_path / "a.png"], broken))


def taken_at(path, second):
    moment = None if second is None else dt.datetime(2024, 5, 1, 12, 0, second)
    pixels = np.zeros((8, 8, 3), np.uint8)
    jpeg_with_metadata(pixels, path, view=View.DRONE, pose=Pose(), taken=moment)
    return path


def test_the_order_is_that_of_the_clock(tmp_path):
    photos = [taken_at(tmp_path / f"{n}.jpg", second) for n, second in enumerate((30, 10, 55))]
    ordered, times_s = in_order_of_capture(photos)
    assert [p.name for p in ordered] == ["1.jpg", "0.jpg", "2.jpg"]
    assert times_s == [0.0, 20.0, 45.0]
    photos.append(taken_at(tmp_path / "3.jpg", None))
    assert in_order_of_capture(photos) == (photos, None)


@pytest.mark.parametrize(
    ("statuses", "failed", "code"),
    [
        (["located", "not_here"], 0, 0),
        (["ambiguous"], 0, 0),
        (["not_here", "cannot_tell"], 0, 4),
        (["located"], 1, 3),
        ([], 1, 3),
        ([], 0, 4),
    ],
)
def test_what_a_batch_leaves_with(statuses, failed, code):
    answers = [Answer(photo="p", view="map", status=Status(s)) for s in statuses]
    summary = Summary.of([*answers, *[Failure("p", "broken.")] * failed])
    assert summary.exit_code == code
    assert sum(summary.counts.values()) == len(statuses) + failed
    assert str(summary).startswith(f"{len(statuses) + failed} photo")


def test_groups_leave_out_what_cannot_be_read(tmp_path, encoder, atlas, landscape):
    photos = [tmp_path / name for name in ("a.png", "b.png", "c.png")]
    for photo, x in zip(photos, (200, 205, 210), strict=True):
        Image.fromarray(landscape.cut(x, 200)).save(photo)
    photos[0].write_bytes(b"broken")
    locator = Locator(encoder, atlas)
    options = {"view": View.MAP, "pose": Pose(heading_deg=0.0, ground_width_m=128.0), "k": 3}
    for results in (
        list(locate_as_one(locator, photos, options)),
        list(locate_flight(locator, photos, 20.0, options)),
    ):
        failures = [(path, result) for path, result in results if isinstance(result, Failure)]
        assert [path.name for path, _ in failures] == ["a.png"]
        assert failures[0][1].photo == "a.png"
        assert str(photos[0]) in failures[0][1].error
        assert next(path.name for path, r in results if isinstance(r, Answer)) == "b.png"
    for group in (
        locate_as_one(locator, photos[:1], options),
        locate_flight(locator, photos[:1], 20.0, options),
    ):
        with pytest.raises(GleamError, match=r"None of the 1 photos.*a\.png"):
            list(group)


def test_one_export_that_fails_does_not_cost_the_others(tmp_path, encoder, atlas, landscape):
    photo = tmp_path / "a.png"
    Image.fromarray(landscape.cut(200, 200)).save(photo)
    (tmp_path / "folder.kml").mkdir()
    exports = [(str(tmp_path / "folder.kml"), None), (str(tmp_path / "a.csv"), None)]
    job = Job([photo], {"view": View.MAP}, exports=exports)
    outcome = job.run(Locator(encoder, atlas))
    with pytest.raises(GleamError, match=r"folder\.kml"):
        job.export(outcome)
    assert (tmp_path / "a.csv").exists()


def test_a_job_says_at_once_what_cannot_work(tmp_path):
    with pytest.raises(GleamError, match="does not tell the format"):
        Job([], {}, exports=[("a.shp", None)])
    (tmp_path / "photo.jpg").write_bytes(b"x")
    with pytest.raises(GleamError, match="already has content"):
        Job([], {}, exports=[(str(tmp_path), "exif")])
    with pytest.raises(GleamError, match="single photos"):
        Job([], {}, mode=Mode.SEQUENCE, out="a.jsonl")
