"""The names of the city's streets and the marks on its maps."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from gleam.city.renderer.derived import once_per_scene
from gleam.city.scene import RoadClass, Scene
from gleam.streetmaps.lettering import Anchors, middle_of, write_names
from gleam.streetmaps.styles import MapStyle

_POI_COLOURS = ((240, 140, 40), (90, 130, 240), (200, 80, 120), (60, 160, 90), (120, 90, 200))


@once_per_scene
def anchors(scene: Scene) -> Anchors:
    """Find where the names of all named streets may stand."""
    edges = [e for e in scene.edges if e.road_class != RoadClass.ALLEY and e.name and len(e.x) > 1]
    edges.sort(key=lambda e: (-int(e.road_class), -e.length_m, float(e.x[0]), float(e.y[0])))
    names = tuple(sorted({e.name for e in edges}))
    number = {name: n for n, name in enumerate(names)}
    places = np.array([middle_of(e.x, e.y) for e in edges], np.float64).reshape(-1, 3)
    return Anchors(
        places[:, 0],
        places[:, 1],
        places[:, 2],
        np.array([e.length_m for e in edges], np.float64),
        np.array([number[e.name] for e in edges], np.int64),
        names,
    )


def draw_labels(
    scene: Scene, picture: Image.Image, x0: float, y0: float, x1: float, y1: float, style: MapStyle,
    size: int, drop: np.random.Generator | None,
) -> None:  # fmt: skip
    """Write street names into ``picture``, which shows the window x0, y0, x1, y1.

    ``drop`` leaves out some at random.
    """
    write_names(picture, anchors(scene), x0, y0, x1, y1, style, size, drop)


def draw_marks(picture: Image.Image, rng: np.random.Generator) -> None:
    """Put up to three point-of-interest marks anywhere, as maps do."""
    draw = ImageDraw.Draw(picture)
    width, height = picture.size
    radius = max(2.0, 0.019 * width)
    for _ in range(int(rng.integers(0, 4))):
        x, y = float(rng.uniform(0.06, 0.94)) * width, float(rng.uniform(0.06, 0.94)) * height
        colour = _POI_COLOURS[int(rng.integers(len(_POI_COLOURS)))]
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour, outline=(255, 255, 255))
