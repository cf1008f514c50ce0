"""Take pictures of the city: one call per view, and seamless mosaics seen from straight above."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gleam.city.cameras import MAP_SPREAD, SATELLITE_WIDTH_M, Framing, frame, nadir
from gleam.city.cartography import STYLES, draw_map
from gleam.city.renderer.image import render
from gleam.city.renderer.packing import world_of
from gleam.city.scene import Scene
from gleam.city.sensor import Sensor, develop, sample_sensor
from gleam.city.weather import Weather, sample_weather
from gleam.views import Pose, View

_STREET_VIEWS = (View.PANORAMA, View.GROUND)


@dataclass(frozen=True)
class Shot:
    """A picture with what is known of it.

    image: (H, W, 3) uint8. x, y: local metres of what the image centres on (the ground point on a
    drone's optical axis; the camera itself for panorama and ground). camera_x, camera_y: where the
    camera stood (the same as x, y for satellite and map). weather: see :meth:`Weather.facts`; for a
    map its style.
    """

    image: NDArray[np.uint8]
    pose: Pose
    x: float
    y: float
    camera_x: float
    camera_y: float
    weather: dict[str, str | float | bool]


def take(
    scene: Scene,
    view: View,
    x: float,
    y: float,
    rng: np.random.Generator,
    pixels: int,
    *,
    labels: bool = True,
) -> Shot:
    """Take a picture of the place at local metres (x, y).

    Sizes: (pixels, pixels), panorama (pixels, 2 * pixels). Weather, sensor, camera and cars are
    drawn from ``rng`` alone, so one generator gives one picture. ``labels`` writes street names
    on a map. The city of origin decides where the sun stands.
    """
    if view is View.MAP:
        return _map(scene, x, y, rng, pixels, labels)
    weather = sample_weather(rng, view, latitude_deg=latitude_of(scene))
    framing = _unobstructed(scene, view, x, y, rng)
    sensor = sample_sensor(rng, view)
    light = radiance(scene, framing, weather, pixels, clear=view in _STREET_VIEWS)
    image = develop(light, sensor.exposed_for(light))
    place = framing.camera.position
    return Shot(image, framing.pose, framing.x, framing.y, place[0], place[1], weather.facts())


def radiance(
    scene: Scene, framing: Framing, weather: Weather, pixels: int, *, clear: bool = False
) -> NDArray[np.float32]:
    """Return linear light (H, W, 3) seen by a camera; ``clear`` keeps cars away from it."""
    height, width = framing.camera.size(pixels)
    camera = framing.camera
    here = (camera.position[0], camera.position[1]) if clear else None
    return render(camera.projection, camera.array(), world_of(scene), weather.array(here), height, width)


def render_ortho(
    scene: Scene, x0: float, y0: float, x1: float, y1: float, metres_per_pixel: float, weather: Weather,
    sensor: Sensor,
) -> NDArray[np.uint8]:  # fmt: skip
    """Render a true orthophoto of a rectangle: (rows, columns, 3), north up, first row at ``y1``.

    ``sensor`` is used as it is: take it from :func:`mosaic_sensor`, once for the whole mosaic, and
    strips cut at whole pixels fit together without a seam.
    """
    rows, columns = round((y1 - y0) / metres_per_pixel), round((x1 - x0) / metres_per_pixel)
    # One pixel more on every side: blur and sharpening look at neighbours.
    wide = metres_per_pixel
    framing = nadir((x0 + x1) / 2, (y0 + y1) / 2, x1 - x0 + 2 * wide, y1 - y0 + 2 * wide)
    camera = framing.camera
    image = render(camera.projection, camera.array(), world_of(scene), weather.array(), rows + 2, columns + 2)
    origin = (round((scene.height_m - y1) / metres_per_pixel) - 1, round(x0 / metres_per_pixel) - 1)
    return np.ascontiguousarray(develop(image, sensor, origin)[1:-1, 1:-1])


def mosaic_sensor(scene: Scene, weather: Weather, rng: np.random.Generator) -> Sensor:
    """Return one sensor for a whole mosaic, its exposure metered on samples all over the city."""
    sensor = replace(sample_sensor(rng, View.SATELLITE), vignette=0.0)
    framing = nadir(scene.width_m / 2, scene.height_m / 2, scene.width_m, scene.height_m)
    return sensor.exposed_for(radiance(scene, framing, weather, 96))


def latitude_of(scene: Scene) -> float:
    """Return the latitude of the middle of a scene."""
    latitude, _ = scene.frame.to_wgs84(scene.width_m / 2, scene.height_m / 2)
    return float(latitude)


def _unobstructed(scene: Scene, view: View, x: float, y: float, rng: np.random.Generator) -> Framing:
    """Plan a shot; a drone whose place in the air is taken by a tower flies elsewhere."""
    framing = frame(view, x, y, rng)
    if view is View.DRONE:
        world = world_of(scene)
        for _ in range(8):
            i, j = int(framing.camera.position[0] // 16), int(framing.camera.position[1] // 16)
            inside = 0 <= i < world.cells_x and 0 <= j < world.cells_y
            if not inside or world.cell_top[j * world.cells_x + i] < framing.camera.position[2] - 3.0:
                break
            framing = frame(view, x, y, rng)
    return framing


def _map(scene: Scene, x: float, y: float, rng: np.random.Generator, pixels: int, labels: bool) -> Shot:
    style = sorted(STYLES)[int(rng.integers(len(STYLES)))]
    half = SATELLITE_WIDTH_M / 2 * float(rng.uniform(*MAP_SPREAD))
    x, y = x + float(rng.uniform(-4.0, 4.0)), y + float(rng.uniform(-4.0, 4.0))
    image = draw_map(scene, x - half, y - half, x + half, y + half, pixels, style, labels, rng)
    pose = Pose(heading_deg=0.0, ground_width_m=2 * half)
    return Shot(image, pose, x, y, x, y, {"style": style, "labels": labels})
