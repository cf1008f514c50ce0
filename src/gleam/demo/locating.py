"""The part of the demo that locates photos from their files and cuts the pictures shown beside them."""

from __future__ import annotations

from pathlib import Path

from gleam.demo.findings import Photo, Picture
from gleam.geo import distance_m
from gleam.imagery.decode import load_image
from gleam.imagery.raster import GeoRaster
from gleam.locating import Answer, Locator
from gleam.places import PlaceImage, Places
from gleam.progress import say, track
from gleam.views import Pose, View

CUT_PX = 256


def locate_photos(locator: Locator, table: Places, raster: Path) -> tuple[Photo, ...]:
    """Locate every photo of a table in the atlas.

    Orientation and pose are read from the files themselves; a street map has no camera, so its width
    on the ground is told. The position in the drone photos' metadata is not used.
    """
    photos = []
    cutter = GeoRaster.open(raster)
    try:
        for row in track(table, "Locating"):
            answer = locator.locate(table.path_of(row), row.view, pose=told_pose(row))
            photos.append(_photo(row, answer, load_image(table.path_of(row)), cutter, locator.atlas.tile_m))
            say(_line(photos[-1]))
    finally:
        cutter.close()
    return tuple(photos)


def told_pose(row: PlaceImage) -> Pose | None:
    """Return what is told of a photo beside its own metadata: the width of a map, else nothing."""
    return Pose(ground_width_m=row.ground_width_m) if row.view is View.MAP else None


def _photo(row: PlaceImage, answer: Answer, picture: Picture, cutter: GeoRaster, width_m: float) -> Photo:
    assert row.lat is not None and row.lon is not None
    # A refused photo claims no position, though its answer lists what came nearest.
    claimed = answer.as_claimed()
    given = None if claimed.lat is None or claimed.lon is None else (claimed.lat, claimed.lon)
    error = None if given is None else float(distance_m(row.lat, row.lon, *given))
    return Photo(
        file=row.path,
        view=row.view,
        picture=picture,
        truth=(row.lat, row.lon),
        answer=given,
        status=answer.status.value,
        probability=answer.probability,
        radius95_m=claimed.radius95_m,
        error_m=error,
        seconds=answer.timing_s["total"],
        found_tile=None if given is None else _cut(cutter, given, width_m),
        true_tile=_cut(cutter, (row.lat, row.lon), width_m),
        candidates=tuple(candidate.tile for candidate in answer.candidates),
    )


def _cut(cutter: GeoRaster, position: tuple[float, float], width_m: float) -> Picture:
    return cutter.read_square(*position, width_m, CUT_PX)[0]


def _line(photo: Photo) -> str:
    if photo.answer is None or photo.error_m is None:
        return f"      {photo.file}: {photo.status}"
    lat, lon = photo.answer
    return f"      {photo.file}: {photo.status} at {lat:.5f}, {lon:.5f}, {photo.error_m:.0f} m off"
