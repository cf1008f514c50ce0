"""Draw any window of the city as a street map."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gleam.city.cartography.labels import draw_labels, draw_marks
from gleam.city.cartography.surface import paint_surface
from gleam.city.renderer.packing import world_of
from gleam.city.scene import Scene
from gleam.errors import unknown_name
from gleam.streetmaps.styles import STYLES, MapStyle

_NO_BUILDINGS = 0.15
"""Share of random maps that show no buildings."""


def draw_map(
    scene: Scene, x0: float, y0: float, x1: float, y1: float, pixels: int, style: str | MapStyle,
    labels: bool = True, rng: np.random.Generator | None = None,
) -> NDArray[np.uint8]:  # fmt: skip
    """Draw the window from (x0, y0) to (x1, y1) in local metres, north up, ``pixels`` wide.

    Returns (H, pixels, 3) uint8, H from the window's shape. With ``rng`` the map varies as one-off
    screenshots do: marks, dropped names, no buildings now and then. Without it the same window
    looks the same in any tile. Raises a :class:`~gleam.errors.GleamError` for an unknown style.
    """
    if isinstance(style, str):
        if style not in STYLES:
            raise unknown_name("map style", style, STYLES)
        style = STYLES[style]
    height = max(1, round(pixels * (y1 - y0) / (x1 - x0)))
    names = None
    if rng is not None:
        if rng.random() < _NO_BUILDINGS:
            style = replace(style, buildings=False)
        # One draw whether labels are on or off: everything else stays the same.
        names = np.random.default_rng(int(rng.integers(0, 2**63)))
    image = np.empty((height, pixels, 3), np.uint8)
    paint_surface(
        x0, y1, (x1 - x0) / pixels, (y1 - y0) / height, world_of(scene), style.palette(),
        style.casing_m, style.wide_roads, style.buildings, np.empty((2, pixels + 1), np.int64), image,
    )  # fmt: skip
    if rng is None and not labels:
        return image
    picture = Image.fromarray(image)
    if rng is not None:
        draw_marks(picture, rng)
    if labels:
        draw_labels(scene, picture, x0, y0, x1, y1, style, max(7, round(0.05 * min(pixels, 256))), names)
    return np.array(picture, np.uint8)
