"""Places gathered from tables: what belongs together, what is left out, what overlaps."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from gleam.errors import GleamError, TableError
from gleam.imagery.preparation import Preparation
from gleam.places.table import PlaceImage, Places
from gleam.training.batches import load_step
from gleam.training.config import AugmentConfig, PhaseConfig
from gleam.training.dataset import find_tables, open_places
from gleam.training.hard_negatives import nearest_places
from gleam.training.sampler import Batch
from gleam.views import QUERY_VIEWS, View

MakeTable = Callable[..., Path]

PREPARATION = Preparation(pixels=32)


def test_two_tables_with_the_same_names_stay_apart(make_table: MakeTable, tmp_path: Path) -> None:
    for seed in (0, 1):
        make_table(tmp_path / f"city-{seed}", 10, seed=seed)
    places = open_places([str(tmp_path / "city-*")], "train", QUERY_VIEWS, PREPARATION, tmp_path / "cache")
    assert len(places) == 16 and len(set(places.names)) == 16
    assert places.present.all()
    everyone = np.arange(16)
    squares = places.stores[View.MAP].read(places.rows(everyone, View.MAP))
    for i in (0, 7, 8, 15):
        table = tmp_path / f"city-{i // 8}"
        wanted = open_places([str(table)], "train", [View.MAP], PREPARATION, tmp_path / "cache")
        np.testing.assert_array_equal(squares[i], wanted.stores[View.MAP].read(np.array([i % 8]))[0])


def test_several_images_of_a_place_are_drawn_from(make_table: MakeTable, tmp_path: Path) -> None:
    folder = make_table(tmp_path / "table", 3)
    rows = [row for row in Places.read(folder) if row.view is not View.DRONE or row.place != "place-001"]
    others = [PlaceImage("place-001", View.DRONE, f"images/drone/00{i}.png", split="train") for i in range(3)]
    Places([*others, *rows], folder).write(folder)
    places = open_places([str(folder)], "train", [View.DRONE], PREPARATION, tmp_path / "cache")
    assert places.count[:, 1].tolist() == [1, 3, 1]
    at = np.array([places.names.index("0:place-001")])
    drawn = {int(places.rows(at, View.DRONE, np.array([pick]))[0]) for pick in (0.0, 0.4, 0.99)}
    assert len(drawn) == 3


def test_drones_are_also_there_without_their_pose(make_table: MakeTable, tmp_path: Path) -> None:
    folder = make_table(tmp_path / "table", 4)
    slanted = [
        replace(row, pitch_deg=-60.0) if row.view is View.DRONE else row for row in Places.read(folder)
    ]
    Places(slanted, folder).write(folder)
    told, cache = [str(folder)], tmp_path / "cache"
    places = open_places(told, "train", QUERY_VIEWS, PREPARATION, cache, bare_drones=True)
    bare = places.stores[View.DRONE].read(places.bare)
    posed = places.stores[View.DRONE].read(places.rows(np.arange(len(places)), View.DRONE))
    assert (bare != posed).any(axis=(1, 2, 3)).all()
    unknown = [replace(row, pitch_deg=None, height_m=None, fov_deg=None) for row in slanted]
    Places(unknown, folder).write(folder)
    wanted = open_places(told, "train", QUERY_VIEWS, PREPARATION, cache)
    assert (wanted.bare == -1).all()
    np.testing.assert_array_equal(
        bare, wanted.stores[View.DRONE].read(wanted.rows(np.arange(len(wanted)), View.DRONE))
    )


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_the_share_of_drones_without_pose_is_kept(
    share: float, make_table: MakeTable, tmp_path: Path
) -> None:
    folder = make_table(tmp_path / "table", 50)
    slanted = [
        replace(row, pitch_deg=-60.0) if row.view is View.DRONE else row for row in Places.read(folder)
    ]
    Places(slanted, folder).write(folder)
    places = open_places(
        [str(folder)], "train", [View.DRONE], PREPARATION, tmp_path / "cache", bare_drones=True
    )
    still = AugmentConfig(dihedral=False, scale=0, shift=0, rotate_deg={})
    phase = PhaseConfig("p", ["x"], steps=1, without_pose=share, augment=still)
    batch = Batch(np.arange(len(places)), (View.DRONE,))
    generator = torch.Generator().manual_seed(3)
    inputs = load_step(places, batch, phase, generator)
    shown = inputs.pixels[len(places) :].permute(0, 2, 3, 1).numpy()
    bare = (shown == places.stores[View.DRONE].read(places.bare)).all(axis=(1, 2, 3))
    posed = (shown == places.stores[View.DRONE].read(places.rows(batch.places, View.DRONE))).all(
        axis=(1, 2, 3)
    )
    assert (bare ^ posed).all()
    assert bare.mean() == pytest.approx(share, abs=0.25 * (0 < share < 1))


def test_places_without_a_tile_or_a_query_are_counted(make_table: MakeTable, tmp_path: Path) -> None:
    folder = make_table(
        tmp_path / "table", 10, missing={View.SATELLITE: 8, View.DRONE: 6}, views=(View.SATELLITE, View.DRONE)
    )
    rows = [*Places.read(folder), PlaceImage("lonely", View.DRONE, "images/drone/000.png", split="train")]
    Places(rows, folder).write(folder)
    places = open_places([str(folder)], None, [View.DRONE], PREPARATION, tmp_path / "cache")
    assert len(places) == 6
    assert any("1 places" in note and "no satellite" in note for note in places.notes)
    assert any("2 places" in note and "satellite image only" in note for note in places.notes)


def test_bad_images_leave_their_place_out_and_are_listed(make_table: MakeTable, tmp_path: Path) -> None:
    folder = make_table(tmp_path / "table", 6)
    (folder / "images/satellite/002.png").unlink()
    places = open_places([str(folder)], None, QUERY_VIEWS, PREPARATION, tmp_path / "cache", skip_bad=True)
    assert len(places) == 5 and "0:place-002" not in places.names
    assert any("002.png" in note for note in places.notes)


def test_nothing_is_silently_small(make_table: MakeTable, tmp_path: Path) -> None:
    folder = make_table(tmp_path / "table", 4)
    with pytest.raises(TableError, match="no such"):
        find_tables([str(tmp_path / "nowhere-*")])
    with pytest.raises(GleamError, match="split"):
        open_places([str(folder)], "validation", QUERY_VIEWS, PREPARATION, tmp_path / "cache")
    only_tiles = make_table(tmp_path / "tiles", 4, views=(View.SATELLITE,))
    with pytest.raises(TableError, match="at least two"):
        open_places([str(only_tiles)], None, QUERY_VIEWS, PREPARATION, tmp_path / "cache")


def test_overlapping_places_are_found(make_table: MakeTable, tmp_path: Path) -> None:
    # 0.0002 degrees of latitude are 22 m: one step is below a quarter of 128 m, two steps are above.
    folder = make_table(tmp_path / "table", 5, spacing_deg=0.0002, views=(View.SATELLITE, View.DRONE))
    places = open_places([str(folder)], None, [View.DRONE], PREPARATION, tmp_path / "cache")
    close = places.close_pairs(np.arange(5), 0.25)
    assert close.tolist() == [[abs(i - j) == 1 for j in range(5)] for i in range(5)]
    assert not places.close_pairs(np.arange(5), 0.1).any()
    # The nearest places that do not overlap are two steps away.
    near = nearest_places(places, 2, 0.25)
    assert set(near[2].tolist()) == {0, 4} and near[0].tolist() == [2, 3]


def test_unknown_positions_are_never_close(make_table: MakeTable, tmp_path: Path) -> None:
    folder = make_table(tmp_path / "table", 4)
    bare = [PlaceImage(row.place, row.view, row.path, split=row.split) for row in Places.read(folder)]
    Places(bare, folder).write(folder)
    places = open_places([str(folder)], None, [View.MAP], PREPARATION, tmp_path / "cache")
    assert not places.close_pairs(np.arange(4), 10.0).any()
    assert (nearest_places(places, 2, 0.25) == -1).all()
