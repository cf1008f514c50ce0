"""The four cameras are true: what stands somewhere is seen where independent formulas say."""

import math
from dataclasses import replace

import numpy as np
import pytest

from gleam.city import cameras
from gleam.city.shots import radiance
from gleam.city.weather import sample_weather
from gleam.views import View

DULL = replace(
    sample_weather(np.random.default_rng(0), View.GROUND), sun=0.0, clouds=0.0, haze=0.0, snow=0.0, wet=0.0
)
"""No sun, so no shadow betrays a thing where it is not."""
BOX = (190.0, 170.0, 6.0, 4.0, 30.0)


def corners(x, y, hx, hy, z1):
    return [(x + sx * hx, y + sy * hy, z) for sx in (-1, 1) for sy in (-1, 1) for z in (0.0, z1)]


def pinhole(point, eye, heading_deg, pitch_deg, roll_deg, fov_deg, pixels):
    """Turn the world by -heading, -pitch, -roll with rotation matrices, then divide: column, row."""
    east, north, up = (p - e for p, e in zip(point, eye, strict=True))
    h, p, r = (math.radians(a) for a in (heading_deg, pitch_deg, roll_deg))
    right = east * math.cos(h) - north * math.sin(h)
    ahead = east * math.sin(h) + north * math.cos(h)
    depth = ahead * math.cos(p) + up * math.sin(p)
    above = -ahead * math.sin(p) + up * math.cos(p)
    # A camera rolled clockwise sees the world rolled the other way.
    across, above = right * math.cos(r) - above * math.sin(r), right * math.sin(r) + above * math.cos(r)
    focal = pixels / 2 / math.tan(math.radians(fov_deg) / 2)
    return pixels / 2 + focal * across / depth, pixels / 2 - focal * above / depth


def seen(build, block, framing, pixels):
    """Pixels (rows, columns) that change when the box is put there."""
    with_box = radiance(build([block(*BOX)]), framing, DULL, pixels)
    without = radiance(build(), framing, DULL, pixels)
    changed = np.abs(with_box - without).max(axis=2) > 0.02
    assert changed.any()
    return np.nonzero(changed)


@pytest.mark.parametrize("seed", range(6))
def test_drone_sees_the_box_where_a_pinhole_does(build, block, seed):
    framing = cameras.drone(185.0, 172.0, np.random.default_rng(seed))
    pose, pixels = framing.pose, 96
    rows, columns = seen(build, block, framing, pixels)
    eye = framing.camera.position
    points = [
        pinhole(c, eye, pose.heading_deg, pose.pitch_deg, 0.0, pose.fov_deg, pixels) for c in corners(*BOX)
    ]
    us, vs = np.clip(np.array(points).T, 0, pixels)
    assert abs(columns.min() - us.min()) <= 1.5 and abs(columns.max() + 1 - us.max()) <= 1.5
    assert abs(rows.min() - vs.min()) <= 1.5 and abs(rows.max() + 1 - vs.max()) <= 1.5


@pytest.mark.parametrize("seed", range(20))
def test_drone_looks_at_its_place(seed):
    framing = cameras.drone(100.0, 80.0, np.random.default_rng(seed))
    eye, pose = framing.camera.position, framing.pose
    assert math.hypot(framing.x - 100.0, framing.y - 80.0) < 20.0
    assert eye[2] == pose.height_m and 80.0 <= eye[2] <= 130.0
    assert pose.pitch_deg == -90.0 or -72.0 <= pose.pitch_deg <= -45.0
    assert pinhole((framing.x, framing.y, 0.0), eye, pose.heading_deg, pose.pitch_deg, 0.0, 60.0, 100) == (
        pytest.approx((50.0, 50.0), abs=1e-6)
    )


def test_some_drones_look_straight_down_with_the_heading_up():
    framings = [cameras.drone(0.0, 0.0, np.random.default_rng(s)) for s in range(300)]
    down = [f for f in framings if f.pose.pitch_deg == -90.0]
    assert 0.08 < len(down) / len(framings) < 0.24
    heading = math.radians(down[0].pose.heading_deg)
    u, v = down[0].camera.project(down[0].x + 10 * math.sin(heading), down[0].y + 10 * math.cos(heading), 0.0)
    assert u == pytest.approx(0.5, abs=1e-9) and v < 0.5


