from __future__ import annotations

import dataclasses

import pytest
from tests.places.layouts import vigor
from tests.places.layouts.vigor import label, panorama, tile, write

from gleam.errors import GleamError, TableError
from gleam.geo import distance_m
from gleam.places.importers import DATASETS, ImportOptions, import_dataset, import_places
from gleam.places.importers.vigor import METRES_PER_PIXEL, TILE_PIXELS
from gleam.places.relations import answers, related_places


def coverage(found):
    return {(line.split, line.view.value): (line.images, line.published_images) for line in found.coverage}


@pytest.mark.parametrize("by_view", [False, True])
def test_both_published_orders_of_folders_give_both_protocols(tmp_path, by_view):
    root = vigor.make(tmp_path / "VIGOR", by_view=by_view)
    found = import_dataset(DATASETS["vigor"], root, ImportOptions())
    places = found.places
    assert places.view_counts() == {"satellite": 24, "panorama": 24}
    assert places.splits == ["cross-test", "cross-train", "same-test", "same-train"]
    assert coverage(found) == {
        ("same-train", "satellite"): (24, 90_618),
        ("same-train", "panorama"): (12, 52_609),
        ("same-test", "satellite"): (24, 90_618),
        ("same-test", "panorama"): (12, 52_605),
        ("cross-train", "satellite"): (12, 44_055),
        ("cross-train", "panorama"): (12, 51_520),
        ("cross-test", "satellite"): (12, 46_563),
        ("cross-test", "panorama"): (12, 53_694),
    }
    assert not found.whole
    assert not found.absent and not found.left_out
    assert all(path.is_file() for path in places.paths)
    cross = places.select(view="panorama", split="cross-train")
    assert {place.split("/")[0] for place in cross.column("place")} == {"NewYork", "Seattle"}


def test_what_a_row_knows(tmp_path):
    places = import_places("vigor", vigor.make(tmp_path, ["Chicago"]))
    row = next(r for r in places if r.path.endswith(panorama("Chicago", 1)))
    assert dataclasses.asdict(row) == {
        **dict.fromkeys(f.name for f in dataclasses.fields(row)),
        "place": "Chicago/satellite_41.870000_-87.630000",
        "view": "panorama",
        "path": f"Chicago/panorama/{panorama('Chicago', 1)}",
        "lat": 41.87001,
        "lon": -87.63,
        "heading_deg": 0.0,
        "fov_deg": 360.0,
        "split": "same-test|cross-test",
        "source": "VIGOR",
        "licence": "academic research only, no redistribution",
        "semi_positives": "|".join(f"Chicago/{tile('Chicago', i)[:-4]}" for i in (1, 2, 3)),
    }
    first = places[0]
    assert (first.lat, first.lon, first.heading_deg) == (41.87, -87.63, 0.0)
    assert first.ground_width_m == pytest.approx(640 * 0.111262)
    assert first.split == "same-train|same-test|cross-test"


def test_semi_positives_reach_the_evaluation_and_the_training(tmp_path):
    places = import_places("vigor", vigor.make(tmp_path, ["Seattle"]))
    queries = places.select(view="panorama", split="same-test", role="query")
    gallery = places.select(view="satellite", split="same-test", role="gallery")
    found = answers(queries, gallery)
    assert [rows.tolist() for rows in found.positives] == [[0], [1], [2]]
    assert [rows.tolist() for rows in found.semi_positives] == [[1, 2, 3], [2, 3, 4], [3, 4, 5]]
    related = related_places(places)
    name = [f"Seattle/{tile('Seattle', i)[:-4]}" for i in range(6)]
    assert related[name[0]] == {name[1], name[2], name[3]}
    assert related[name[5]] == {name[2]}


def test_one_protocol_keeps_its_splits_under_plain_names(tmp_path):
    root = vigor.make(tmp_path)
    found = import_dataset(DATASETS["vigor"], root, ImportOptions(protocol="cross-area"))
    assert found.places.splits == ["test", "train"]
    assert coverage(found)["test", "satellite"] == (12, 46_563)
    assert found.places.view_counts() == {"satellite": 24, "panorama": 24}
    same = import_places("vigor", root, ImportOptions(protocol="same-area"))
    assert set(same.column("split")) == {"train|test", "train", "test"}
    with pytest.raises(GleamError, match=r"protocol of vigor 'same'.*cross-area, same-area"):
        import_places("vigor", root, ImportOptions(protocol="same"))


def test_corrected_labels_are_preferred(tmp_path):
    root = vigor.make(tmp_path, ["Chicago"], corrected=True)
    write_folder = root / "splits" / "Chicago"
    write_folder.mkdir(parents=True)
    write(write_folder / "pano_label_balanced.txt", ["not a label"])
    found = import_dataset(DATASETS["vigor"], root, ImportOptions())
    assert len(found.places) == 12
    assert "corrected labels" in found.notes[0]


