"""Where a ray meets one solid: boxes, gabled houses, tanks, cars, trees.

Every function takes the ray in the object's own axes or relative to its centre and returns
``(distance, face)``, with distance -1 for a miss. Directions have unit length.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from gleam.city.renderer.compiled import compiled
from gleam.city.renderer.noise import hash_pair, noise_3d
from gleam.city.scene import (
    OBJ_COS,
    OBJ_CROWN_RZ,
    OBJ_HX,
    OBJ_HY,
    OBJ_KIND,
    OBJ_RISE,
    OBJ_ROOF,
    OBJ_SEED,
    OBJ_SIN,
    OBJ_X,
    OBJ_Y,
    OBJ_Z0,
    OBJ_Z1,
    ObjectKind,
    Roof,
)
from gleam.city.weather import (
    W_CLEAR_X,
    W_CLEAR_Y,
    W_LEAF_GAP,
    W_LOT_CARS,
    W_SEED,
    W_STREET_CARS,
    W_TRAFFIC,
)

TREE, TANK, CAR, CONIFER = (
    int(ObjectKind.TREE),
    int(ObjectKind.TANK),
    int(ObjectKind.CAR),
    int(ObjectKind.CONIFER),
)
HIP = int(Roof.HIP)

# Faces: 0..3 walls towards -x, +x, -y, +y; 4, 5 bottom and top; 6..9 roof slopes towards +y, -y, +x, -x.
FACE_BOTTOM, FACE_TOP, FACE_SLOPE = 4, 5, 6
FACE_CROWN, FACE_CONE, FACE_TRUNK = 10, 14, 20
"""A crown's leaves are ``FACE_CROWN`` + 0 (outermost) to 3 (deep inside)."""
FACE_SIDE = 2
"""Side of a tank."""
FACE_BODY, FACE_CABIN = 30, 40
"""A car's body and cabin, plus the face of the box."""

CAR_NONE, CAR_SALOON, CAR_VAN = 0, 1, 2
CAR_FREE_RADIUS_SQ = 30.0


@compiled
def car_in_slot(objects: NDArray[np.float32], k: int, weather: NDArray[np.float64]) -> tuple[int, float]:
    """Return which car stands in slot ``k`` today, and a random number for its colour."""
    seed, today = objects[k, OBJ_SEED], weather[W_SEED]
    slot = int(objects[k, OBJ_ROOF])
    share = weather[W_TRAFFIC]
    if slot == 0:
        share = weather[W_STREET_CARS]
    elif slot == 1:
        share = weather[W_LOT_CARS]
    if hash_pair(seed, today) > share:
        return CAR_NONE, 0.0
    away_x, away_y = objects[k, OBJ_X] - weather[W_CLEAR_X], objects[k, OBJ_Y] - weather[W_CLEAR_Y]
    if away_x * away_x + away_y * away_y < CAR_FREE_RADIUS_SQ:
        return CAR_NONE, 0.0
    kind = CAR_VAN if hash_pair(seed + 0.37, today + 0.11) > 0.86 else CAR_SALOON
    return kind, hash_pair(seed + 0.71, today + 0.53)


@compiled
def hit_box(
    x: float, y: float, z: float, dx: float, dy: float, dz: float,
    hx: float, hy: float, z0: float, z1: float,
) -> tuple[float, int]:  # fmt: skip
    """Meet a box centred on the axis, from outside."""
    inv = 1.0 / (dx if abs(dx) > 1e-9 else 1e-9)
    if inv > 0:
        near, far, face = (-hx - x) * inv, (hx - x) * inv, 0
    else:
        near, far, face = (hx - x) * inv, (-hx - x) * inv, 1
    inv = 1.0 / (dy if abs(dy) > 1e-9 else 1e-9)
    if inv > 0:
        a, b, side = (-hy - y) * inv, (hy - y) * inv, 2
    else:
        a, b, side = (hy - y) * inv, (-hy - y) * inv, 3
    if a > near:
        near, face = a, side
    far = min(far, b)
    inv = 1.0 / (dz if abs(dz) > 1e-9 else 1e-9)
    if inv > 0:
        a, b, side = (z0 - z) * inv, (z1 - z) * inv, 4
    else:
        a, b, side = (z1 - z) * inv, (z0 - z) * inv, 5
    if a > near:
        near, face = a, side
    far = min(far, b)
    if near > far or near < 0.0:
        return -1.0, -1
    return near, face


