"""The georeferenced sets: their imagery as atlases, their photos as queries whose position is hidden."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.transform import from_origin

from gleam.atlas import Atlas
from gleam.encoder import Encoder
from gleam.geo import Footprint, offset
from gleam.imagery.decode import load_image
from gleam.imagery.exif import read_metadata
from gleam.imagery.exif_write import jpeg_with_metadata
from gleam.views import Pose, View

SAT2MAPS_QUERY_M = 112.0
LONDON_TILE_M = 128.0


@dataclass(frozen=True)
class Query:
    """A picture and the truth about it.

    photo: a file or pixels. camera: what is known of the camera when it is told. lat, lon: of what the answer
    should be, or None when the imagery does not show it. always: what is told in every way (a map's scale).
    """

    photo: Path | NDArray[np.uint8]
    camera: Pose | None
    lat: float | None
    lon: float | None
    always: Pose | None = None


@dataclass(frozen=True)
class Way:
    """How photos are asked about: with or without their camera, within a circle or everywhere."""

    camera: bool
    prior_m: float | None = None

    @property
    def name(self) -> str:
        """What a table calls it."""
        known = "pose known" if self.camera else "pixels only"
        return known if self.prior_m is None else f"{known}, circle of {self.prior_m:g} m"


@dataclass(frozen=True)
class GeoSet:
    """One set: photos of a view, and the atlas that they are searched in."""

    name: str
    view: View
    atlas: Atlas
    queries: list[Query]
    ways: list[Way] = field(default_factory=list)


def ways(*priors: float, cameras: tuple[bool, ...] = (True, False)) -> list[Way]:
    """Return every combination of camera or none with no circle and each circle."""
    return [Way(camera, prior) for camera in cameras for prior in (None, *priors)]


def geosets(folder: Path, encoder: Encoder, work: Path, skipped: list[str]) -> Iterator[GeoSet]:
    """Build the atlas of each set that is there, and yield it with its photos; name the others."""
    photos: dict[str, list[Query]] = {}
    makers: dict[str, Callable[[Path, Encoder, Path], GeoSet]] = {
        "fengyuan_uav": fengyuan,
        "brighton_beach_uav": brighton,
        "london_pano_sat": london,
        "larger_sat2maps_gps": sat2maps,
    }
    for name, make in makers.items():
        if not (folder / name).is_dir():
            skipped.append(f"{name}: the folder is absent")
            continue
        found = make(folder / name, encoder, work)
        photos[name] = found.queries
        yield found
    strangers = [
        Query(query.photo, query.camera, None, None)
        for name in ("fengyuan_uav", "brighton_beach_uav")
        for query in photos.get(name, [])
    ]
    if not (folder / "wildnav_sat").is_dir():
        skipped.append("wildnav_sat: the folder is absent")
    else:
        atlas = Atlas.build(folder / "wildnav_sat" / "map.csv", encoder, work / "wildnav")
        yield GeoSet("wildnav, asked about photos from elsewhere", View.DRONE, atlas, strangers, ways())


def fengyuan(root: Path, encoder: Encoder, work: Path) -> GeoSet:
    """A satellite map with its corners in a CSV; truth are the image centres measured on it."""
    atlas = Atlas.build(root / "satmap_east.csv", encoder, work / "fengyuan")
    queries = [
        drone_query(
            root / "photos" / row["filename"],
            work,
            float(row["reg_center_lat"]),
            float(row["reg_center_lon"]),
        )
        for row in read_rows(root / "photos.csv")
        if row["reg_ok"] == "1"
    ]
    return GeoSet("fengyuan", View.DRONE, atlas, queries, ways(300.0, 100.0))


def brighton(root: Path, encoder: Encoder, work: Path) -> GeoSet:
    """An orthophoto of about 100 m, so cut into small tiles; truth is the GPS below a camera looking down."""
    raster = work / "brighton.tif"
    write_geotiff(root / "ortho.png", json.loads((root / "ortho_georef.json").read_text()), raster)
    atlas = Atlas.build(raster, encoder, work / "brighton", tile_m=40.0, stride_m=10.0)
    queries = [
        drone_query(root / "photos" / row["filename"], work, float(row["lat"]), float(row["lon"]))
        for row in read_rows(root / "photos.csv")
    ]
    return GeoSet("brighton_beach", View.DRONE, atlas, queries, ways(300.0, 30.0))


def london(root: Path, encoder: Encoder, work: Path) -> GeoSet:
    """Five tiles of 128 m around the panoramas, which overlap; their turn of about 2 degrees is left out."""
    rows = read_rows(root / "pairs.csv")
    table = work / "london.csv"
    places = [(row["sat"], float(row["lat"]), float(row["lon"])) for row in rows]
    write_footprints(table, [(name, Footprint.square(lat, lon, LONDON_TILE_M)) for name, lat, lon in places])
    # Eight metres are to spare around a tile of 112 m: each picture gives four tiles, a quarter apart.
    atlas = Atlas.build(root, encoder, work / "london", csv=table)
    queries = [
        Query(
            load_image(root / row["pano"]),
            Pose(heading_deg=float(row["heading_deg_of_pano_centre_column"])),
            float(row["lat"]),
            float(row["lon"]),
        )
        for row in rows
    ]
    return GeoSet("london", View.PANORAMA, atlas, queries, ways(100.0))


def sat2maps(root: Path, encoder: Encoder, work: Path) -> GeoSet:
    """Two pictures of 530 m in two cities; the map of each is cut into 16 squares, 112 m wide."""
    rows = read_rows(root / "pairs.csv")
    table = work / "sat2maps.csv"
    boxes = {row["sat"]: [float(row[k]) for k in ("tl_lat", "tl_lon", "br_lat", "br_lon")] for row in rows}
    write_footprints(table, [(name, box_footprint(*box)) for name, box in boxes.items()])
    atlas = Atlas.build(root, encoder, work / "sat2maps", csv=table)
    queries = []
    for row in rows:
        pixels, gsd = load_image(root / row["map"]), float(row["m_per_px"])
        side, (north, west, south, east) = round(SAT2MAPS_QUERY_M / gsd), boxes[row["sat"]]
        height, width = pixels.shape[:2]
        for y in np.linspace(0, height - side, 4).round().astype(int).tolist():
            for x in np.linspace(0, width - side, 4).round().astype(int).tolist():
                # Over half a kilometre the latitude of web Mercator is straight enough.
                lat = north + (south - north) * (y + side / 2) / height
                lon = west + (east - west) * (x + side / 2) / width
                cut = np.ascontiguousarray(pixels[y : y + side, x : x + side])
                queries.append(Query(cut, None, lat, lon, Pose(ground_width_m=side * gsd)))
    return GeoSet("sat2maps", View.MAP, atlas, queries, ways(300.0, cameras=(True,)))


def drone_query(photo: Path, work: Path, lat: float, lon: float) -> Query:
    """Return a drone photo as a copy that keeps how the camera stood, but not where."""
    metadata, copy = read_metadata(photo), work / "photos" / f"{photo.parent.parent.name}-{photo.stem}.jpg"
    copy.parent.mkdir(parents=True, exist_ok=True)
    jpeg_with_metadata(load_image(photo), copy, view=View.DRONE, pose=metadata.pose, quality=95)
    if read_metadata(copy).position is not None:
        raise RuntimeError(f"{copy} still tells its position; the figures would mean nothing.")
    return Query(copy, metadata.pose, lat, lon)


def displaced(lat: float, lon: float, radius_m: float, rng: np.random.Generator) -> tuple[float, float]:
    """Return a point drawn evenly from the disc of ``radius_m`` around another."""
    distance, angle = radius_m * math.sqrt(rng.random()), rng.random() * 2 * math.pi
    return offset(lat, lon, distance * math.sin(angle), distance * math.cos(angle))


def box_footprint(north: float, west: float, south: float, east: float) -> Footprint:
    """Return the outline of a box of degrees."""
    return Footprint(((north, west), (north, east), (south, east), (south, west)))


def write_footprints(path: Path, images: list[tuple[str, Footprint]]) -> None:
    """Write a CSV that an atlas can be built from."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["image", "footprint"])
        writer.writerows([name, footprint.to_wkt()] for name, footprint in images)


def write_geotiff(picture: Path, georeference: dict[str, Any], out: Path) -> None:
    """Write a picture with the georeference told beside it as a GeoTIFF."""
    pixels, size = load_image(picture), georeference["res"]
    with rasterio.open(
        out,
        "w",
        driver="GTiff",
        height=pixels.shape[0],
        width=pixels.shape[1],
        count=3,
        dtype="uint8",
        crs=f"EPSG:{georeference['crs']}",
        transform=from_origin(georeference["x0"], georeference["y1"], size, size),
    ) as file:
        file.write(np.moveaxis(pixels, -1, 0))


def read_rows(path: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV, by the names in its header."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))
