"""The scene: the city as arrays of small vector primitives, in metres.

Everything the five cameras see, the map draws and the facts state comes from here. Positions are
local metres, x east and y north, origin at the south-west corner; :class:`Frame` ties them to the
Earth. The constants name the columns of the arrays, so that plan (which fills them) and renderer
(which reads them inside compiled code) agree.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from gleam.geo import Frame

CELL_M = 16.0
"""Side of a cell of the uniform grid that indexes objects, segments and areas."""


class LandUse(IntEnum):
    """What a block is used for."""

    DOWNTOWN = 0
    OLD_TOWN = 1
    SLABS = 2
    DETACHED = 3
    INDUSTRY = 4
    PARK = 5
    SQUARE = 6
    PARKING = 7
    SPORT = 8
    CAMPUS = 9


class RoadClass(IntEnum):
    """Rank of a road; a higher one wins where two overlap."""

    ALLEY = 0
    LOCAL = 1
    COLLECTOR = 2
    ARTERIAL = 3


class Ground(IntEnum):
    """Kind of ground. Below 10: what a block is covered with. From 10: what is drawn over it."""

    GRASS = 0
    PAVED = 1
    CONCRETE = 2
    DIRT = 3
    YARD = 4
    ROAD = 10
    SIDEWALK = 11
    PATH = 12
    WATER = 13
    RAIL = 14
    PARKING = 15
    SOCCER = 16
    TENNIS = 17
    TRACK = 18
    POOL = 19
    PLAZA = 20
    DRIVEWAY = 21
    ISLAND = 22
    BANK = 23
    SAND = 25
    BALL_COURT = 26


class Mark(IntEnum):
    """Paint on the ground."""

    NONE = 0
    WHITE = 1
    YELLOW = 2
    KERB = 3
    COURT = 4


class ObjectKind(IntEnum):
    """Kind of a solid object."""

    BUILDING = 0
    TREE = 1
    TANK = 2
    CAR = 3
    CONIFER = 4
    HEDGE = 5


class Roof(IntEnum):
    """Shape of a roof."""

    FLAT = 0
    GABLE = 1
    HIP = 2


class Facade(IntEnum):
    """Style of a wall."""

    OLD = 0
    RIBBONS = 1
    CURTAIN = 2
    SHEET = 3
    HOUSE = 4
    BALCONIES = 5
    CHURCH = 6
    PLAIN = 9


class SegmentKind(IntEnum):
    """Kind of a linear feature."""

    ROAD = 0
    RIVER = 1
    RAIL = 2
    PATH = 3


class Shape(IntEnum):
    """Shape of an area."""

    RECTANGLE = 0
    BLOB = 1
    ROUNDABOUT = 2
    JUNCTION = 3


# Columns of ``Scene.objects``
OBJ_KIND, OBJ_X, OBJ_Y, OBJ_COS, OBJ_SIN, OBJ_HX, OBJ_HY, OBJ_Z0, OBJ_Z1, OBJ_RISE = range(10)
OBJ_ROOF = 10
"""Roof shape of a building; for a car the slot kind: 0 parked in a street, 1 in a lot, 2 driving."""
OBJ_WALL_R, OBJ_WALL_G, OBJ_WALL_B = 11, 12, 13
"""Albedo of walls; of leaves for trees."""
OBJ_ROOF_R, OBJ_ROOF_G, OBJ_ROOF_B = 14, 15, 16
OBJ_CROWN_RZ = 14
"""Trees only: vertical radius of the crown."""
OBJ_FACADE, OBJ_SEED, OBJ_FLOOR_M, OBJ_SHOP = 17, 18, 19, 20
OBJ_COLUMNS = 21

# Columns of ``Scene.segments``
SEG_KIND, SEG_X0, SEG_Y0, SEG_X1, SEG_Y1, SEG_HALF_WIDTH, SEG_CLASS = range(7)
SEG_START_M, SEG_LENGTH_M, SEG_CLEAR_A, SEG_CLEAR_B = 7, 8, 9, 10
"""Distance along the edge at the segment's start; length of the whole edge; how far the junctions
at its two ends reach into it."""
SEG_FLAGS, SEG_SEED, SEG_SIDEWALK, SEG_EDGE = 11, 12, 13, 14
SEG_COLUMNS = 15
FLAG_CROSSING_A, FLAG_CROSSING_B, FLAG_BRIDGE, FLAG_MEDIAN = 1, 2, 8, 16

# Columns of ``Scene.areas`` (sorted by priority)
AREA_KIND, AREA_X, AREA_Y, AREA_COS, AREA_SIN, AREA_HX, AREA_HY = range(7)
AREA_SHAPE, AREA_SEED, AREA_STYLE, AREA_PRIORITY = 7, 8, 9, 10
AREA_COLUMNS = 11


@dataclass(frozen=True)
class Edge:
    """One road between two junctions, as a polyline."""

    node_a: int
    node_b: int
    road_class: RoadClass
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    along_m: NDArray[np.float64]
    half_width_m: float
    clear_m: tuple[float, float]
    flags: int
    name: str

    @property
    def length_m(self) -> float:
        """Length along the polyline."""
        return float(self.along_m[-1])


@dataclass(frozen=True)
class Node:
    """A junction or a dead end: position, number of roads, and radii when it is a roundabout."""

    x: float
    y: float
    degree: int
    roundabout: tuple[float, float] | None = None


@dataclass(frozen=True)
class Line:
    """A river or a railway: centre line (n, 2) and half width."""

    points: NDArray[np.float64]
    half_width_m: float


@dataclass(frozen=True)
class GridIndex:
    """Items of each ``CELL_M`` cell, compressed: cell c holds ``items[start[c]:start[c + 1]]``."""

    start: NDArray[np.int64]
    items: NDArray[np.int32]


@dataclass(frozen=True)
class Scene:
    """The whole city. Arrays are float32 unless said; ``block_of`` is a raster of block numbers."""

    seed: int
    width_m: float
    height_m: float
    frame: Frame
    objects: NDArray[np.float32]
    object_index: GridIndex
    cell_top_m: NDArray[np.float32]
    segments: NDArray[np.float32]
    segment_index: GridIndex
    areas: NDArray[np.float32]
    area_index: GridIndex
    block_of: NDArray[np.uint16]
    block_cell_m: float
    block_ground: NDArray[np.float32]
    block_use: NDArray[np.int32]
    block_seed: NDArray[np.float32]
    grid_size: tuple[int, int]
    top_m: float
    edges: tuple[Edge, ...]
    nodes: dict[int, Node]
    rivers: tuple[Line, ...]
    rails: tuple[Line, ...]
