from __future__ import annotations

import pytest
from tests.places.layouts.pictures import picture

from gleam.errors import TableError
from gleam.places.importers import ImportOptions
from gleam.places.importers.collecting import Collector
from gleam.views import View


@pytest.fixture
def found(tmp_path):
    picture(tmp_path / "in/a.jpg")
    picture(tmp_path / "in/b.png")
    (tmp_path / "in/note.txt").write_text("no picture")
    (tmp_path / "in/.hidden").write_text("")
    picture(tmp_path / "classes/x/1.jpg")
    (tmp_path / "classes/empty").mkdir()
    return Collector(tmp_path, ImportOptions(), "a set", "a licence")


def test_an_image_named_again_gains_splits_and_is_no_second_row(found):
    assert found.add("p", View.MAP, "in/a.jpg", "train")
    assert found.add("p", View.MAP, "in/a.jpg", "test:gallery")
    assert not found.left_out
    assert found.add("p", View.MAP, "in/a.jpg", "train")
    assert [row.split for row in found.rows] == ["train|test:gallery"]
    assert [str(entry) for entry in found.left_out.values()] == [
        "1 images are named a second time, the first is in/a.jpg"
    ]
    assert (found.rows[0].source, found.rows[0].licence) == ("a set", "a licence")


@pytest.mark.parametrize("path", ["../in/a.jpg", "/etc/passwd", "in/../in/a.jpg", "in\\a.jpg"])
def test_nothing_outside_of_the_root_is_taken(found, path):
    with pytest.raises(TableError, match="no path inside the data set"):
        found.add("p", View.MAP, path, None)


def test_what_is_not_there_is_counted(found):
    assert not found.add("p", View.DRONE, "in/c.jpg", None)
    assert not found.add("p", View.DRONE, "out/a.jpg", None)
    assert found.images("in") == ["a.jpg", "b.png"]
    assert list(found.class_images("classes")) == [("x", "1.jpg")]
    assert {entry.reason: (entry.count, entry.first) for entry in found.left_out.values()} == {
        "drone images are missing": (2, "in/c.jpg"),
        "files are no images": (1, "in/note.txt"),
        "folders have no image in them": (1, "classes/empty"),
    }


def test_queries_need_a_satellite_image_of_one_of_their_places(found):
    found.add("a", View.SATELLITE, "in/a.jpg", None)
    found.add("b", View.DRONE, "in/b.png", None, positives="c|a")
    found.add("b", View.GROUND, "in/b.png", None)
    found.drop_unanswered()
    assert [row.view for row in found.rows] == [View.SATELLITE, View.DRONE]
    assert "ground images have no satellite image of their place" in found.left_out