def test_a_part_of_the_data_works_and_says_which(tmp_path):
    root = vigor.make(tmp_path, ["Chicago", "Seattle"])
    (root / "Chicago" / "panorama" / panorama("Chicago", 0)).unlink()
    (root / "Chicago" / "satellite" / tile("Chicago", 1)).unlink()
    (root / "splits" / "Seattle" / "pano_label_balanced.txt").unlink()
    found = import_dataset(DATASETS["vigor"], root, ImportOptions())
    assert found.absent == (
        "the city NewYork",
        "the city SanFrancisco",
        "the label file splits/Seattle/pano_label_balanced.txt",
    )
    said = {entry.reason: (entry.count, entry.first) for entry in found.left_out}
    assert said == {
        "satellite images are missing": (1, f"Chicago/satellite/{tile('Chicago', 1)}"),
        "panorama images are missing": (1, f"Chicago/panorama/{panorama('Chicago', 0)}"),
        "panorama images have no satellite image of their place": (
            2,
            f"Chicago/panorama/{panorama('Chicago', 2)}",
        ),
    }
    assert found.places.view_counts() == {"satellite": 11, "panorama": 9}


def test_nothing_at_all_is_an_error_that_says_where_to_get_it(tmp_path):
    with pytest.raises(TableError, match=r"no such folder.*Jeff-Zilence/VIGOR"):
        import_places("vigor", tmp_path / "none")
    with pytest.raises(TableError, match=r"no folder splits or splits__corrected"):
        import_places("vigor", tmp_path)
    (tmp_path / "splits").mkdir()
    with pytest.raises(TableError, match=r"no images of VIGOR.*the city Chicago; the city NewYork"):
        import_places("vigor", tmp_path)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            lambda s: s.replace(tile("Chicago", 2), "satellite_1_2.png"),
            r"names the tile 'satellite_1_2\.png'",
        ),
        (lambda s: s.replace("190.50", "nan"), "gives 'nan' as an offset in pixels"),
        (lambda s: s.replace("190.50", "east"), "gives 'east' as an offset in pixels"),
        (lambda s: s.rsplit(" ", 1)[0], "has 12 fields instead of 13"),
        (lambda s: s.replace(",41.870010,", ",north,"), "is not of the form ID,LATITUDE,LONGITUDE"),
        (lambda s: label("Chicago", 0), "names the panorama .* a second time"),
    ],
)
def test_a_wrong_label_is_refused_with_its_line(tmp_path, change, says):
    root = vigor.make(tmp_path, ["Chicago"])
    write(
        root / "splits" / "Chicago" / "same_area_balanced_train.txt",
        [label("Chicago", 0), "", change(label("Chicago", 2))],
    )
    with pytest.raises(TableError, match=rf"same_area_balanced_train\.txt: line 3 .*{says}"):
        import_places("vigor", root)


def test_label_files_must_agree(tmp_path):
    root = vigor.make(tmp_path, ["Chicago"])
    file = root / "splits" / "Chicago" / "pano_label_balanced.txt"
    text = file.read_text().splitlines()
    text[4] = f"{panorama('Chicago', 4)} {label('Chicago', 0).split(' ', 1)[1]}"
    write(file, text)
    with pytest.raises(TableError, match=r"pano_label_balanced\.txt: line 5 gives .* other tiles than"):
        import_places("vigor", root)


def test_a_wrong_tile_list_is_refused_with_its_line(tmp_path):
    root = vigor.make(tmp_path, ["Chicago"])
    file = root / "splits" / "Chicago" / "satellite_list.txt"
    write(file, [tile("Chicago", 0), "tile-7.png"])
    with pytest.raises(TableError, match=r"satellite_list\.txt: line 2 names 'tile-7\.png'"):
        import_places("vigor", root)
    file.unlink()
    with pytest.raises(TableError, match=r"satellite_list\.txt: no such file"):
        import_places("vigor", root)


def test_options_of_other_kinds_are_refused(tmp_path):
    root = vigor.make(tmp_path, ["Chicago"])
    with pytest.raises(GleamError, match="option of vigor 'google'"):
        import_places("vigor", root, ImportOptions(extra={"google": "yes"}))
    with pytest.raises(GleamError, match="--constant is for 'folder'"):
        import_places("vigor", root, ImportOptions(constants={"split": "test"}))


def test_the_width_of_a_tile_agrees_with_the_step_of_the_published_grid():
    # dataloader.py of VIGOR states the degrees of latitude that are half a tile, without telling cities.
    half = distance_m(40.75, -73.98, 40.75 + 0.0003280724526376747, -73.98)
    assert half == pytest.approx(TILE_PIXELS * METRES_PER_PIXEL["NewYork"] / 2, rel=0.01)