@compiled
def hit_gabled(
    x: float, y: float, z: float, dx: float, dy: float, dz: float,
    hx: float, hy: float, z0: float, z1: float, rise: float, hipped: bool,
) -> tuple[float, int]:  # fmt: skip
    """Meet a house whose ridge runs along x: a box cut by two slopes, or four when hipped."""
    near, face = hit_box_near(x, y, dx, dy, hx, hy)
    far = far_of_box(x, y, dx, dy, hx, hy)
    if near > far:
        return -1.0, -1
    if dz < -1e-9:
        far = min(far, (z0 - z) / dz)
    elif dz > 1e-9:
        t = (z0 - z) / dz
        if t > near:
            near, face = t, FACE_BOTTOM
    slope, ridge = rise / hy, z1 + rise
    for side in range(4 if hipped else 2):
        sign = 1.0 if side % 2 == 0 else -1.0
        if side < 2:
            height = sign * y * slope + z - ridge
            climb = sign * dy * slope + dz
        else:
            height = (sign * x - (hx - hy)) * slope + z - ridge
            climb = sign * dx * slope + dz
        if abs(climb) < 1e-9:
            if height > 0:
                return -1.0, -1
        else:
            t = -height / climb
            if climb > 0:
                far = min(far, t)
            elif t > near:
                near, face = t, FACE_SLOPE + side
    if near > far or near < 0.0:
        return -1.0, -1
    return near, face


@compiled
def hit_box_near(x: float, y: float, dx: float, dy: float, hx: float, hy: float) -> tuple[float, int]:
    """Enter an endless upright box."""
    inv = 1.0 / (dx if abs(dx) > 1e-9 else 1e-9)
    near, face = ((-hx - x) * inv, 0) if inv > 0 else ((hx - x) * inv, 1)
    inv = 1.0 / (dy if abs(dy) > 1e-9 else 1e-9)
    other, side = ((-hy - y) * inv, 2) if inv > 0 else ((hy - y) * inv, 3)
    return (other, side) if other > near else (near, face)


@compiled
def far_of_box(x: float, y: float, dx: float, dy: float, hx: float, hy: float) -> float:
    """Leave an endless upright box."""
    inv = 1.0 / (dx if abs(dx) > 1e-9 else 1e-9)
    far = (hx - x) * inv if inv > 0 else (-hx - x) * inv
    inv = 1.0 / (dy if abs(dy) > 1e-9 else 1e-9)
    return min(far, (hy - y) * inv if inv > 0 else (-hy - y) * inv)


@compiled
def hit_cabin(x: float, y: float, z: float, dx: float, dy: float, dz: float) -> tuple[float, int]:
    """Meet a saloon's cabin: a frustum from 0.86 to 1.44 m, its front leaning more than its back."""
    near, far, face = -1e9, 1e9, -1
    for side in range(6):
        a, b, c, d = 0.0, 0.0, 1.0, 1.44
        if side == 0:
            a, c, d = -1.0, 0.75, 2.595
        elif side == 1:
            a, c, d = 1.0, 1.25, 2.125
        elif side == 2:
            b, c, d = -1.0, 0.22, 1.0292
        elif side == 3:
            b, c, d = 1.0, 0.22, 1.0292
        elif side == 4:
            c, d = -1.0, -0.86
        height = a * x + b * y + c * z - d
        climb = a * dx + b * dy + c * dz
        if abs(climb) < 1e-9:
            if height > 0:
                return -1.0, -1
        else:
            t = -height / climb
            if climb > 0:
                far = min(far, t)
            elif t > near:
                near, face = t, side
    if near > far or near < 0.0:
        return -1.0, -1
    return near, face


@compiled
def hit_car(x: float, y: float, z: float, dx: float, dy: float, dz: float, kind: int) -> tuple[float, int]:
    """Meet a car that heads along +x."""
    if kind == CAR_VAN:
        t, face = hit_box(x, y, z, dx, dy, dz, 2.4, 0.98, 0.25, 1.9)
        return t, FACE_BODY + face
    t, face = hit_box(x, y, z, dx, dy, dz, 2.15, 0.88, 0.22, 0.86)
    cabin_t, cabin_face = hit_cabin(x, y, z, dx, dy, dz)
    if cabin_t > 0 and (t < 0 or cabin_t < t):
        return cabin_t, FACE_CABIN + cabin_face
    return t, FACE_BODY + face


