"""Bending: streets are planned as straight lines on a flat sheet, then the sheet is warped."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numba import njit
from numpy.typing import NDArray

from gleam.city.plan.dice import Dice

if TYPE_CHECKING:
    from gleam.city.plan.polygons import Point

# (wavelength m, amplitude m, number): long swells bend whole districts, short ones single streets.
SHEAR_WAVES = ((2600.0, 75.0, 2), (1150.0, 26.0, 2), (420.0, 6.0, 2))


class Warp:
    """A smooth map from the planning sheet to the city, made of shear waves.

    A shear wave moves points along its crests only, which keeps areas: lots stay as large as planned.
    """

    def __init__(self, dice: Dice) -> None:
        rows = []
        for wavelength, amplitude, count in SHEAR_WAVES:
            for _ in range(count):
                direction = dice.between(0, 2 * math.pi)
                k = 2 * math.pi / (wavelength * dice.between(0.85, 1.15))
                c, s = math.cos(direction), math.sin(direction)
                phase = dice.between(0, 2 * math.pi)
                rows.append((k * c, k * s, phase, -s * amplitude, c * amplitude))
        self.waves: NDArray[np.float64] = np.array(rows)

    def points(
        self, x: NDArray[np.float64], y: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Warp arrays of sheet coordinates into city metres."""
        w = self.waves
        shift = np.sin(np.multiply.outer(x, w[:, 0]) + np.multiply.outer(y, w[:, 1]) + w[:, 2])
        return x + shift @ w[:, 3], y + shift @ w[:, 4]

    def point(self, x: float, y: float) -> Point:
        """Warp one point."""
        wx, wy = warp_point(self.waves, x, y)
        return wx, wy

    def pose(self, x: float, y: float, angle: float) -> tuple[float, float, float]:
        """Warp a point and a direction (radians) there."""
        wx, wy, turned = warp_pose(self.waves, x, y, angle)
        return wx, wy, turned


@njit(cache=True)
def warp_point(waves: NDArray[np.float64], x: float, y: float) -> Point:
    """Warp one point with the wave rows of :class:`Warp`."""
    wx, wy = x, y
    for i in range(waves.shape[0]):
        s = math.sin(waves[i, 0] * x + waves[i, 1] * y + waves[i, 2])
        wx += s * waves[i, 3]
        wy += s * waves[i, 4]
    return wx, wy


@njit(cache=True)
def warp_pose(waves: NDArray[np.float64], x: float, y: float, angle: float) -> tuple[float, float, float]:
    """Warp one point and the direction ``angle`` (radians) at it."""
    c, s = math.cos(angle), math.sin(angle)
    ax, ay = warp_point(waves, x - c, y - s)
    bx, by = warp_point(waves, x + c, y + s)
    wx, wy = warp_point(waves, x, y)
    return wx, wy, math.atan2(by - ay, bx - ax)
