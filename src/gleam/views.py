"""The five ways GLEAM sees the world, and how a camera stood when it saw it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from gleam.errors import unknown_name


class View(StrEnum):
    """How an image sees a place."""

    SATELLITE = "satellite"
    DRONE = "drone"
    MAP = "map"
    PANORAMA = "panorama"
    GROUND = "ground"


QUERY_VIEWS: tuple[View, ...] = (View.DRONE, View.MAP, View.PANORAMA, View.GROUND)


def parse_view(name: str) -> View:
    """Return the view called ``name``; raise a ``GleamError`` listing the views otherwise."""
    try:
        return View(name.strip().lower())
    except ValueError:
        raise unknown_name("view", name, [v.value for v in View]) from None


@dataclass(frozen=True, slots=True)
class Pose:
    """What is known of the camera. ``None`` means unknown, never zero.

    heading_deg: clockwise from true north. Drone and ground: the optical axis. Panorama: the
        centre column. Satellite and map: the upward direction of the image.
    pitch_deg: of the optical axis above the horizon; -90 looks straight down.
    roll_deg: clockwise roll about the optical axis.
    height_m: of the camera above the ground.
    fov_deg: horizontal field of view.
    ground_width_m: width on the ground of the whole image (satellite and map).
    """

    heading_deg: float | None = None
    pitch_deg: float | None = None
    roll_deg: float | None = None
    height_m: float | None = None
    fov_deg: float | None = None
    ground_width_m: float | None = None

    def with_heading(self, heading_deg: float | None) -> Pose:
        """Return the same pose looking another way."""
        return replace(self, heading_deg=heading_deg)


UNKNOWN_POSE = Pose()
