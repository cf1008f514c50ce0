"""What a request may ask for."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from gleam import geo
from gleam.geo import Circle
from gleam.views import Pose, View

Finite = Annotated[float, Field(allow_inf_nan=False)]
Lat = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False, description="WGS84 degrees")]
Lon = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False, description="WGS84 degrees")]
ViewName = Literal["drone", "map", "panorama", "ground", "satellite"]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Point(_Model):
    """A position."""

    lat: Lat
    lon: Lon


class Near(Point):
    """A circle to search."""

    radius_m: Annotated[float, Field(gt=0, le=20_100_000, allow_inf_nan=False)]


class Box(_Model):
    """A box to search; west above east crosses the antimeridian."""

    south: Lat
    west: Lon
    north: Lat
    east: Lon


class PoseOptions(_Model):
    """What is known of the camera; it wins over the photo's metadata."""

    view: ViewName | None = Field(None, description="How the photo sees the world; detected when left out.")
    heading_deg: Finite | None = Field(None, description="Clockwise from north; unknown: searched.")
    pitch_deg: Annotated[float, Field(ge=-90, le=90)] | None = Field(
        None, description="Above the horizon; -90 looks straight down."
    )
    height_m: Annotated[float, Field(gt=0, le=100_000)] | None = Field(
        None, description="Of the camera above the ground."
    )
    fov_deg: Annotated[float, Field(gt=0, le=360)] | None = Field(
        None, description="Horizontal field of view."
    )
    width_m: Annotated[float, Field(gt=0, le=1_000_000)] | None = Field(
        None, description="Ground width of a map crop."
    )
    use_metadata: bool = Field(True, description="Read camera angles, height and lens from EXIF and XMP.")

    @property
    def pose(self) -> Pose:
        """The pose that is told."""
        return Pose(
            heading_deg=self.heading_deg,
            pitch_deg=self.pitch_deg,
            height_m=self.height_m,
            fov_deg=self.fov_deg,
            ground_width_m=self.width_m,
        )

    @property
    def seen_as(self) -> View | None:
        """The view that is told."""
        return None if self.view is None else View(self.view)


class SearchOptions(PoseOptions):
    """How to locate a photo: the options of ``gleam locate``, by the same names."""

    near: Near | None = Field(None, description="Search only this circle.")
    box: Box | None = Field(None, description="Search only this box.")
    use_exif: bool = Field(False, description="Search around the position in the photo's EXIF.")
    exif_radius_m: Annotated[float, Field(ge=1, le=1_000_000)] = 500.0
    k: Annotated[int, Field(ge=1, le=50, description="Candidates to return.")] = 5

    @model_validator(mode="after")
    def _one_area(self) -> SearchOptions:
        if self.near is not None and self.box is not None:
            raise ValueError("near searches a circle, box a box: choose one")
        if self.box is not None and not (self.box.south < self.box.north and self.box.west != self.box.east):
            raise ValueError("the box is empty: south has to lie below north, and west beside east")
        return self

    def for_locator(self) -> dict[str, Any]:
        """Return the options of :meth:`gleam.locating.Locator.locate`, as ``gleam locate`` has them."""
        near: Any = None
        if self.near is not None:
            near = Circle(self.near.lat, self.near.lon, self.near.radius_m)
        elif self.box is not None:
            near = box_of(self.box)
        return {
            "view": self.seen_as,
            "pose": self.pose,
            "near": near,
            "k": self.k,
            "use_metadata": self.use_metadata,
            "use_exif": self.use_exif,
            "exif_radius_m": self.exif_radius_m,
        }


def box_of(box: Box) -> geo.Box:
    """Return the box as the locator takes it."""
    return geo.Box(box.south, box.west, box.north, box.east)


class LocateOptions(SearchOptions):
    """How to locate one photo, and what to tell of it."""

    refine: Annotated[int, Field(ge=0, le=10)] = Field(
        10, description="Best places looked at closely, between the tiles; 0 answers sooner and coarser."
    )
    scores: Annotated[int, Field(ge=0, le=2000)] = Field(
        0, description="So many best tiles to tell the scores of, as for a heat layer."
    )
    truth: Point | None = Field(None, description="Where it was taken, to tell the error of the answer.")
    keep: bool = Field(False, description="Keep the photo, without its metadata; needs a server with --keep.")

    def for_locator(self) -> dict[str, Any]:
        """Return the options of :meth:`gleam.locating.Locator.locate`."""
        return {**super().for_locator(), "refine": self.refine}


class JobOptions(SearchOptions):
    """How to locate the photos of a batch."""

    keep: bool = Field(
        False, description="Leave the photos until the batch expires, as tagged copies (exif) need them."
    )


class ExplainOptions(PoseOptions):
    """What to explain: a candidate of a result, or a tile and how the photo sees the world."""

    result: str | None = Field(None, max_length=64, description="Id of a result.")
    rank: Annotated[int, Field(ge=1, description="Of the candidate.")] = 1
    tile: str | None = Field(None, max_length=200, description="Id of a tile, without a result.")
    language: Literal["en", "zh"] = "en"
    explainer: str = Field("evidence", max_length=200, description="One of those /v1/atlas lists.")
