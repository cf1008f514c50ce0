"""The columns of a places table: their types, their ranges, and the version of the format."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

FORMAT_VERSION = 2
"""Raised when a reader of an older version would misunderstand a table.

2: a split may hold several entries; before, its whole text was its name.
"""

VERSION_KEY = b"gleam.places"
"""Key of the Parquet file metadata that holds the version."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: ``low``/``high`` bound a number, ``open_low`` excludes ``low`` itself."""

    name: str
    type: pa.DataType
    meaning: str
    required: bool = False
    low: float | None = None
    high: float | None = None
    open_low: bool = False

    @property
    def is_number(self) -> bool:
        """Whether the column holds numbers (float64) rather than text."""
        return bool(pa.types.is_floating(self.type))

    @property
    def range_text(self) -> str:
        """The allowed range in words, for error messages."""
        if self.low is not None and self.high is not None:
            return f"{'above' if self.open_low else 'from'} {self.low:g} to {self.high:g}"
        if self.low is not None:
            return f"{'above' if self.open_low else 'at least'} {self.low:g}"
        return "a finite number"


def _text(name: str, meaning: str, *, required: bool = False) -> Column:
    return Column(name, pa.string(), meaning, required=required)


def _number(
    name: str, meaning: str, low: float | None = None, high: float | None = None, *, open_low: bool = False
) -> Column:
    return Column(name, pa.float64(), meaning, low=low, high=high, open_low=open_low)


COLUMNS: tuple[Column, ...] = (
    _text("place", "name of the place; images with one name are positives of each other", required=True),
    _text("view", "satellite, drone, map, panorama or ground", required=True),
    _text("path", "the image file, relative to the folder of the table", required=True),
    _number("lat", "latitude of what the image centres on, WGS84 degrees", -90, 90),
    _number("lon", "longitude of what the image centres on, WGS84 degrees", -180, 180),
    _number("heading_deg", "degrees clockwise from true north", -360, 360),
    _number("pitch_deg", "degrees above the horizon; -90 looks straight down", -90, 90),
    _number("roll_deg", "clockwise roll in degrees", -180, 180),
    _number("fov_deg", "horizontal field of view in degrees", 0, 360, open_low=True),
    _number("height_m", "height of the camera above the ground in metres", 0),
    _number("ground_width_m", "width on the ground of the whole image in metres", 0, open_low=True),
    _number("camera_lat", "latitude of the camera, WGS84 degrees", -90, 90),
    _number("camera_lon", "longitude of the camera, WGS84 degrees", -180, 180),
    _text("footprint", "outline on the ground as a WKT polygon, longitude first"),
    _text("split", "such as train, validation or test; several as train|test:gallery"),
    _text("source", "where the image comes from"),
    _text("licence", "under which licence it may be used"),
    _text("taken", "when it was taken, ISO 8601"),
    _text("positives", "further places whose satellite image shows the same, as a|b"),
    _text("semi_positives", "places whose satellite image shows a part of the same, as a|b"),
    _number("x_m", "metres east of the origin of a world that is not on Earth"),
    _number("y_m", "metres north of the origin of a world that is not on Earth"),
)

COLUMN_NAMES: tuple[str, ...] = tuple(c.name for c in COLUMNS)
BY_NAME: dict[str, Column] = {c.name: c for c in COLUMNS}
SCHEMA: pa.Schema = pa.schema([pa.field(c.name, c.type, nullable=not c.required) for c in COLUMNS])
