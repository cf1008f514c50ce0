"""Trees: proposed by many parts of the plan, planted together once everything solid stands."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from gleam.city.plan.dice import Dice
from gleam.city.plan.occupancy import Occupancy
from gleam.city.scene import (
    OBJ_COLUMNS,
    OBJ_COS,
    OBJ_CROWN_RZ,
    OBJ_HX,
    OBJ_HY,
    OBJ_KIND,
    OBJ_SEED,
    OBJ_WALL_B,
    OBJ_WALL_R,
    OBJ_X,
    OBJ_Y,
    OBJ_Z0,
    OBJ_Z1,
    ObjectKind,
)

CLEARANCE = 0.55
CLEARANCE_MOST_M = 1.6
"""A tree needs this share of its radius free around it, at most so many metres."""
CONIFER_LEAVES = (0.035, 0.075, 0.035)


class TreeCandidates:
    """Positions where a tree would stand if the ground is free."""

    def __init__(self) -> None:
        self._x: list[NDArray[np.float64]] = []
        self._y: list[NDArray[np.float64]] = []
        self._radius: list[NDArray[np.float64]] = []
        self._conifer: list[NDArray[np.bool_]] = []
        self._blocked_by: list[NDArray[np.uint8]] = []

    def add(
        self,
        x: NDArray[np.float64],
        y: NDArray[np.float64],
        radius_m: NDArray[np.float64],
        conifer: NDArray[np.bool_],
        blocked_by: int,
    ) -> None:
        """Propose trees; each falls away if the ground there is taken by a bit of ``blocked_by``."""
        self._x.append(x)
        self._y.append(y)
        self._radius.append(radius_m)
        self._conifer.append(conifer)
        self._blocked_by.append(np.full(len(x), blocked_by, np.uint8))

    def plant(self, occupancy: Occupancy, dice: Dice) -> NDArray[np.float32]:
        """Return the object rows of all trees that stand on free ground."""
        if not self._x:
            return np.zeros((0, OBJ_COLUMNS), np.float32)
        x, y = np.concatenate(self._x), np.concatenate(self._y)
        radius, conifer = np.concatenate(self._radius), np.concatenate(self._conifer)
        blocked_by = np.concatenate(self._blocked_by)
        reach = np.minimum(radius * CLEARANCE, CLEARANCE_MOST_M)
        free = np.ones(len(x), bool)
        for dx, dy in ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1)):
            free &= (occupancy.at_points(x + dx * reach, y + dy * reach) & blocked_by) == 0
        return tree_rows(x[free], y[free], radius[free], conifer[free], dice)


def tree_rows(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    radius: NDArray[np.float64],
    conifer: NDArray[np.bool_],
    dice: Dice,
) -> NDArray[np.float32]:
    """Return object rows for trees: lumpy crowns on trunks, or cones."""
    n = len(x)
    green, flatness, stem, seed = dice.units(4, n)
    rows = np.zeros((n, OBJ_COLUMNS), np.float32)
    rows[:, OBJ_X], rows[:, OBJ_Y], rows[:, OBJ_COS] = x, y, 1
    rows[:, OBJ_KIND] = np.where(conifer, int(ObjectKind.CONIFER), int(ObjectKind.TREE))
    rows[:, OBJ_HX] = rows[:, OBJ_HY] = np.where(conifer, radius * 0.75, radius)
    crown = radius * (0.85 + 0.4 * flatness)
    foot = 1.6 + 0.5 * radius * stem
    rows[:, OBJ_Z0] = np.where(conifer, 0.6, foot)
    rows[:, OBJ_Z1] = np.where(conifer, 4 + 2.2 * radius, foot + 2 * crown)
    rows[:, OBJ_CROWN_RZ] = np.where(conifer, 0, crown)
    leaves = np.stack([0.055 + 0.035 * green, 0.105 + 0.05 * green, 0.028 + 0.012 * green], axis=1)
    rows[:, OBJ_WALL_R : OBJ_WALL_B + 1] = np.where(conifer[:, None], CONIFER_LEAVES, leaves)
    rows[:, OBJ_SEED] = seed
    return rows


def count_for(area_m2: float, m2_per_tree: float) -> int:
    """Return how many trees stand on an area at a given density, never below zero."""
    return max(0, math.floor(area_m2 / m2_per_tree))
