"""Where a drone stood, seen from the ground point in the centre of its picture."""

from __future__ import annotations

import math

from gleam.geo import LatLon, offset
from gleam.views import Pose

FLATTEST_PITCH_DEG = -10.0
"""Above this the optical axis meets the ground too far away to reckon back."""


def metres_ahead(pose: Pose) -> float | None:
    """Return how far from below the camera its optical axis meets flat ground.

    0 when it looks all but straight down; None unless height and pitch are known.
    """
    if pose.pitch_deg is None or pose.height_m is None or pose.pitch_deg > FLATTEST_PITCH_DEG:
        return None
    ahead = pose.height_m / math.tan(math.radians(-pose.pitch_deg))
    return 0.0 if ahead < 0.01 * pose.height_m else ahead


def camera_position(lat: float, lon: float, pose: Pose) -> LatLon | None:
    """Return (lat, lon) below a camera whose optical axis meets flat ground at a point.

    None unless height and pitch are known, and the heading too when the camera does not look straight down.
    """
    back = metres_ahead(pose)
    if not back:
        return None if back is None else (lat, lon)
    if pose.heading_deg is None:
        return None
    heading = math.radians(pose.heading_deg)
    return offset(lat, lon, -back * math.sin(heading), -back * math.cos(heading))


def aim_point(lat: float, lon: float, pose: Pose) -> LatLon | None:
    """Return the (lat, lon) of the ground point in the image centre of a camera above a point.

    The inverse of :func:`camera_position`, on the same terms.
    """
    ahead = metres_ahead(pose)
    if not ahead:
        return None if ahead is None else (lat, lon)
    if pose.heading_deg is None:
        return None
    heading = math.radians(pose.heading_deg)
    return offset(lat, lon, ahead * math.sin(heading), ahead * math.cos(heading))
