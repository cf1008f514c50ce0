from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.places.layouts import university1652
from tests.places.layouts.university1652 import DISTRACTOR, QUERIES, TRAIN

from gleam.errors import TableError
from gleam.places.check import check_places
from gleam.places.importers import DATASETS, ImportOptions, import_dataset, import_places
from gleam.places.relations import answers

REAL = os.environ.get("GLEAM_REALDATA")


def counts(places, split, role):
    return places.select(split=split, role=role).view_counts()


def test_halves_queries_and_galleries(tmp_path):
    found = import_dataset(DATASETS["university-1652"], university1652.make(tmp_path), ImportOptions())
    places = found.places
    assert places.splits == ["test", "train"]
    assert counts(places, "train", None) == {"satellite": 2, "drone": 6, "ground": 2}
    assert counts(places, "test", "query") == {"satellite": 2, "drone": 6, "ground": 1}
    assert counts(places, "test", "gallery") == {"satellite": 3, "drone": 9, "ground": 2}
    assert set(places.select(split="train").column("place")) == set(TRAIN)
    assert not found.absent and not found.left_out
    assert {(c.split, c.view.value, c.role): c.images for c in found.coverage} == {
        ("train", "satellite", None): 2,
        ("train", "drone", None): 6,
        ("test", "satellite", "query"): 2,
        ("test", "satellite", "gallery"): 3,
        ("test", "drone", "query"): 6,
        ("test", "drone", "gallery"): 9,
        ("test", "ground", "query"): 1,
        ("test", "ground", "gallery"): 2,
        ("train", "ground", None): 2,
    }
    assert check_places(places).counts["duplicate"] == 0


def test_a_distractor_is_searched_and_never_asked_about(tmp_path):
    places = import_places("university-1652", university1652.make(tmp_path))
    rows = [row for row in places if row.place == DISTRACTOR]
    assert {row.split for row in rows} == {"test:gallery"}
    tiles = places.select(view="satellite", split="test", role="query")
    drones = places.select(view="drone", split="test", role="gallery")
    found = answers(tiles, drones)
    assert [len(rows) for rows in found.positives] == [3, 3]
    assert list(tiles.column("place")) == list(QUERIES)


def test_noisy_pictures_come_in_when_asked_for(tmp_path):
    root = university1652.make(tmp_path)
    with_them = import_places("university-1652", root, ImportOptions(extra={"google": "yes"}))
    assert counts(with_them, "train", None)["ground"] == 4
    assert counts(import_places("university-1652", root), "train", None)["ground"] == 2


def test_a_part_works_and_says_what_is_missing(tmp_path):
    root = university1652.make(tmp_path)
    for folder in ("train/street", "test/gallery_drone", "test/query_satellite", "test/gallery_street"):
        (root / folder).rename(root / folder.replace("/", "-"))
    (root / "test/query_drone/0007").mkdir()
    (root / "test/query_drone/0000/Thumbs.db").write_bytes(b"")
    found = import_dataset(DATASETS["university-1652"], root, ImportOptions())
    assert found.absent == tuple(
        f"the folder {f}"
        for f in ("train/street", "test/query_satellite", "test/gallery_drone", "test/gallery_street")
    )
    said = {entry.reason: entry.first for entry in found.left_out}
    assert said == {
        "folders have no image in them": "test/query_drone/0007",
        "files are no images": "test/query_drone/0000/Thumbs.db",
    }
    assert set(found.places.select(view="drone", split="test").column("split")) == {"test:query"}
    assert counts(found.places, "test", "gallery") == {"satellite": 3}


def test_images_without_a_satellite_image_are_left_out_and_counted(tmp_path):
    root = university1652.make(tmp_path)
    (root / "test/gallery_satellite/0001/0001.jpg").unlink()
    (root / "test/query_satellite/0001/0001.jpg").unlink()
    found = import_dataset(DATASETS["university-1652"], root, ImportOptions())
    said = {entry.reason: entry.count for entry in found.left_out}
    assert said["drone images have no satellite image of their place"] == 3
    assert not any(row.place == "0001" for row in found.places)


def test_one_half_alone_has_no_split(tmp_path):
    places = import_places("university-1652", university1652.make(tmp_path) / "train")
    assert places.splits == []
    assert places.view_counts() == {"satellite": 2, "drone": 6, "ground": 2}


def test_an_empty_folder_is_an_error(tmp_path):
    with pytest.raises(TableError, match=r"no images of University-1652.*train/satellite.*at https"):
        import_places("university-1652", tmp_path)


@pytest.mark.skipif(not REAL, reason="GLEAM_REALDATA names no folder of real imagery")
def test_the_real_samples(tmp_path):
    samples = Path(REAL) / "university1652_samples"
    places = import_places("university-1652", samples)
    assert places.view_counts() == {"satellite": 3, "drone": 162, "ground": 14}
    # The same pictures in the order of the whole set, where the distractors have their place.
    for name, folder in (("satellite", "satellite"), ("drone", "drone"), ("street", "street")):
        for kind in ("query", "gallery"):
            goal = tmp_path / f"test/{kind}_{name}"
            goal.mkdir(parents=True)
            for place in (samples / folder).iterdir():
                (goal / place.name).symlink_to(place)
    for picture in (samples / "distractor_satellite").iterdir():
        place = tmp_path / "test/gallery_satellite" / picture.stem
        place.mkdir()
        (place / picture.name).symlink_to(picture)
    found = import_dataset(DATASETS["university-1652"], tmp_path, ImportOptions())
    assert counts(found.places, "test", "query") == {"satellite": 3, "drone": 162, "ground": 14}
    assert counts(found.places, "test", "gallery") == {"satellite": 71, "drone": 162, "ground": 14}
    shares = {(c.view.value, c.role): c.share for c in found.coverage if c.split == "test"}
    assert shares["drone", "query"] == pytest.approx(162 / 37_855)
    assert not check_places(found.places).problems
