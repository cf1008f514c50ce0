"""How far a camera may have moved between two photos: a speed cap, or known displacements.

Positions are compared in three dimensions (WGS84 geocentric metres), so nothing here minds the
antimeridian, the poles or the borders of a projection; over the metres and kilometres of a flight a chord
is as long as the way on the ground.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.distance import cdist

from gleam.errors import GleamError
from gleam.geo import offset

Floats = NDArray[np.float64]
Displacement = tuple[float, float]
"""(east, north) in metres."""

ODOMETRY_ERROR = 0.1
"""Share of the distance told by odometry that it may be off by."""
_EDGE_BLURS = 3.0
"""Beyond so many blurs outside the reach, a move counts as impossible."""
_WGS84_A, _WGS84_E2 = 6_378_137.0, 0.00669437999014


def geocentric(lat: ArrayLike, lon: ArrayLike) -> Floats:
    """Return (N, 3) metres from the centre of the Earth of points on the ellipsoid."""
    phi, lam = np.radians(np.atleast_1d(np.asarray(lat, float))), np.radians(np.asarray(lon, float))
    normal = _WGS84_A / np.sqrt(1 - _WGS84_E2 * np.sin(phi) ** 2)
    flat = normal * np.cos(phi)
    return np.stack(
        np.broadcast_arrays(flat * np.cos(lam), flat * np.sin(lam), normal * (1 - _WGS84_E2) * np.sin(phi)),
        axis=-1,
    )


class Motion:
    """When photos were taken and how fast, or how far, the camera moved between them.

    Args:
        max_speed_mps: It never moved faster.

    Raises:
        GleamError: The speed is not a finite number above 0.
    """

    def __init__(self, max_speed_mps: float) -> None:
        if not (math.isfinite(max_speed_mps) and max_speed_mps > 0):
            raise GleamError(
                f"A greatest speed of {max_speed_mps:g} m/s is impossible; give metres per second above 0."
            )
        self.max_speed_mps = float(max_speed_mps)
        self.times_s: list[float] = []
        self._moved: list[Displacement | None] = []

    def add(self, time_s: float, moved: Displacement | None = None) -> None:
        """Take the next photo: its time, and (east, north) metres moved since the photo before if known.

        Where the displacement is known it takes the place of the speed cap.

        Raises:
            GleamError: A number is not finite, or the time lies before that of the last photo.
        """
        number = len(self.times_s) + 1
        if not math.isfinite(time_s):
            raise GleamError(f"The time of photo {number} is {time_s}; give seconds as a number.")
        if self.times_s and time_s < self.times_s[-1]:
            raise GleamError(
                f"Photo {number} was taken {self.times_s[-1] - time_s:g} s before the one in front of it; "
                "give the photos in the order they were taken."
            )
        if moved is not None and not all(map(math.isfinite, moved)):
            raise GleamError(f"The displacement to photo {number} is {moved}; give two numbers in metres.")
        self.times_s.append(float(time_s))
        self._moved.append(moved)

    def seconds(self, first: int, second: int) -> float:
        """Return the seconds between two photos."""
        return self.times_s[second] - self.times_s[first]

    def reach_m(self, first: int, second: int) -> float:
        """Return how many metres off its expected position the camera may be at the second photo."""
        reach = 0.0
        for step in range(first + 1, second + 1):
            moved = self._moved[step]
            if moved is None:
                reach += self.max_speed_mps * self.seconds(step - 1, step)
            else:
                reach += ODOMETRY_ERROR * math.hypot(*moved)
        return reach

    def moved(self, first: int, second: int) -> Displacement:
        """Return the (east, north) metres told by odometry between two photos, 0 where it tells nothing."""
        steps = [self._moved[step] or (0.0, 0.0) for step in range(first + 1, second + 1)]
        return sum((e for e, _ in steps), 0.0), sum((n for _, n in steps), 0.0)


@dataclass(frozen=True)
class Spots:
    """Where one photo may have been taken: (N,) degrees, and how well each is known in metres.

    blur_m: of the positions themselves: the grid of the tiles, and for a drone whose camera angles are
    unknown the distance between it and the ground in its picture.
    """

    lats: Floats
    lons: Floats
    blur_m: float

    def __len__(self) -> int:
        """Return the number of spots."""
        return len(self.lats)


def move_density(first: Spots, second: Spots, reach_m: float, moved: Displacement, most_m2: float) -> Floats:
    """Return how likely each move from a spot of one photo to a spot of another is, per square metre.

    Even within the reach around the expected position, falling off beyond it like a bell as wide as the
    blur of both positions, and 0 from three blurs on. Integrates to 1 over the plane.

    Args:
        first: N spots.
        second: M spots.
        reach_m: See :meth:`Motion.reach_m`.
        moved: Expected displacement.
        most_m2: The area that the second photo is looked for in: a move that may lead anywhere is
            as likely to lead to each part of it.

    Returns:
        (N, M) densities.
    """
    if not len(first) or not len(second):
        return np.zeros((len(first), len(second)))
    lats, lons = first.lats, first.lons
    if moved != (0.0, 0.0):
        lats, lons = offset(lats, lons, moved[0], moved[1])
    blur = max(math.hypot(first.blur_m, second.blur_m), 1e-3)
    beyond = np.maximum(cdist(geocentric(lats, lons), geocentric(second.lats, second.lons)) - reach_m, 0.0)
    density = np.exp(-0.5 * (beyond / blur) ** 2)
    density[beyond > _EDGE_BLURS * blur] = 0.0
    # The integral over the plane of a disc with a bell-shaped edge.
    area = math.pi * reach_m**2 + 2 * math.pi * (reach_m * blur * math.sqrt(math.pi / 2) + blur**2)
    return np.asarray(density / min(area, most_m2))


def between(reach_before_m: float, reach_after_m: float, apart_m: float) -> tuple[float, float]:
    """Return where on the way a camera was, as a share of it, and how far off it may have been.

    A point within r1 of A and within r2 of B, with D between A and B, lies within
    sqrt(s (1 - s) ((r1 + r2)^2 - D^2)) of the point at the share s = r1 / (r1 + r2) from A to B (Stewart's
    theorem), and no smaller circle around that point holds all such points.
    """
    total = reach_before_m + reach_after_m
    if total <= 0:
        return 0.5, apart_m / 2
    share = reach_before_m / total
    return share, math.sqrt(max(share * (1 - share) * (total**2 - apart_m**2), 0.0))
