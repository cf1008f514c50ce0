"""Where the cameras stand: one function per view, each returning the camera and what a user would know."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gleam.city.renderer.image import (
    C_COLUMNS,
    C_FAR,
    C_FORWARD,
    C_HALF_HEIGHT,
    C_HALF_WIDTH,
    C_HEADING,
    C_RIGHT,
    C_UP,
    C_X,
    EQUIRECTANGULAR,
    ORTHOGRAPHIC,
    PERSPECTIVE,
)
from gleam.views import Pose, View

SATELLITE_WIDTH_M = 128.0
"""Width on the ground of a satellite image; maps spread around it."""
MAP_SPREAD = (0.95, 1.3)
"""Width of a map relative to the satellite image."""

Vector = tuple[float, float, float]


@dataclass(frozen=True)
class Camera:
    """A camera in local metres.

    right, up, forward: unit vectors. half_width, half_height: of the image, at unit distance for a
    perspective camera, on the ground for an orthographic one. heading_rad: of the middle column of
    a panorama. far: nothing is seen beyond this many metres.
    """

    projection: int
    position: Vector
    right: Vector
    up: Vector
    forward: Vector
    half_width: float
    half_height: float
    heading_rad: float
    far: float

    def array(self) -> NDArray[np.float64]:
        """Pack for compiled code."""
        out = np.zeros(C_COLUMNS)
        out[C_X : C_X + 3] = self.position
        out[C_RIGHT : C_RIGHT + 3] = self.right
        out[C_UP : C_UP + 3] = self.up
        out[C_FORWARD : C_FORWARD + 3] = self.forward
        out[C_HALF_WIDTH], out[C_HALF_HEIGHT] = self.half_width, self.half_height
        out[C_HEADING], out[C_FAR] = self.heading_rad, self.far
        return out

    def size(self, pixels: int) -> tuple[int, int]:
        """Return (height, width) of the image when its height is ``pixels``."""
        return (pixels, 2 * pixels) if self.projection == EQUIRECTANGULAR else (pixels, pixels)

    def project(self, x: float, y: float, z: float) -> tuple[float, float] | None:
        """Return (u, v), 0 to 1 from the top left, where a point is seen; None when behind."""
        px, py, pz = x - self.position[0], y - self.position[1], z - self.position[2]
        if self.projection == EQUIRECTANGULAR:
            azimuth = math.atan2(px, py) - self.heading_rad
            u = (azimuth / (2.0 * math.pi) + 0.5) % 1.0
            return u, 0.5 - math.atan2(pz, math.hypot(px, py)) / math.pi
        if self.projection == ORTHOGRAPHIC:
            down = pz / self.forward[2]
            right, up = px - down * self.forward[0], py - down * self.forward[1]
        else:
            depth = px * self.forward[0] + py * self.forward[1] + pz * self.forward[2]
            if depth <= 0.0:
                return None
            right = (px * self.right[0] + py * self.right[1] + pz * self.right[2]) / depth
            up = (px * self.up[0] + py * self.up[1] + pz * self.up[2]) / depth
        return 0.5 + 0.5 * right / self.half_width, 0.5 - 0.5 * up / self.half_height


@dataclass(frozen=True)
class Framing:
    """One planned shot: the camera, the pose a user would know, and the point it is about.

    x, y: the ground point at the middle of the image (satellite, drone, map) or below the camera.
    """

    camera: Camera
    pose: Pose
    x: float
    y: float


def axes(heading_deg: float, pitch_deg: float, roll_deg: float = 0.0) -> tuple[Vector, Vector, Vector]:
    """Return right, up, forward of a camera; heading clockwise from north, pitch up, roll clockwise."""
    yaw, pitch, roll = math.radians(heading_deg), math.radians(pitch_deg), math.radians(roll_deg)
    forward = np.array([math.cos(pitch) * math.sin(yaw), math.cos(pitch) * math.cos(yaw), math.sin(pitch)])
    level = np.array([math.cos(yaw), -math.sin(yaw), 0.0])
    above = np.cross(level, forward)
    right = level * math.cos(roll) - above * math.sin(roll)
    up = above * math.cos(roll) + level * math.sin(roll)
    return _vector(right), _vector(up), _vector(forward)


def satellite(x: float, y: float, rng: np.random.Generator) -> Framing:
    """Look down from far away, leaning a few degrees as real imagery does."""
    lean = math.radians(min(10.0, abs(float(rng.normal(0.0, 4.0)))))
    towards = float(rng.uniform(0.0, 2.0 * math.pi))
    x, y = x + float(rng.uniform(-6.0, 6.0)), y + float(rng.uniform(-6.0, 6.0))
    return nadir(x, y, SATELLITE_WIDTH_M, SATELLITE_WIDTH_M, lean, towards)


def nadir(
    x: float, y: float, width_m: float, height_m: float, lean_rad: float = 0.0, towards_rad: float = 0.0
) -> Framing:
    """Look straight down on a rectangle around (x, y), or ``lean_rad`` off the vertical."""
    forward = (
        math.sin(lean_rad) * math.cos(towards_rad),
        math.sin(lean_rad) * math.sin(towards_rad),
        -math.cos(lean_rad),
    )
    camera = Camera(
        projection=ORTHOGRAPHIC,
        position=(x, y, 0.0),
        right=(1.0, 0.0, 0.0),
        up=(0.0, 1.0, 0.0),
        forward=forward,
        half_width=width_m / 2,
        half_height=height_m / 2,
        heading_rad=0.0,
        far=1e4,
    )
    return Framing(camera, Pose(heading_deg=0.0, pitch_deg=-90.0, ground_width_m=width_m), x, y)


def drone(x: float, y: float, rng: np.random.Generator) -> Framing:
    """Look at the place from 80 to 130 m, mostly at a slant, now and then straight down."""
    heading = float(rng.uniform(0.0, 360.0))
    pitch = -90.0 if rng.random() < 0.15 else -float(rng.uniform(45.0, 72.0))
    height, fov = float(rng.uniform(80.0, 130.0)), float(rng.uniform(55.0, 70.0))
    x, y = x + float(rng.normal(0.0, 4.0)), y + float(rng.normal(0.0, 4.0))
    right, up, forward = axes(heading, pitch)
    back = height / -forward[2]
    half = math.tan(math.radians(fov) / 2)
    camera = Camera(
        projection=PERSPECTIVE,
        position=(x - forward[0] * back, y - forward[1] * back, height),
        right=right,
        up=up,
        forward=forward,
        half_width=half,
        half_height=half,
        heading_rad=math.radians(heading),
        far=3000.0,
    )
    pose = Pose(heading_deg=heading, pitch_deg=pitch, roll_deg=0.0, height_m=height, fov_deg=fov)
    return Framing(camera, pose, x, y)


def panorama(x: float, y: float, rng: np.random.Generator) -> Framing:
    """See all around from the roof of a car, level, the middle column towards a random heading."""
    heading, height = float(rng.uniform(0.0, 360.0)), float(rng.uniform(2.0, 2.7))
    right, up, forward = axes(heading, 0.0)
    camera = Camera(
        projection=EQUIRECTANGULAR,
        position=(x, y, height),
        right=right,
        up=up,
        forward=forward,
        half_width=math.pi,
        half_height=math.pi / 2,
        heading_rad=math.radians(heading),
        far=900.0,
    )
    pose = Pose(heading_deg=heading, pitch_deg=0.0, roll_deg=0.0, height_m=height, fov_deg=360.0)
    return Framing(camera, pose, x, y)


def ground(x: float, y: float, rng: np.random.Generator) -> Framing:
    """Look along the street as a walker's phone does: 90 degrees wide, square, not quite level."""
    heading, height = float(rng.uniform(0.0, 360.0)), float(rng.uniform(1.5, 1.8))
    pitch, roll, fov = float(rng.normal(2.0, 2.0)), float(rng.normal(0.0, 1.0)), 90.0
    right, up, forward = axes(heading, pitch, roll)
    half = math.tan(math.radians(fov) / 2)
    camera = Camera(
        projection=PERSPECTIVE,
        position=(x, y, height),
        right=right,
        up=up,
        forward=forward,
        half_width=half,
        half_height=half,
        heading_rad=math.radians(heading),
        far=900.0,
    )
    pose = Pose(heading_deg=heading, pitch_deg=pitch, roll_deg=roll, height_m=height, fov_deg=fov)
    return Framing(camera, pose, x, y)


def frame(view: View, x: float, y: float, rng: np.random.Generator) -> Framing:
    """Plan a shot of (x, y) with the camera of ``view``; maps have none and are refused."""
    if view is View.SATELLITE:
        return satellite(x, y, rng)
    if view is View.DRONE:
        return drone(x, y, rng)
    if view is View.PANORAMA:
        return panorama(x, y, rng)
    if view is View.GROUND:
        return ground(x, y, rng)
    raise ValueError("A map is drawn, not photographed: use gleam.city.cartography.")


def _vector(values: NDArray[np.float64]) -> Vector:
    return float(values[0]), float(values[1]), float(values[2])
