"""``gleam city``: make a procedural city with known coordinates and facts, and look at it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    city = typer.Typer(
        no_args_is_help=True, help="Make a procedural city: five views, georeferenced imagery, known facts."
    )
    city.command("make")(make)
    city.command("sheet")(sheet)
    app.add_typer(city, name="city")


def make(
    out: Path = typer.Argument(..., metavar="OUT", help="Folder to make; a stopped run is gone on with."),
    seed: int = typer.Option(0, "--seed", help="Which city; the same seed gives the same bytes."),
    size: float = typer.Option(2.0, "--size", metavar="KM", help="Side of the square city in kilometres."),
    places: int = typer.Option(500, "--places", help="Number of places; each gets a picture per view."),
    pixels: int = typer.Option(256, "--pixels", help="Height of the pictures (panoramas: twice as wide)."),
    quality: int = typer.Option(90, "--quality", help="JPEG quality of the pictures, 1 to 95."),
    resolution: float = typer.Option(
        0.5, "--resolution", metavar="M", help="Metres per pixel of the satellite mosaics."
    ),
    views: str = typer.Option(
        "satellite,drone,map,panorama,ground", "--views", help="Views to take, separated by commas."
    ),
    split: str | None = typer.Option(
        None, "--split", help="Put all places in this split instead of train, val and test strips."
    ),
    workers: int = typer.Option(2, "--workers", help="Pictures rendered at once; changes no byte."),
    no_rasters: bool = typer.Option(False, "--no-rasters", help="Leave out the two satellite mosaics."),
    no_tiles: bool = typer.Option(False, "--no-tiles", help="Leave out the web-map tiles."),
    no_labels: bool = typer.Option(False, "--no-labels", help="Leave street names off the maps."),
    overwrite: bool = typer.Option(False, "--overwrite", help="Replace a city that is there already."),
    as_json: bool = typer.Option(False, "--json", help="Print the summary as one JSON document."),
) -> None:
    """Make a city: pictures of its places in five views, mosaics, tiles, places table and facts."""
    from gleam.city.make import make_city
    from gleam.files import to_json
    from gleam.views import parse_view

    summary = make_city(
        out,
        seed=seed,
        size_km=size,
        places=places,
        pixels=pixels,
        quality=quality,
        mosaic_m_per_px=resolution,
        views=tuple(parse_view(name) for name in views.split(",") if name.strip()),
        split=split,
        workers=workers,
        rasters=not no_rasters,
        tiles=not no_tiles,
        labels=not no_labels,
        overwrite=overwrite,
    )
    typer.echo(to_json(summary) if as_json else _in_words(summary))


def sheet(
    city: Path = typer.Argument(
        ..., metavar="CITY", help="Folder of a city (any folder with a places table will do)."
    ),
    out: Path = typer.Option(Path("sheet.jpg"), "--out", help="Picture to write (.jpg or .png)."),
    places: int = typer.Option(8, "--places", help="Number of places, one row each."),
    start: int = typer.Option(0, "--start", help="Number of the first place."),
    height: int = typer.Option(192, "--height", help="Height of each picture in pixels."),
) -> None:
    """Make a contact sheet: one row per place, one column per view."""
    from gleam.city.sheet import contact_sheet

    shown = contact_sheet(city, out, places=places, start=start, height=height)
    typer.echo(f"{out}: {shown} places")


def _in_words(summary: dict[str, Any]) -> str:
    """Return the summary as the lines a person reads at the end."""
    counts = summary["counts"]
    lines = [
        f"{summary['folder']}: {'was there already' if summary['already_made'] else 'done'}",
        f"  places    {counts['places']}, {counts['images']} pictures, "
        f"at least {summary['spacing_m']:g} m apart",
    ]
    splits = ", ".join(f"{name} {n}" for name, n in summary["splits"].items())
    lines.append(f"  splits    {splits or 'none: too narrow a city to be divided; see --split'}")
    if summary["rasters"]:
        lines += [f"  raster    {raster['path']} ({raster['season']})" for raster in summary["rasters"]]
    if summary["tiles"]:
        tiles = summary["tiles"]
        zooms = f"zooms {tiles['zooms'][0]} to {tiles['zooms'][-1]}"
        lines.append(f"  tiles     {tiles['satellite']} satellite and {tiles['map']} map tiles, {zooms}")
    centre = summary["centre"]
    lines.append(f"  centre    {centre['lat']:.6f}, {centre['lon']:.6f} (EPSG:{summary['epsg']})")
    lines.append(f"  again     {summary['command']}")
    return "\n".join(lines)
