"""``gleam atlas``: georeferenced satellite imagery made searchable."""

from __future__ import annotations

from typing import Any

import typer

from gleam.cli import atlas_text

_SOURCES = (
    "GeoTIFF files, JPEG or PNG with a world file, folders of these, folders of web-map tiles, .mbtiles, "
    ".pmtiles, or CSV files of footprints."
)
_CSV = typer.Option(None, "--csv", help="Table of footprints for the images in the folder SOURCE.")
_CRS = typer.Option(None, "--crs", help="Coordinate system of rasters that do not tell theirs.")
_TMS = typer.Option(
    None, "--tms/--xyz", help="Rows of web-map tiles count from the south/north [recognised]."
)
_DATE = typer.Option(None, "--date", help="Date of the imagery, where it does not tell.")
_LICENCE = typer.Option(None, "--licence", help="Licence of the imagery, where it does not tell.")
_ORIGIN = typer.Option(None, "--source", help="Who made the imagery, where it does not tell.")
_ENGINE = typer.Option("local", "--engine", help="Who cuts: local, processes, or ray.")
_WORKERS = typer.Option(None, "--workers", help="How many cut at once, for processes and ray [one per core].")
_ATLAS = typer.Argument(..., metavar="ATLAS", help="An atlas folder.")
_JSON = typer.Option(False, "--json", help="Print one JSON document.")


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    atlas = typer.Typer(no_args_is_help=True, help="Make georeferenced satellite imagery searchable.")
    for verb in (build, add, remove, show, licenses, verify, freeze):
        atlas.command(verb.__name__)(verb)
    app.add_typer(atlas, name="atlas")


def build(
    sources: list[str] | None = typer.Argument(None, metavar="SOURCE...", help=_SOURCES),
    out: str = typer.Option(..., "--out", "-o", help="The atlas folder to make, or to finish."),
    encoder: str = typer.Option("city", "--encoder", help="A shipped name, a folder, or hf-hub:org/name."),
    tile_m: list[float] | None = typer.Option(
        None, "--tile-m", help="Ground width of a tile; several for several sizes [the encoder's own]."
    ),
    stride_m: list[float] | None = typer.Option(
        None, "--stride-m", help="Metres between tile centres, for all sizes or each [a quarter of a tile]."
    ),
    store: str | None = typer.Option(
        None, "--store", metavar="URL", help="A store outside the folder: milvus+http://HOST:PORT/COLLECTION."
    ),
    engine: str = _ENGINE,
    workers: int | None = _WORKERS,
    csv: str | None = _CSV,
    crs: str | None = _CRS,
    tms: bool | None = _TMS,
    date: str | None = _DATE,
    licence: str | None = _LICENCE,
    origin: str | None = _ORIGIN,
    as_json: bool = _JSON,
) -> None:
    """Cut imagery into tiles and store their vectors. Run it again to resume after an interruption."""
    from gleam.atlas import Atlas
    from gleam.encoder import Encoder
    from gleam.files import to_json
    from gleam.progress import say

    made = Atlas.build(
        sources or [],
        Encoder.from_pretrained(encoder),
        out,
        tile_m=tile_m or None,
        stride_m=stride_m or None,
        store=store,
        engine=engine,
        workers=workers,
        encoder_from=encoder,
        **_options(csv, crs, tms, date, licence, origin),
    )
    with made as atlas:
        about = atlas.describe()
    typer.echo(to_json(about) if as_json else atlas_text.described(about))
    if not as_json:
        say(f"Next: gleam locate PHOTO --view ground --atlas {out}")


def add(
    path: str = _ATLAS,
    sources: list[str] | None = typer.Argument(None, metavar="SOURCE...", help=_SOURCES),
    encoder: str | None = typer.Option(None, "--encoder", help="Encoder [the one that the atlas names]."),
    engine: str = _ENGINE,
    workers: int | None = _WORKERS,
    csv: str | None = _CSV,
    crs: str | None = _CRS,
    tms: bool | None = _TMS,
    date: str | None = _DATE,
    licence: str | None = _LICENCE,
    origin: str | None = _ORIGIN,
    as_json: bool = _JSON,
) -> None:
    """Add imagery to an atlas; others may search it meanwhile. Run it again to resume."""
    from gleam.atlas import Atlas
    from gleam.encoder import Encoder
    from gleam.files import to_json

    with Atlas.open(path) as atlas:
        name = encoder or atlas.encoder_name
        added = atlas.add(
            sources or [],
            Encoder.from_pretrained(name),
            engine=engine,
            workers=workers,
            encoder_from=name,
            **_options(csv, crs, tms, date, licence, origin),
        )
        typer.echo(to_json(atlas_text.added_data(path, added)) if as_json else atlas_text.added(path, added))


