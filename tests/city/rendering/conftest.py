"""Scenes for the tests of the renderer: a small planned town, and empty meadows to put things on."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from gleam.city.plan import make_scene, pack
from gleam.city.scene import (
    AREA_COLUMNS,
    OBJ_COLUMNS,
    OBJ_COS,
    OBJ_HX,
    OBJ_HY,
    OBJ_KIND,
    OBJ_RISE,
    OBJ_ROOF,
    OBJ_SIN,
    OBJ_WALL_B,
    OBJ_WALL_R,
    OBJ_X,
    OBJ_Y,
    OBJ_Z0,
    OBJ_Z1,
    SEG_COLUMNS,
    Edge,
    LandUse,
    ObjectKind,
    Roof,
    Scene,
)
from gleam.geo import Frame

SIDE_M = 320.0
Row = np.ndarray
Build = Callable[..., Scene]


def solid(
    x: float, y: float, hx: float, hy: float, z1: float, *, kind: ObjectKind = ObjectKind.BUILDING,
    turn_deg: float = 0.0, rise: float = 0.0, roof: Roof = Roof.FLAT, z0: float = 0.0,
) -> Row:  # fmt: skip
    """A row of ``Scene.objects``: a red block unless said otherwise."""
    row = np.zeros(OBJ_COLUMNS, np.float32)
    row[[OBJ_KIND, OBJ_X, OBJ_Y, OBJ_HX, OBJ_HY, OBJ_Z0, OBJ_Z1]] = kind, x, y, hx, hy, z0, z1
    row[OBJ_COS], row[OBJ_SIN] = np.cos(np.radians(turn_deg)), np.sin(np.radians(turn_deg))
    row[OBJ_RISE], row[OBJ_ROOF] = rise, roof
    row[OBJ_WALL_R : OBJ_WALL_B + 1] = 0.8, 0.05, 0.05
    row[14:17] = 0.8, 0.05, 0.05
    row[17:21] = 9, 0.5, 3.0, 0.0
    return row


def meadow(
    objects: Sequence[Row] = (),
    segments: Sequence[Row] = (),
    areas: Sequence[Row] = (),
    edges: Sequence[Edge] = (),
) -> Scene:
    """A square of grass, 320 m, with the given things on it."""
    nx, ny = pack.grid_size(SIDE_M, SIDE_M)
    solids = np.array(objects, np.float32).reshape(-1, OBJ_COLUMNS)
    lines = np.array(segments, np.float32).reshape(-1, SEG_COLUMNS)
    patches = pack.sort_areas(np.array(areas, np.float32).reshape(-1, AREA_COLUMNS))
    index, tops = pack.index_objects(solids, nx, ny)
    return Scene(
        seed=0,
        width_m=SIDE_M,
        height_m=SIDE_M,
        frame=Frame.at(48.0, 11.0),
        objects=solids,
        object_index=index,
        cell_top_m=tops,
        segments=lines,
        segment_index=pack.index_segments(lines, nx, ny),
        areas=patches,
        area_index=pack.index_areas(patches, nx, ny),
        block_of=np.zeros((int(SIDE_M / 2), int(SIDE_M / 2)), np.uint16),
        block_cell_m=2.0,
        block_ground=np.zeros(1, np.float32),
        block_use=np.full(1, LandUse.DETACHED, np.int32),
        block_seed=np.full(1, 0.5, np.float32),
        grid_size=(nx, ny),
        top_m=float(tops.max()) + 1.0,
        edges=tuple(edges),
        nodes={},
        rivers=(),
        rails=(),
    )


@pytest.fixture(scope="session")
def build() -> Build:
    """Call with rows of objects, segments and areas to get a scene."""
    return meadow


@pytest.fixture(scope="session")
def block() -> Callable[..., Row]:
    """Call with x, y, hx, hy, z1 to get a row of a solid object."""
    return solid


@pytest.fixture(scope="session")
def town() -> Scene:
    """Half a kilometre of planned town."""
    return make_scene(5, 500.0)
