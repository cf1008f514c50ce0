"""The photos that the demo looks for: new shots of held-out places, at the size of real photos.

The pictures of the city's own folder are as small as training wants them. These are taken of the same
places at a size worth looking at, and written as files with the metadata a camera would leave.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from gleam.city.pictures import LICENCE, SOURCE, shot_rng
from gleam.city.places import choose_places
from gleam.city.plan import make_scene
from gleam.city.scene import Scene
from gleam.city.shots import take
from gleam.imagery.exif_write import jpeg_bytes
from gleam.places import PlaceImage, Places
from gleam.progress import track
from gleam.views import QUERY_VIEWS, View

TRAINING_SPLIT = "train"


def held_out(places: Places) -> Places:
    """Return the rows that are not of the training part."""
    return places.take(places.column("split") != TRAINING_SPLIT)


def take_photos(city: dict[str, Any], places: Places, per_view: int, pixels: int, out: Path) -> Places:
    """Take photos of held-out places in every query view and write them with their table into ``out``.

    Which places: spread evenly over the table, other ones for every view, whatever comes out later.

    Args:
        city: The description of the city, ``city.json``.
        places: The held-out rows of its table.
        per_view: Photos of each view.
        pixels: Height of the photos; panoramas are twice as wide.
        out: A folder for them.
    """
    recipe = city["recipe"]
    scene = make_scene(recipe["seed"], 1000.0 * recipe["size_km"])
    spots = choose_places(scene, recipe["places"], recipe["split"])
    names = places.place_ids
    wanted = np.linspace(0, len(names) - 1, per_view * len(QUERY_VIEWS)).round().astype(int)
    chosen = [
        (view, names[int(index)])
        for offset, view in enumerate(QUERY_VIEWS)
        for index in wanted[offset :: len(QUERY_VIEWS)]
    ]
    rows = []
    for view, name in track(chosen, "Taking photos"):
        number = int(name.removeprefix("p"))
        rows.append(_take(scene, view, name, (spots.x[number], spots.y[number]), number, pixels, out))
    table = Places(rows, root=out)
    table.write(out)
    return table


def _take(
    scene: Scene, view: View, name: str, spot: tuple[float, float], number: int, pixels: int, out: Path
) -> PlaceImage:
    """Take one photo, write it, and return its row."""
    shot = take(scene, view, *spot, shot_rng(scene.seed, number, view), pixels)
    lat, lon = scene.frame.to_wgs84(shot.x, shot.y)
    camera = scene.frame.to_wgs84(shot.camera_x, shot.camera_y)
    date = shot.weather.get("date")
    flies = view is View.DRONE
    path = f"{view.value}/{name}.jpg"
    (out / view.value).mkdir(parents=True, exist_ok=True)
    data = jpeg_bytes(
        shot.image,
        view=view,
        pose=shot.pose,
        quality=92,
        position=camera if flies else None,
        altitude_m=shot.pose.height_m if flies else None,
        taken=dt.date.fromisoformat(str(date)) if date else None,
    )
    (out / path).write_bytes(data)
    return PlaceImage(
        place=name,
        view=view,
        path=path,
        lat=lat,
        lon=lon,
        camera_lat=camera[0],
        camera_lon=camera[1],
        source=SOURCE,
        licence=LICENCE,
        taken=str(date) if date else None,
        **asdict(shot.pose),
    )
