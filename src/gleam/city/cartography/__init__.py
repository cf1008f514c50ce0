"""Street maps of the city: styles as data, drawn from the same ground as the photos."""

from gleam.city.cartography.drawing import draw_map
from gleam.streetmaps.styles import STYLES, MapStyle

__all__ = ["STYLES", "MapStyle", "draw_map"]