@compiled
def hit_tree(
    x: float, y: float, z: float, dx: float, dy: float, dz: float, best: float,
    radius: float, crown_rz: float, z0: float, z1: float, seed: float, gap: float, detail: bool,
) -> tuple[float, int]:  # fmt: skip
    """Meet a broad-leaved tree: an ellipsoid of leaf clusters, denser inside, and a trunk.

    The density is sampled along the ray; ``gap`` is what it must exceed. ``detail`` breaks the
    clusters into leaves, which shows only from near by.
    """
    centre = 0.5 * (z0 + z1)
    ax, ay, az = dx / radius, dy / radius, dz / crown_rz
    px, py, pz = x / radius, y / radius, (z - centre) / crown_rz
    a = ax * ax + ay * ay + az * az
    b = ax * px + ay * py + az * pz
    c = px * px + py * py + pz * pz
    inv_a = 1.0 / a
    root = b * b - a * (c - 1.0)
    if root > 0.0 and c > 1.0 and b < 0.0:
        scale, offset = 2.7 / (0.6 + 0.22 * radius), seed * 91.0
        enter = (-b - math.sqrt(root)) * inv_a
        fine = detail and enter < 60.0
        steps = 8 if fine else 4
        # From the entry to a little behind the deepest point; what lies farther is hidden or not there.
        step = (-b * inv_a - enter) * 1.1 / steps
        for n in range(steps + 1):
            t = enter + n * step
            if t >= best:
                break
            depth = 1.0 - math.sqrt(max(0.0, c + t * (2.0 * b + a * t)))
            qx, qy, qz = x + t * dx, y + t * dy, z + t * dz
            density = noise_3d(qx * scale + offset, qy * scale, qz * scale) + 1.15 * depth
            if fine:
                density += 0.6 * (noise_3d(qx * 4.3 + offset, qy * 4.3, qz * 4.3) - 0.5)
            if density > gap + 0.34:
                return t, FACE_CROWN + min(3, int(9.0 * max(0.0, depth)))
    trunk = 0.09 * radius + 0.03
    a = dx * dx + dy * dy
    if a > 1e-6:
        b = dx * x + dy * y
        root = b * b - a * (x * x + y * y - trunk * trunk)
        if root > 0.0:
            t = (-b - math.sqrt(root)) / a
            height = z + t * dz
            if 0.0 < t < best and 0.0 <= height < centre:
                return t, FACE_TRUNK
    return -1.0, -1


@compiled
def hit_conifer(
    x: float, y: float, z: float, dx: float, dy: float, dz: float, best: float,
    radius: float, z0: float, z1: float,
) -> tuple[float, int]:  # fmt: skip
    """Meet an upright cone."""
    taper = radius / (z1 - z0)
    taper *= taper
    below = z - z1
    a = dx * dx + dy * dy - taper * dz * dz
    b = dx * x + dy * y - taper * dz * below
    root = b * b - a * (x * x + y * y - taper * below * below)
    if root <= 0.0 or abs(a) < 1e-9:
        return -1.0, -1
    root = math.sqrt(root)
    first, second = (-b - root) / a, (-b + root) / a
    if first > second:
        first, second = second, first
    height = z + first * dz
    if 0.0 < first < best and z0 < height < z1:
        return first, FACE_CONE
    height = z + second * dz
    if 0.0 < second < best and z0 < height < z1:
        return second, FACE_CONE
    return -1.0, -1


@compiled
def hit_tank(
    x: float, y: float, z: float, dx: float, dy: float, dz: float, radius: float, z1: float
) -> tuple[float, int]:
    """Meet an upright cylinder standing on the ground."""
    a = dx * dx + dy * dy
    if a > 1e-9:
        b = dx * x + dy * y
        root = b * b - a * (x * x + y * y - radius * radius)
        if root > 0.0:
            t = (-b - math.sqrt(root)) / a
            if t > 0.0 and 0.0 <= z + t * dz < z1:
                return t, FACE_SIDE
    if dz < -1e-6 and z > z1:
        t = (z1 - z) / dz
        qx, qy = x + t * dx, y + t * dy
        if qx * qx + qy * qy < radius * radius:
            return t, FACE_TOP
    return -1.0, -1


@compiled
def hit_object(
    objects: NDArray[np.float32], k: int,
    ox: float, oy: float, oz: float, dx: float, dy: float, dz: float,
    best: float, weather: NDArray[np.float64], detail: bool,
) -> tuple[float, int]:  # fmt: skip
    """Meet object ``k`` in front of ``best``."""
    kind = int(objects[k, OBJ_KIND])
    px, py = ox - objects[k, OBJ_X], oy - objects[k, OBJ_Y]
    z0, z1 = objects[k, OBJ_Z0], objects[k, OBJ_Z1]
    if kind == TREE:
        return hit_tree(
            px, py, oz, dx, dy, dz, best, objects[k, OBJ_HX], objects[k, OBJ_CROWN_RZ],
            z0, z1, objects[k, OBJ_SEED], weather[W_LEAF_GAP], detail,
        )  # fmt: skip
    if kind == CONIFER:
        return hit_conifer(px, py, oz, dx, dy, dz, best, objects[k, OBJ_HX], z0, z1)
    if kind == TANK:
        return hit_tank(px, py, oz, dx, dy, dz, objects[k, OBJ_HX], z1)
    cos, sin = objects[k, OBJ_COS], objects[k, OBJ_SIN]
    x, y = px * cos + py * sin, py * cos - px * sin
    ax, ay = dx * cos + dy * sin, dy * cos - dx * sin
    if kind == CAR:
        car, _ = car_in_slot(objects, k, weather)
        if car == CAR_NONE:
            return -1.0, -1
        return hit_car(x, y, oz, ax, ay, dz, car)
    hx, hy, rise = objects[k, OBJ_HX], objects[k, OBJ_HY], objects[k, OBJ_RISE]
    if rise <= 0.0:
        return hit_box(x, y, oz, ax, ay, dz, hx, hy, z0, z1)
    return hit_gabled(x, y, oz, ax, ay, dz, hx, hy, z0, z1, rise, int(objects[k, OBJ_ROOF]) == HIP)