@pytest.mark.parametrize("seed", range(4))
def test_ground_camera_sees_the_box_where_a_pinhole_does(build, block, seed):
    rng = np.random.default_rng(seed)
    framing = cameras.ground(160.0, 120.0, rng)
    heading = math.degrees(math.atan2(190.0 - 160.0, 170.0 - 120.0)) + float(rng.uniform(-15, 15))
    pitch, roll = framing.pose.pitch_deg, framing.pose.roll_deg
    right, up, forward = cameras.axes(heading, pitch, roll)
    framing = replace(framing, camera=replace(framing.camera, right=right, up=up, forward=forward))
    rows, columns = seen(build, block, framing, 96)
    points = [pinhole(c, framing.camera.position, heading, pitch, roll, 90.0, 96) for c in corners(*BOX)]
    us, vs = np.clip(np.array(points).T, 0, 96)
    assert abs(columns.min() - us.min()) <= 1.5 and abs(columns.max() + 1 - us.max()) <= 1.5
    assert abs(rows.min() - vs.min()) <= 1.5


@pytest.mark.parametrize("seed", range(4))
def test_panorama_sees_the_box_at_its_bearing_and_height(build, block, seed):
    framing = cameras.panorama(150.0, 140.0, np.random.default_rng(seed))
    rows, columns = seen(build, block, framing, 96)
    x, y, z = framing.camera.position
    middle = math.degrees(math.atan2(BOX[0] - x, BOX[1] - y))
    # Columns measured from the expected one, so that the seam of the image does not matter.
    expected = 96 + (middle - framing.pose.heading_deg) / 360.0 * 192
    offsets = (columns + 0.5 - expected + 96) % 192 - 96
    bearings = [math.degrees(math.atan2(cx - x, cy - y)) for cx, cy, _ in corners(*BOX)]
    left, right = min(bearings) - middle, max(bearings) - middle
    assert offsets.min() - 0.5 == pytest.approx(left / 360 * 192, abs=1.5)
    assert offsets.max() + 0.5 == pytest.approx(right / 360 * 192, abs=1.5)
    top = max(math.degrees(math.atan2(cz - z, math.hypot(cx - x, cy - y))) for cx, cy, cz in corners(*BOX))
    assert rows.min() == pytest.approx(96 * (0.5 - top / 180.0), abs=1.5)


def test_orthophoto_shows_the_box_within_a_pixel_north_up(build, block):
    framing = cameras.nadir(180.0, 160.0, 64.0, 64.0)
    rows, columns = seen(build, block, framing, 64)
    west, north = 180.0 - 32.0, 160.0 + 32.0
    assert abs(columns.min() - (184.0 - west)) <= 1 and abs(columns.max() + 1 - (196.0 - west)) <= 1
    assert abs(rows.min() - (north - 174.0)) <= 1 and abs(rows.max() + 1 - (north - 166.0)) <= 1


def test_leaning_satellite_moves_roofs_but_not_the_ground(build, block):
    lean = math.radians(10.0)
    framing = cameras.nadir(180.0, 160.0, 128.0, 128.0, lean, 0.0)  # light comes down towards the east
    _, columns = seen(build, block, framing, 128)
    west = 180.0 - 64.0
    # The roof, 30 m up, is seen against ground that lies farther east.
    assert columns.max() + 1 == pytest.approx(196.0 + 30.0 * math.tan(lean) - west, abs=1.5)
    assert columns.min() == pytest.approx(184.0 - west, abs=1.5)


@pytest.mark.parametrize("view", [View.SATELLITE, View.DRONE, View.PANORAMA, View.GROUND])
def test_project_inverts_the_rays(view):
    from gleam.city.renderer.image import ray

    rng = np.random.default_rng(7)
    framing = cameras.frame(view, 50.0, 60.0, rng)
    packed = framing.camera.array()
    for u, v in rng.uniform(0.05, 0.95, (20, 2)):
        ox, oy, oz, dx, dy, dz = ray(framing.camera.projection, packed, float(u), float(v))
        assert dx * dx + dy * dy + dz * dz == pytest.approx(1.0)
        far = 30.0
        found = framing.camera.project(ox + far * dx, oy + far * dy, oz + far * dz)
        assert found == pytest.approx((u, v), abs=1e-5)


def test_map_has_no_camera():
    with pytest.raises(ValueError, match="drawn"):
        cameras.frame(View.MAP, 0.0, 0.0, np.random.default_rng(0))


@pytest.mark.parametrize("seed", range(30))
def test_satellite_is_nearly_nadir_and_covers_128_m(seed):
    framing = cameras.satellite(0.0, 0.0, np.random.default_rng(seed))
    lean = math.degrees(math.acos(-framing.camera.forward[2]))
    assert lean <= 10.0 + 1e-6
    assert framing.pose.ground_width_m == 128.0 and framing.pose.heading_deg == 0.0
    assert abs(framing.x) <= 6.0 and abs(framing.y) <= 6.0
