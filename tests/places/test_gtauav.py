from __future__ import annotations

import pytest
from tests.places.layouts import gtauav
from tests.places.layouts.gtauav import FIRST, SECOND, entry, write_list

from gleam.errors import TableError
from gleam.places.importers import DATASETS, ImportOptions, import_dataset, import_places
from gleam.places.relations import answers


def imported(root, **how):
    return import_dataset(DATASETS["gta-uav"], root, ImportOptions(**how))


def test_places_positives_and_semi_positives(tmp_path):
    found = imported(gtauav.make(tmp_path))
    places = found.places
    assert places.view_counts() == {"satellite": 6, "drone": 2}
    first = next(row for row in places if row.path.endswith(str(FIRST["drone_img_name"])))
    assert (first.place, first.positives, first.semi_positives) == ("4_0_6_13", "5_0_12_27", "5_0_13_27")
    assert first.split == "cross-train|same-test"
    assert [str(e) for e in found.left_out] == [
        "1 drone images have no positive tile, as in the published evaluation, "
        "the first is drone/images/200_0001_0000000002.png"
    ]
    queries = places.select(view="drone", split="same-test", role="query")
    gallery = places.select(view="satellite", split="same-test", role="gallery")
    assert len(gallery) == 6
    told = answers(queries, gallery)
    name = gallery.column("place").tolist()
    assert {name[i] for i in told.positives[0]} == {"4_0_6_13", "5_0_12_27"}
    assert {name[i] for i in told.semi_positives[0]} == {"5_0_13_27"}
    asked = places.select(view="satellite", split="same-test", role="query").column("place")
    assert set(asked) == {"4_0_6_13", "5_0_12_27"}


def test_positions_are_metres_on_the_map_of_the_game(tmp_path):
    places = import_places("gta-uav", gtauav.make(tmp_path))
    tiles = {row.place: row for row in places if row.view == "satellite"}
    # The published entry states the centres of these tiles; its second coordinate grows southwards.
    for name, centre in (
        ("4_0_6_13", (4492.8, 9331.2)),
        ("5_0_12_27", (4320.0, 9504.0)),
        ("5_0_13_27", (4665.6, 9504.0)),
    ):
        assert (tiles[name].x_m, -tiles[name].y_m) == pytest.approx(centre)
    assert tiles["5_128_13_27"].x_m == pytest.approx(4665.6 + 345.6 / 2)
    assert tiles["4_0_6_13"].ground_width_m == pytest.approx(691.2)
    drone = next(row for row in places if row.view == "drone")
    assert (drone.lat, drone.heading_deg) == (None, None)
    assert (drone.x_m, drone.y_m) == pytest.approx((4472.2036708036, -9460.91532053518))
    assert drone.height_m == pytest.approx(494.70794677734375)


def test_one_protocol(tmp_path):
    root = gtauav.make(tmp_path)
    places = imported(root, protocol="cross-area").places
    assert places.splits == ["test", "train"]
    assert places.select(view="drone", split="train").place_ids == ["4_0_6_13"]
    (root / "cross-area-drone2sate-test.json").unlink()
    found = imported(root, protocol="cross-area")
    assert found.absent == ("the file cross-area-drone2sate-test.json",)
    assert found.places.splits == ["train"]


def test_lists_that_differ_are_joined_and_told(tmp_path):
    root = gtauav.make(tmp_path)
    other = entry(str(SECOND["drone_img_name"]), {"4_0_6_14.png": 0.5}, {"7_0_1_2.png": 0.1})
    write_list(root, "same-area-drone2sate-train", [other])
    found = imported(root)
    row = next(r for r in found.places if r.path.endswith(str(SECOND["drone_img_name"])))
    assert (row.place, row.positives, row.semi_positives) == ("5_0_13_27", "4_0_6_14", "7_0_1_2")
    assert any("other tiles in another protocol" in note for note in found.notes)


def test_missing_images_are_counted(tmp_path):
    root = gtauav.make(tmp_path)
    (root / "satellite/4_0_6_13.png").unlink()
    (root / "satellite/readme.txt").write_text("no tile")
    (root / "drone/images" / str(SECOND["drone_img_name"])).unlink()
    found = imported(root)
    assert {e.reason for e in found.left_out} == {
        "positive tiles are missing",
        "files are no tiles",
        "drone images are missing",
        "drone images have no positive tile, as in the published evaluation",
    }
    assert next(r for r in found.places if r.view == "drone").place == "5_0_12_27"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            {"pair_pos_sate_img_list": ["tile.png"], "pair_pos_sate_weight_list": [1]},
            "'tile.png' is not a tile",
        ),
        ({"pair_pos_sate_img_list": None}, "are not two equal lists"),
        ({"pair_pos_sate_weight_list": ["a", "b"]}, "its weights no numbers"),
        ({"drone_img_name": 7}, "drone_img_name is 7, not a name"),
        ({"drone_img_name": "../../x.png"}, "no path inside the data set"),
        ({"drone_loc_x_y": [1]}, "not two numbers"),
        ({"drone_metadata": {"height": "high"}}, "the height is 'high'"),
    ],
)
def test_a_wrong_entry_is_refused_with_its_number(tmp_path, change, says):
    root = gtauav.make(tmp_path)
    write_list(root, "cross-area-drone2sate-train", [SECOND, {**FIRST, **change}])
    with pytest.raises(TableError, match=rf"cross-area-drone2sate-train\.json: entry 2: .*{says}"):
        import_places("gta-uav", root)


def test_files_that_are_no_lists(tmp_path):
    root = gtauav.make(tmp_path)
    for content, says in (({}, "no list of images"), (["a"], "entry 1 is not an object")):
        write_list(root, "cross-area-drone2sate-train", content)
        with pytest.raises(TableError, match=says):
            import_places("gta-uav", root)
    (root / "cross-area-drone2sate-train.json").write_text("[{")
    with pytest.raises(TableError, match="not a JSON file"):
        import_places("gta-uav", root)
