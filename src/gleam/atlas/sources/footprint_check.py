"""Can an image cover the ground that a table gives it? Asked by the rules for rasters."""

from __future__ import annotations

from gleam.atlas.sources.footprint_csv import FootprintRow
from gleam.errors import TableError
from gleam.geo import distance_m
from gleam.imagery.decode import image_size
from gleam.imagery.raster_check import WIDEST_M, untrue_pixel


def check_footprint(row: FootprintRow, where: str) -> None:
    """Raise TableError unless an image can cover its ground.

    Args:
        row: The image and its footprint.
        where: The table and the row; begins the message.
    """
    nw, ne, se, sw = row.footprint.corners
    height, width = image_size(row.path)
    across, down = (
        max(distance_m(*a, *b), distance_m(*c, *d)) for a, b, c, d in ((nw, ne, sw, se), (nw, sw, ne, se))
    )
    check = "check its north, west, south and east (or its footprint)"
    untrue = untrue_pixel(across / width, down / height)
    if untrue is not None:
        raise TableError(f"{where}: {row.path.name} has {width} x {height} pixels, and {untrue}; {check}.")
    farthest = max(distance_m(*row.footprint.centre, *corner) for corner in row.footprint.corners)
    if farthest > WIDEST_M:
        raise TableError(
            f"{where}: {row.path.name} would reach {farthest / 1000:,.0f} km from its middle, too far for "
            f"squares to scale; {check}, or cut the image into parts."
        )
