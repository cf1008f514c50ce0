"""``gleam atlas``: georeferenced satellite imagery made searchable."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    atlas = typer.Typer(no_args_is_help=True, help="Make georeferenced satellite imagery searchable.")
    atlas.command("build")(build)
    atlas.command("show")(show)
    atlas.command("verify")(verify)
    app.add_typer(atlas, name="atlas")


def build(
    sources: list[str] | None = typer.Argument(
        None, metavar="SOURCE...", help="GeoTIFF files, folders of them, or CSV files of footprints."
    ),
    out: str = typer.Option(..., "--out", "-o", help="The atlas folder to make, or to finish."),
    encoder: str = typer.Option("city", "--encoder", help="A shipped name, a folder, or hf-hub:org/name."),
    tile_m: float | None = typer.Option(None, "--tile-m", help="Ground width of a tile [the encoder's own]."),
    stride_m: float | None = typer.Option(
        None, "--stride-m", help="Metres between tile centres [a quarter of a tile]."
    ),
    csv: str | None = typer.Option(
        None, "--csv", help="Table of footprints for the images in the folder SOURCE."
    ),
    crs: str | None = typer.Option(
        None, "--crs", help="Coordinate system of rasters that do not tell theirs."
    ),
    date: str | None = typer.Option(None, "--date", help="Date of the imagery, where it does not tell."),
    licence: str | None = typer.Option(
        None, "--licence", help="Licence of the imagery, where it does not tell."
    ),
    origin: str | None = typer.Option(None, "--source", help="Who made the imagery, where it does not tell."),
    as_json: bool = typer.Option(False, "--json", help="Print one JSON document."),
) -> None:
    """Cut imagery into tiles and store their vectors. Run it again to resume after an interruption."""
    from gleam.atlas import Atlas
    from gleam.encoder import Encoder
    from gleam.files import to_json
    from gleam.progress import say

    said = {"date": date, "licence": licence, "origin": origin}
    loaded = Encoder.from_pretrained(encoder)
    atlas = Atlas.build(
        sources or [], loaded, out, tile_m=tile_m, stride_m=stride_m, csv=csv, crs=crs, **said
    )
    if as_json:
        typer.echo(to_json(atlas.describe()))
    else:
        typer.echo(_text(atlas.describe()))
        say(f"Next: gleam locate PHOTO --view ground --atlas {out}")


def show(
    path: str = typer.Argument(..., metavar="ATLAS", help="An atlas folder."),
    tiles: bool = typer.Option(False, "--tiles", help="List every tile: id, lat, lon."),
    as_json: bool = typer.Option(False, "--json", help="Print one JSON document."),
) -> None:
    """Tell what an atlas holds and what made it; unfinished ones too."""
    from gleam.atlas import Atlas
    from gleam.files import to_json

    atlas = Atlas.open(path, allow_partial=True)
    listed = [{"id": t.id, "lat": t.lat, "lon": t.lon} for t in atlas.store.tiles()] if tiles else []
    if as_json:
        typer.echo(to_json({**atlas.describe(), **({"listed": listed} if tiles else {})}))
        return
    typer.echo(_text(atlas.describe()))
    for tile in listed:
        typer.echo(f"{tile['id']}  {tile['lat']:.6f}, {tile['lon']:.6f}")


def verify(
    path: str = typer.Argument(..., metavar="ATLAS", help="An atlas folder."),
    as_json: bool = typer.Option(False, "--json", help="Print one JSON document."),
) -> None:
    """Check every tile of an atlas. Leaves with 3 when something is wrong."""
    from gleam.atlas import Atlas
    from gleam.files import to_json

    atlas = Atlas.open(path, allow_partial=True)
    problems = atlas.verify()
    if as_json:
        typer.echo(to_json({"path": path, "tiles": len(atlas), "problems": problems}))
    else:
        typer.echo("\n".join(problems) if problems else f"{path}: all {len(atlas)} tiles are sound.")
    if problems:
        raise typer.Exit(3)


def _text(about: dict[str, Any]) -> str:
    skipped = ", ".join(f"{n} {reason}" for reason, n in about["skipped"].items())
    box = about["bounds"]
    lines = [
        f"{Path(about['path']).name}: {about['tiles']} tiles of {about['tile_m']:g} m, "
        f"{about['stride_m']:g} m apart" + ("" if about["state"] == "complete" else " (build not finished)"),
        f"  area     {box['south']:.5f}..{box['north']:.5f} N, {box['west']:.5f}..{box['east']:.5f} E",
        f"  encoder  {about['encoder']['name']} ({about['encoder']['fingerprint'][:8]})",
        f"  skipped  {skipped or 'none'}",
        f"  on disk  {about['size_bytes'] / 1e6:.1f} MB",
    ]
    for source in about["sources"]:
        terms = f"date {source['date'] or 'unknown'}, licence {source['licence'] or 'unknown'}"
        lines.append(f"  imagery  {source['name']} ({source['pixel_m']:.2f} m/px, {terms})")
    return "\n".join(lines)