def remove(
    path: str = _ATLAS,
    name: str = typer.Argument(..., metavar="NAME|KEY", help="Imagery, as `gleam atlas show` tells it."),
    as_json: bool = _JSON,
) -> None:
    """Take imagery and its tiles out of an atlas. Run it again after an interruption."""
    from gleam.atlas import Atlas
    from gleam.files import to_json

    with Atlas.open(path) as atlas:
        removed = atlas.remove(name)
        left = len(atlas)
    record = removed.record
    if as_json:
        about = {"path": path, "name": record.name, "key": record.key, "tiles": removed.tiles, "left": left}
        typer.echo(to_json(about))
    else:
        typer.echo(f"{record.name} ({record.key}) is gone with {removed.tiles} tiles; {left} are left.")


def show(
    path: str = _ATLAS,
    tiles: bool = typer.Option(False, "--tiles", help="List every tile: id, lat, lon, width."),
    as_json: bool = _JSON,
) -> None:
    """Tell what an atlas holds and what made it; unfinished ones too."""
    from gleam.atlas import Atlas
    from gleam.files import to_json

    with Atlas.open(path, allow_partial=True) as atlas:
        about = atlas.describe()
        found = atlas.store.tiles() if tiles else []
        listed = [{"id": t.id, "lat": t.lat, "lon": t.lon, "width_m": t.width_m} for t in found]
    if as_json:
        typer.echo(to_json({**about, **({"listed": listed} if tiles else {})}))
        return
    typer.echo(atlas_text.described(about))
    for tile in listed:
        typer.echo(f"{tile['id']}  {tile['lat']:.6f}, {tile['lon']:.6f}")


def licenses(path: str = _ATLAS, as_json: bool = _JSON) -> None:
    """Tell the licences, origins and dates of the imagery, those that are not known first."""
    from gleam.atlas import Atlas
    from gleam.atlas.sources.licences import licence_report
    from gleam.files import to_json

    with Atlas.open(path, allow_partial=True) as atlas:
        rows = licence_report(atlas.sources)
    typer.echo(to_json({"path": path, "licences": rows}) if as_json else atlas_text.licences(rows))


def verify(path: str = _ATLAS, as_json: bool = _JSON) -> None:
    """Check every tile of an atlas. Leaves with 3 when something is wrong."""
    from gleam.atlas import Atlas
    from gleam.files import to_json

    with Atlas.open(path, allow_partial=True) as atlas:
        problems = atlas.verify()
        count = len(atlas)
    if as_json:
        typer.echo(to_json({"path": path, "tiles": count, "problems": problems}))
    else:
        typer.echo("\n".join(problems) if problems else f"{path}: all {count} tiles are sound.")
    if problems:
        raise typer.Exit(3)


def freeze(
    path: str = _ATLAS,
    out: str = typer.Option(..., "--out", "-o", help="The folder to make."),
    replace: bool = typer.Option(False, "--replace", help="Take the place of a frozen atlas that is there."),
    as_json: bool = _JSON,
) -> None:
    """Write a read-only copy that needs no database, for drones and small machines."""
    from gleam.atlas.freeze import freeze as freeze_atlas
    from gleam.files import to_json

    with freeze_atlas(path, out, replace_old=replace) as frozen:
        about = frozen.describe()
    typer.echo(to_json(about) if as_json else atlas_text.described(about))


def _options(
    csv: str | None,
    crs: str | None,
    tms: bool | None,
    date: str | None,
    licence: str | None,
    origin: str | None,
) -> dict[str, Any]:
    return {"csv": csv, "crs": crs, "tms": tms, "date": date, "licence": licence, "origin": origin}
