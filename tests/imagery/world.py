"""A synthetic world photographed by slow, obvious cameras: the reference for input preparation.

Nothing here shares code with the package. Rays are turned by explicit rotations about the axes, pixel
by pixel, and ground colours tell their own position: red grows with x (east), green with y (north).
"""

import math

import numpy as np

REACH_M = 60.0
SKY = 250


def ground_colour(x: float, y: float) -> tuple[float, float, float]:
    """Return red and green telling a position within REACH_M of the origin, blue a checkerboard of 8 m."""
    square = (math.floor(x / 8) + math.floor(y / 8)) % 2
    return (
        min(max(127.5 + x / REACH_M * 120, 0), 255),
        min(max(127.5 + y / REACH_M * 120, 0), 255),
        60.0 + 100 * square,
    )


def turn(vector, heading_deg, pitch_deg, roll_deg):
    """Turn a camera-frame vector (x right, y forward, z up) into the world (x east, y north, z up)."""
    x, y, z = vector
    roll, pitch, heading = (math.radians(a) for a in (roll_deg, pitch_deg, heading_deg))
    # Roll about the forward axis, clockwise as seen from behind: right tips down.
    x, z = x * math.cos(roll) + z * math.sin(roll), -x * math.sin(roll) + z * math.cos(roll)
    # Pitch about the right axis: forward tips up.
    y, z = y * math.cos(pitch) - z * math.sin(pitch), y * math.sin(pitch) + z * math.cos(pitch)
    # Heading about the vertical, clockwise from north.
    x, y = x * math.cos(heading) + y * math.sin(heading), -x * math.sin(heading) + y * math.cos(heading)
    return x, y, z


def colour_along(ray, camera):
    """Return the colour that a ray from the camera at (x, y, height) meets."""
    if ray[2] >= -1e-9:
        return (SKY, SKY, SKY)
    reach = camera[2] / -ray[2]
    return ground_colour(camera[0] + ray[0] * reach, camera[1] + ray[1] * reach)


def photograph(size, camera, heading, pitch, roll, fov):
    """Return a pinhole photo (height, width, 3)."""
    height, width = size
    plane = math.tan(math.radians(fov / 2))
    out = np.zeros((height, width, 3))
    for i in range(height):
        for j in range(width):
            right = ((j + 0.5) / width * 2 - 1) * plane
            up = -((i + 0.5) / height * 2 - 1) * plane * height / width
            out[i, j] = colour_along(turn((right, 1.0, up), heading, pitch, roll), camera)
    return np.rint(out).astype(np.uint8)


def panorama(size, camera, heading, pitch=0.0, roll=0.0):
    """Return an equirectangular panorama (height, width, 3) of degrees-per-pixel 360 / width."""
    height, width = size
    out = np.zeros((height, width, 3))
    for i in range(height):
        for j in range(width):
            azimuth = ((j + 0.5) / width * 2 - 1) * math.pi
            elevation = -((i + 0.5) - height / 2) * 2 * math.pi / width
            level = math.cos(elevation)
            ray = (level * math.sin(azimuth), level * math.cos(azimuth), math.sin(elevation))
            out[i, j] = colour_along(turn(ray, heading, pitch, roll), camera)
    return np.rint(out).astype(np.uint8)


def told_positions(picture):
    """Return the x and y in metres that the colours of a picture tell."""
    values = picture.astype(float)
    return (values[..., 0] - 127.5) / 120 * REACH_M, (values[..., 1] - 127.5) / 120 * REACH_M


def square_positions(pixels, width_m):
    """Return the true x and y in metres of the pixels of a north-up square around the origin."""
    along = ((np.arange(pixels) + 0.5) / pixels - 0.5) * width_m
    return np.meshgrid(along, -along, indexing="xy")
