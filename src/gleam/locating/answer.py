"""The answer to "where was this taken?", and its JSON form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from enum import StrEnum
from typing import Any, TypeAlias

from gleam.errors import GleamError
from gleam.geo import Box, Circle, Footprint, LatLon

VERSION = 3
"""Of the JSON form; it grows when a field changes its meaning or leaves."""


Ring: TypeAlias = tuple[LatLon, ...]
"""Corners (lat, lon) of a piece of ground, not closed."""


class Status(StrEnum):
    """What the answer claims."""

    LOCATED = "located"
    AMBIGUOUS = "ambiguous"
    NOT_HERE = "not_here"
    CANNOT_TELL = "cannot_tell"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A place that the photo may show.

    rank: from 1. lat, lon: finer than the tile, see :mod:`gleam.locating.searching.places`. score: cosine
    similarity of the best square there, and what other sizes of tile and how the ground fits add.
    tile: the best tile's id. footprint: its ground. heading_deg: of the photo if it was taken here and the
    heading was searched for.
    """

    rank: int
    lat: float
    lon: float
    score: float
    tile: str
    footprint: Footprint
    heading_deg: float | None = None


@dataclass(frozen=True, slots=True)
class CalibrationUse:
    """Which calibration a probability comes from: its name, the distance it speaks of, its sample size."""

    name: str
    within_m: float
    n: int


@dataclass(frozen=True, slots=True)
class Searched:
    """What was searched: tiles, their bounds (west, south, east, north), ground, and the imagery."""

    bounds: tuple[float, float, float, float]
    tiles: int
    area_km2: float
    imagery: tuple[dict[str, str | None], ...] = ()


