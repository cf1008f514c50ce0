"""Making a whole city folder: pictures of places, tables, mosaics and tiles.

    OUT/images/{satellite,drone,map,panorama,ground}/PLACE.jpg
    OUT/places.parquet   OUT/facts.parquet   OUT/city.json
    OUT/rasters/satellite_YYYY-MM-DD.tif     (two dates)
    OUT/tiles/{satellite,map}/Z/X/Y.png and tiles.json

Every file is a function of the recipe alone: the number of workers and interruptions change no byte.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gleam.city.facts_file import write_facts
from gleam.city.map_tiles import write_map_tiles
from gleam.city.mosaic import Mosaic, plan_mosaics
from gleam.city.pictures import LICENCE, SOURCE, PictureJob, make_pictures
from gleam.city.places import CityPlaces, choose_places, make_strips
from gleam.city.plan import make_scene
from gleam.city.plan.city import LARGEST_M, SMALLEST_M
from gleam.city.raster_file import write_geotiff
from gleam.city.satellite_tiles import write_satellite_tiles
from gleam.city.scene import Scene
from gleam.city.tiles import Area
from gleam.city.unfinished import Recipe, Workshop, check_goal, finished_city, open_workshop
from gleam.errors import GleamError
from gleam.files import read_json, write_json
from gleam.places.table import Places
from gleam.progress import say
from gleam.views import View

FORMAT = 1
"""Raised when the layout of a city folder changes."""


def make_city(
    out: str | os.PathLike[str],
    *,
    seed: int = 0,
    size_km: float = 2.0,
    places: int = 500,
    pixels: int = 256,
    quality: int = 90,
    mosaic_m_per_px: float = 0.5,
    views: Sequence[View] = tuple(View),
    split: str | None = None,
    workers: int = 2,
    rasters: bool = True,
    tiles: bool = True,
    labels: bool = True,
    overwrite: bool = False,
) -> dict[str, Any]:
    """Make a city in the folder ``out`` and return its summary.

    The summary is ``city.json`` and three more keys: ``folder``, ``already_made`` and ``command``.
    The work is done in ``OUT.partial``; a run that was stopped is gone on with by the same call.
    When ``out`` holds the finished city of the same recipe, nothing is done.

    seed: which city. size_km: side of the square. places: how many places are pictured. pixels:
    height of the pictures. mosaic_m_per_px: of the mosaics and the satellite tiles. split: put every
    place in this split; None divides the city into strips (see :func:`gleam.city.places.make_strips`).
    workers: threads that render. labels: street names on maps. overwrite: replace a city that is
    there, also one of the same recipe.

    Raises GleamError for a value out of range, too many places, a folder in the way, a full disk.
    """
    recipe = _checked(
        Recipe(
            seed=seed,
            size_km=float(size_km),
            places=places,
            pixels=pixels,
            quality=quality,
            mosaic_m_per_px=float(mosaic_m_per_px),
            views=tuple(view.value for view in View if view in views),
            rasters=rasters,
            tiles=tiles,
            labels=labels,
            split=split,
            version=_version(),
        ),
        workers,
    )
    goal = Path(os.path.abspath(out))
    city = finished_city(goal)
    if city is not None and city.get("recipe") == recipe.as_dict() and not overwrite:
        return _summary(city, out, recipe, already_made=True)
    check_goal(goal, overwrite=overwrite)
    say(f"Planning city {recipe.seed} of {recipe.size_km:g} km")
    scene = make_scene(recipe.seed, recipe.size_km * 1000.0)
    chosen = choose_places(scene, recipe.places, recipe.split)
    with open_workshop(goal, recipe, overwrite=overwrite) as workshop:
        if workshop.is_whole:
            workshop.publish()
        else:
            workshop.finish(_make(workshop, recipe, scene, chosen, workers))
    return _summary(finished_city(goal) or {}, out, recipe, already_made=False)


def _summary(
    city: dict[str, Any], out: str | os.PathLike[str], recipe: Recipe, *, already_made: bool
) -> dict[str, Any]:
    folder = os.fspath(out)
    return {"folder": folder, "already_made": already_made, "command": recipe.command(folder), **city}


def _make(
    workshop: Workshop, recipe: Recipe, scene: Scene, chosen: CityPlaces, workers: int
) -> dict[str, Any]:
    """Make everything in the working folder; return the content of ``city.json``."""
    folder = workshop.work
    job = PictureJob(
        scene=scene,
        places=chosen,
        folder=folder,
        parts=workshop.parts,
        views=tuple(View(view) for view in recipe.views),
        pixels=recipe.pixels,
        quality=recipe.quality,
        labels=recipe.labels,
    )
    rows, facts = make_pictures(job, workers)
    table = Places(rows, root=folder)
    table.write(folder / "places.parquet")
    write_facts(folder / "facts.parquet", facts)
    mosaics = _mosaics(workshop, scene, recipe, workers)
    made = _tiles(workshop, scene, mosaics[-1], recipe, workers) if recipe.tiles else None
    return _description(recipe, scene, chosen, table, mosaics if recipe.rasters else (), made)


def _mosaics(workshop: Workshop, scene: Scene, recipe: Recipe, workers: int) -> tuple[Mosaic, ...]:
    """Render the mosaics that the recipe needs and write them as rasters when it wants them."""
    mosaics = plan_mosaics(scene, recipe.mosaic_m_per_px, workshop.parts / "mosaics")
    for mosaic in mosaics:
        file = workshop.work / "rasters" / f"{mosaic.name}.tif"
        needed = recipe.tiles and mosaic is mosaics[-1]
        if needed or (recipe.rasters and not file.is_file()):
            mosaic.render(workers)
        if recipe.rasters and not file.is_file():
            write_geotiff(
                file,
                mosaic.strips(),
                size=mosaic.size,
                frame=scene.frame,
                top_m=scene.height_m,
                m_per_px=mosaic.m_per_px,
                tags={
                    "GLEAM_DATE": mosaic.weather.date.isoformat(),
                    "GLEAM_SOURCE": f"{SOURCE}, seed {scene.seed}",
                    "GLEAM_LICENCE": LICENCE,
                },
            )
    return mosaics


def _tiles(workshop: Workshop, scene: Scene, newest: Mosaic, recipe: Recipe, workers: int) -> dict[str, Any]:
    """Write both sets of web-map tiles; a set that an earlier run finished is left as it is."""
    area = Area(scene.frame, scene.width_m, scene.height_m)
    zooms = area.zooms(recipe.mosaic_m_per_px)
    counts = {}
    for name in ("satellite", "map"):
        done, folder = workshop.parts / f"tiles_{name}.json", workshop.work / "tiles" / name
        if not done.is_file():
            if name == "satellite":
                count = write_satellite_tiles(newest, area, zooms, folder, workers)
            else:
                count = write_map_tiles(scene, area, zooms, folder, recipe.labels, workers)
            said = {"name": name, "attribution": SOURCE, "licence": LICENCE}
            if name == "satellite":
                said["date"] = newest.weather.date.isoformat()
            write_json(folder / "tiles.json", area.tile_json(zooms, **said))
            write_json(done, count)
        counts[name] = int(read_json(done))
    return {"zooms": list(zooms), "satellite": counts["satellite"], "map": counts["map"]}


def _description(
    recipe: Recipe,
    scene: Scene,
    chosen: CityPlaces,
    table: Places,
    mosaics: Sequence[Mosaic],
    tiles: dict[str, Any] | None,
) -> dict[str, Any]:
    """Return what ``city.json`` says: how the city was made, where it lies, what is in the folder."""
    lat, lon = scene.frame.to_wgs84(scene.width_m / 2, scene.height_m / 2)
    south_west = scene.frame.to_wgs84(0.0, 0.0)
    west, south, east, north = Area(scene.frame, scene.width_m, scene.height_m).bounds
    strips = make_strips(scene.width_m, recipe.split)
    return {
        "format": FORMAT,
        "about": "A procedural city made by GLEAM. It is not a real place; its coordinates are exact.",
        "remake": recipe.command("OUT"),
        "recipe": recipe.as_dict(),
        "versions": {name: _version(name) for name in ("gleam-geo", "numpy", "numba", "pillow")},
        "epsg": scene.frame.epsg,
        "origin": {
            "east_m": scene.frame.east0_m,
            "north_m": scene.frame.north0_m,
            "lat": south_west[0],
            "lon": south_west[1],
        },
        "centre": {"lat": lat, "lon": lon},
        "bounds": {"west": west, "south": south, "east": east, "north": north},
        "size_m": {"width": scene.width_m, "height": scene.height_m},
        "counts": {"places": len(chosen), "images": len(table), **table.view_counts()},
        "spacing_m": chosen.spacing_m,
        "splits": {s.split: chosen.split.count(s.split) for s in strips if s.split is not None},
        "strips": [{"split": s.split, "west_m": s.west_m, "east_m": s.east_m} for s in strips],
        "rasters": [
            {
                "path": f"rasters/{mosaic.name}.tif",
                "date": mosaic.weather.date.isoformat(),
                "season": mosaic.weather.season,
                "m_per_px": mosaic.m_per_px,
            }
            for mosaic in mosaics
        ],
        "tiles": tiles,
        "licence": LICENCE,
    }


def _version(package: str = "gleam-geo") -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"


def _checked(recipe: Recipe, workers: int) -> Recipe:
    """Return the recipe, or raise a GleamError that names the first value out of its range."""
    ranges: tuple[tuple[str, float, float, float], ...] = (
        ("--seed", recipe.seed, 0, 2**63 - 1),
        ("--size", recipe.size_km, SMALLEST_M / 1000, LARGEST_M / 1000),
        ("--places", recipe.places, 1, 99_999),
        ("--pixels", recipe.pixels, 16, 2048),
        ("--quality", recipe.quality, 1, 95),
        ("--resolution", recipe.mosaic_m_per_px, 0.1, 8.0),
        ("--workers", workers, 1, 256),
    )
    for name, value, low, high in ranges:
        if not low <= value <= high:
            raise GleamError(f"{name} {value:g} is out of range: give {low:g} to {high:g}.")
    if not recipe.views:
        raise GleamError(f"No views to take: give --views some of {', '.join(View)}.")
    if recipe.split is not None and not recipe.split.strip():
        raise GleamError("--split needs a name, such as train or test.")
    return recipe
