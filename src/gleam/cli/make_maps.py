"""``gleam places make-maps``: pairs of satellite tiles and street maps of the user's own area."""

from __future__ import annotations

from pathlib import Path

import typer


def make_maps(
    area: list[Path] = typer.Argument(
        help="Satellite imagery: GeoTIFF, a picture with a world file, a folder of tiles, .mbtiles, .pmtiles."
    ),
    out: Path = typer.Option(help="The folder to write: pictures and places.parquet."),
    osm: Path | None = typer.Option(None, "--osm", help="An OpenStreetMap extract: .osm.pbf or .geojson."),
    map_: Path | None = typer.Option(
        None, "--map", help="Instead: a raster map that you may use (.tif, .mbtiles, .pmtiles, tile folder)."
    ),
    style: list[str] = typer.Option(["daylight"], help="With --osm; repeatable; 'all' for every style."),
    names: bool = typer.Option(False, "--names", help="With --osm: write the names of the streets."),
    font: Path | None = typer.Option(None, help="With --names: a font file, such as one with Chinese."),
    tile_m: float = typer.Option(128.0, "--tile-m", help="Side of a tile on the ground in metres."),
    stride_m: float | None = typer.Option(None, "--stride-m", help="Step between tiles; a tile by default."),
    pixels: int = typer.Option(256, help="Side of the pictures in pixels."),
    test_share: float = typer.Option(
        0.0, "--test-share", help="Share of the tiles, in the east, that becomes the split test."
    ),
    tms: bool | None = typer.Option(
        None,
        "--tms/--xyz",
        help="Rows of web-map tiles count from the south/north; told by itself if not given.",
    ),
    licence: str | None = typer.Option(None, help="Terms of imagery that does not tell its own."),
    source: str | None = typer.Option(None, help="Who made imagery that does not tell."),
    map_licence: str | None = typer.Option(None, "--map-licence", help="Terms of the raster map."),
    map_source: str | None = typer.Option(None, "--map-source", help="Who made the raster map."),
    as_json: bool = typer.Option(False, "--json", help="Print one JSON document."),
) -> None:
    """Write pairs of satellite tile and street map of the same ground, and their places table.

    Maps drawn from OpenStreetMap data are under the ODbL and must say "© OpenStreetMap contributors"; the
    table does. Use only raster maps whose terms allow it. A stopped run goes on where it was.
    """
    from gleam.atlas.sources.opening import open_sources
    from gleam.atlas.sources.protocol import Centre
    from gleam.errors import GleamError
    from gleam.files import to_json
    from gleam.streetmaps.ground import bounds_of
    from gleam.streetmaps.makers import CutMaps, DrawnMaps
    from gleam.streetmaps.pairs import MapMaker, PairSettings, make_pairs
    from gleam.streetmaps.styles import STYLES

    if (osm is None) == (map_ is None):
        raise GleamError("Give either --osm EXTRACT or --map MAP.")
    if map_ is not None and (names or font is not None or style != ["daylight"]):
        raise GleamError("--style, --names and --font are for maps drawn from --osm.")
    if font is not None and not names:
        raise GleamError("--font is for --names.")
    settings = PairSettings(tile_m, stride_m or tile_m, pixels, test_share=test_share)
    imagery = open_sources(area, tms=tms)
    charts = [] if map_ is None else open_sources([map_], tms=tms)
    try:
        maps: MapMaker
        if osm is not None:
            looks = list(STYLES) if "all" in style else style
            drawn = DrawnMaps(osm, bounds_of(imagery), looks, names, font)
            for note in drawn.notes:
                typer.echo(note, err=True)
            maps = drawn
        else:
            maps = CutMaps(charts, Centre, map_licence, map_source)
        result = make_pairs(imagery, maps, out, settings, licence, source)
    finally:
        for opened in (*imagery, *charts):
            opened.close()
    if as_json:
        typer.echo(to_json(result.to_dict()))
        return
    typer.echo(f"{result.pairs} pairs ({result.images} pictures) in {result.table}")
    for split, count in result.splits.items():
        typer.echo(f"  {split}: {count}")
    for count, why in (
        (result.uncovered, "not covered by the imagery"),
        (result.empty, "nothing on the map"),
        (result.between_splits, "on the border between the splits"),
        (result.repeated, "nearly the same ground as another tile"),
    ):
        if count:
            typer.echo(f"  left out: {count} tiles, {why}")
    if maps.licence is None:
        typer.echo("The terms of the map are not known; say them with --map-licence.", err=True)
    typer.echo(f"map: {maps.source}, {maps.licence or 'licence unknown'}")
