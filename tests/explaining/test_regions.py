"""From a region of ground back to where each camera saw it."""

import numpy as np
import pytest

from gleam.explaining.regions import sightings
from gleam.imagery.preparation import Preparation
from gleam.views import Pose, View

P = Preparation(pixels=64, ground_width_m=128.0)
NORTH_UP = Pose(heading_deg=0.0, ground_width_m=128.0)


def middle(box):
    return (box.left + box.right) / 2, (box.top + box.bottom) / 2


def test_a_map_is_cut_like_the_square():
    found = sightings((400, 400), View.MAP, NORTH_UP, P, 4)
    for i in range(4):
        for j in range(4):
            assert found[i][j].visible == 1.0
            x, y = middle(found[i][j].box)
            assert (x, y) == (pytest.approx(100 * j + 50, abs=3), pytest.approx(100 * i + 50, abs=3))


def test_a_turned_map_turns_the_regions():
    """The upward direction of the picture faces east: its top shows the east of the square."""
    found = sightings((400, 400), View.MAP, Pose(heading_deg=90.0, ground_width_m=128.0), P, 2)
    east_x, east_y = middle(found[0][1].box)  # north-east: upper left of the picture
    assert (east_x, east_y) == (pytest.approx(100, abs=5), pytest.approx(100, abs=5))


def test_a_narrow_map_shows_only_the_middle():
    found = sightings((400, 400), View.MAP, Pose(heading_deg=0.0, ground_width_m=64.0), P, 4)
    assert found[0][0].visible == 0.0
    assert found[0][0].box is None
    assert found[1][1].visible == 1.0


def test_a_drone_looking_down_sees_north_at_the_top():
    pose = Pose(heading_deg=0.0, pitch_deg=-90.0, height_m=100.0, fov_deg=65.3)  # 128 m across
    found = sightings((500, 500), View.DRONE, pose, P, 2)
    assert middle(found[0][0].box) == (pytest.approx(125, abs=8), pytest.approx(125, abs=8))
    assert middle(found[1][1].box) == (pytest.approx(375, abs=8), pytest.approx(375, abs=8))


def test_a_slanted_drone_by_hand():
    """Facing east at 45 degrees: what lies 32 m further east appears above the centre, by the pinhole."""
    pose = Pose(heading_deg=90.0, pitch_deg=-45.0, height_m=100.0, fov_deg=90.0)
    found = sightings((400, 400), View.DRONE, pose, P, 4)
    focal = 200.0
    # Region (1, 3): centred 48 m east, 16 m north of the aim point; the camera is 100 m west of it.
    east, north = 48.0, 16.0
    depth = (100 + east) * np.cos(np.pi / 4) + 100 * np.sin(np.pi / 4)
    up = (100 + east) * np.sin(np.pi / 4) - 100 * np.cos(np.pi / 4)
    x, y = 200 - north / depth * focal, 200 - up / depth * focal
    assert middle(found[1][3].box) == (pytest.approx(x, abs=6), pytest.approx(y, abs=6))


def test_a_panorama_sees_each_region_in_its_direction():
    pose = Pose(heading_deg=0.0, height_m=2.0)
    found = sightings((256, 512), View.PANORAMA, pose, P, 4)
    # The centre column faces north: north-east regions lie right of it, north-west ones left.
    assert 256 < middle(found[0][2].box)[0] < 320
    assert 192 < middle(found[0][1].box)[0] < 256
    # The inner regions are ground, below the horizon.
    assert found[1][1].box.top > 128


def test_a_region_across_the_seam_is_two_boxes():
    """With the seam facing north-east, the north-east region is cut by it."""
    found = sightings((256, 512), View.PANORAMA, Pose(heading_deg=225.0, height_m=2.0), P, 4)
    cut = found[0][3]
    assert cut.rest is not None
    boxes = sorted((cut.box, cut.rest), key=lambda box: box.left)
    assert boxes[0].left == 0
    assert boxes[1].right == 512
    others = [found[i][j].rest for i in range(4) for j in range(4) if (i, j) not in {(0, 3), (1, 2)}]
    assert all(rest is None for rest in others)


def test_a_ground_photo_does_not_see_behind_itself():
    found = sightings((300, 400), View.GROUND, Pose(heading_deg=0.0, fov_deg=70.0, height_m=1.7), P, 4)
    assert found[0][1].visible > 0.3
    assert all(found[3][j].visible == 0 for j in range(4))


@pytest.mark.parametrize("view", [View.MAP, View.DRONE, View.PANORAMA, View.GROUND])
def test_boxes_stay_inside_the_picture(view):
    pose = Pose(heading_deg=77.0, pitch_deg=-50.0 if view is View.DRONE else 3.0, height_m=60.0, fov_deg=60.0)
    if view is View.PANORAMA:
        pose = Pose(heading_deg=77.0, height_m=2.0)
    for row in sightings((301, 402), view, pose, P, 4):
        for sighting in row:
            for box in (sighting.box, sighting.rest):
                if box is not None:
                    assert 0 <= box.left <= box.right <= 402
                    assert 0 <= box.top <= box.bottom <= 301
