"""Folders of photos: order, failures that do not stop the rest."""

import numpy as np
import pytest
from PIL import Image

from gleam.errors import GleamError
from gleam.locating import Answer, Locator
from gleam.locating.batch import Failure, find_photos, locate_all


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
    assert "b.png" in results[1][1].error
    assert "empty" in results[3][1].error


def test_a_bug_is_not_hidden(tmp_path):
    def broken(path):
        raise ZeroDivisionError

    Image.fromarray(np.zeros((4, 4, 3), np.uint8)).save(tmp_path / "a.png")
    with pytest.raises(ZeroDivisionError):
        list(locate_all([tmp_path / "a.png"], broken))