@dataclass(frozen=True)
class Answer:
    """Where a photo was taken, as far as the atlas tells.

    photo: name of the file, or None for pixels. view: told, or detected when ``view_detected``. status:
    what is claimed. lat, lon: the best position: of the camera for panoramas and ground photos, of the ground
    point in the image centre for drones, of the centre for maps; None when nothing was found. A refused
    answer (``not_here``, ``cannot_tell``) has, in memory, the place that came nearest: it does not claim it,
    and no file is told, see :meth:`as_claimed`. camera_lat, camera_lon: of the drone, when its pose is known.
    radius95_m: radius of the 95 % circle and radius95_from: how it was found.
    region95: ring of (lat, lon), not closed, around the ground that holds the position in 95 % of such
    answers; empty when unknown. region95_others: more such rings, when an ambiguous answer leaves several
    places open: then the position lies in one of all of them in 95 % of cases. covariance_m2: (east-east,
    east-north, north-north) of the position in square metres, one sigma. taken: capture time as ISO 8601,
    with the offset from UTC only when the camera told it.
    probability: that the position is within ``calibration.within_m``; None where nothing was calibrated.
    probability_here: that the photo shows any of the ground that was searched, likewise; never less than the
    former, and better than that at telling photos from elsewhere.
    heading_deg: of the photo and heading_from: ``told``, ``metadata`` (or ``metadata, reversed``, when a
    photo taken straight down fits turned by half) or ``search``. pose_from: for each known field of the
    camera, where it came from; metadata: the EXIF and XMP fields that were read. timing_s: seconds per
    step.
    """

    photo: str | None
    view: str
    status: Status
    lat: float | None = None
    lon: float | None = None
    radius95_m: float | None = None
    radius95_from: str | None = None
    region95: Ring = ()
    region95_others: tuple[Ring, ...] = ()
    covariance_m2: tuple[float, float, float] | None = None
    probability: float | None = None
    probability_here: float | None = None
    calibration: CalibrationUse | None = None
    heading_deg: float | None = None
    heading_from: str | None = None
    camera_lat: float | None = None
    camera_lon: float | None = None
    candidates: tuple[Candidate, ...] = ()
    searched: Searched | None = None
    prior: Circle | Box | None = None
    prior_from: str | None = None
    pose: Mapping[str, float] = field(default_factory=dict)
    pose_from: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)
    view_detected: bool = False
    taken: str | None = None
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    timing_s: Mapping[str, float] = field(default_factory=dict)
    encoder: Mapping[str, str] = field(default_factory=dict)
    atlas: Mapping[str, str] = field(default_factory=dict)

    @property
    def rings(self) -> tuple[Ring, ...]:
        """All pieces of the 95 % region."""
        return (self.region95, *self.region95_others) if self.region95 else ()

    @property
    def located(self) -> bool:
        """Whether the status is ``located``."""
        return self.status is Status.LOCATED

    @property
    def claims_place(self) -> bool:
        """Whether the answer stands for its position: only located and ambiguous ones do."""
        return self.status in (Status.LOCATED, Status.AMBIGUOUS)

    def as_claimed(self) -> Answer:
        """Return the answer with nothing of a place that it does not claim.

        A refused answer loses its position, camera, radius, region and covariance, and a heading that was
        found there; its candidates stay, as they are what was looked at.
        """
        if self.claims_place:
            return self
        known = self.heading_from is not None and self.heading_from == self.pose_from.get("heading_deg")
        return replace(
            self,
            lat=None,
            lon=None,
            radius95_m=None,
            radius95_from=None,
            region95=(),
            region95_others=(),
            covariance_m2=None,
            heading_deg=self.heading_deg if known else None,
            heading_from=self.heading_from if known else None,
            camera_lat=None,
            camera_lon=None,
        )

    def to_json(self) -> dict[str, Any]:
        """Return plain data of what is claimed; :meth:`from_json` gives :meth:`as_claimed` back.

        So whoever reads ``lat`` and ``lon`` without the status takes no refused place for a fix.
        """
        return self.as_claimed()._plain()

    def _plain(self) -> dict[str, Any]:
        data: dict[str, Any] = {"version": VERSION}
        for item in fields(self):
            data[item.name] = getattr(self, item.name)
        data["status"] = self.status.value
        data["region95"] = [list(corner) for corner in self.region95]
        data["region95_others"] = [[list(corner) for corner in ring] for ring in self.region95_others]
        data["covariance_m2"] = None if self.covariance_m2 is None else list(self.covariance_m2)
        data["candidates"] = [{**asdict(c), "footprint": c.footprint.to_wkt()} for c in self.candidates]
        for name in ("calibration", "searched", "prior"):
            value = getattr(self, name)
            data[name] = None if value is None else asdict(value)
        if self.searched is not None:
            data["searched"]["bounds"] = list(self.searched.bounds)
            data["searched"]["imagery"] = [dict(i) for i in self.searched.imagery]
        for name in ("pose", "pose_from", "metadata", "timing_s", "encoder", "atlas"):
            data[name] = dict(data[name])
        for name in ("notes", "warnings"):
            data[name] = list(data[name])
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Answer:
        """Rebuild an answer from :meth:`to_json` data.

        Raises:
            GleamError: The data is of another version or lacks a field.
        """
        if data.get("version") != VERSION:
            raise GleamError(
                f"An answer of version {data.get('version')!r} cannot be read; this is {VERSION}."
            )
        values = {key: value for key, value in data.items() if key != "version"}
        try:
            values["status"] = Status(values["status"])
            values["region95"] = _ring(values["region95"])
            values["region95_others"] = tuple(_ring(ring) for ring in values["region95_others"])
            if values["covariance_m2"] is not None:
                ee, en, nn = (float(v) for v in values["covariance_m2"])
                values["covariance_m2"] = (ee, en, nn)
            values["candidates"] = tuple(
                Candidate(**{**c, "footprint": Footprint.from_wkt(c["footprint"])})
                for c in values["candidates"]
            )
            if values["calibration"] is not None:
                values["calibration"] = CalibrationUse(**values["calibration"])
            if values["prior"] is not None:
                values["prior"] = (Circle if "radius_m" in values["prior"] else Box)(**values["prior"])
            if values["searched"] is not None:
                searched = dict(values["searched"])
                searched["bounds"] = tuple(searched["bounds"])
                searched["imagery"] = tuple(dict(i) for i in searched["imagery"])
                values["searched"] = Searched(**searched)
            for name in ("notes", "warnings"):
                values[name] = tuple(values[name])
            return cls(**values)
        except (KeyError, TypeError, ValueError) as error:
            raise GleamError(f"This is not an answer of GLEAM: {error}.") from None


def _ring(corners: Any) -> Ring:
    return tuple((float(lat), float(lon)) for lat, lon in corners)
