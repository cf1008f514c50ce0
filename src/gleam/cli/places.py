"""``gleam places``: import, check and show places tables."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from gleam.places import Places
    from gleam.places.check import CheckResult

_JSON = typer.Option(False, "--json", help="Print one JSON document.")
_SHOWN = 20


def register(app: typer.Typer) -> None:
    """Add the verbs to the command line."""
    places = typer.Typer(no_args_is_help=True, help="Import, check and show places tables.")
    places.command("import")(import_)
    places.command("check")(check)
    places.command("show")(show)
    app.add_typer(places, name="places")


def import_(
    kind: str = typer.Argument(help="The kind of data set, such as 'folder'."),
    root: Path = typer.Argument(help="The folder of the data set."),
    out: Path = typer.Option(help="The table to write: .parquet, .csv or a folder."),
    csv: Path | None = typer.Option(None, help="The CSV that describes the images; default ROOT/places.csv."),
    column: list[str] = typer.Option([], help="OURS=THEIRS where a column has another name in the CSV."),
    constant: list[str] = typer.Option([], help="OURS=VALUE for a column the CSV lacks."),
    skip_missing: bool = typer.Option(False, "--skip-missing", help="Leave out rows without an image."),
    as_json: bool = _JSON,
) -> None:
    """Turn a data set into a places table."""
    from gleam.files import to_json
    from gleam.places.importers import ImportOptions, import_places

    options = ImportOptions(csv, _pairs("--column", column), _pairs("--constant", constant), skip_missing)
    places = import_places(kind, root, options)
    file = places.write(out)
    if as_json:
        typer.echo(to_json({"table": file, **_summary(places)}))
        return
    _print_summary(places, str(file))
    if places.ignored_columns:
        typer.echo(f"Not used: columns {', '.join(places.ignored_columns)}", err=True)


def check(
    table: Path = typer.Argument(help="A places table or its folder."),
    apart: float = typer.Option(
        250.0, min=0.0, help="Metres between images of a place from which on it is an error."
    ),
    fast: bool = typer.Option(False, "--fast", help="Do not decode the images."),
    as_json: bool = _JSON,
) -> None:
    """List missing, unreadable, duplicate, mislocated and orphaned rows. Leaves with 3 when there are any."""
    from gleam.files import to_json
    from gleam.places import Places
    from gleam.places.check import check_places

    result = check_places(Places.read(table), apart_m=apart, read_images=not fast)
    if as_json:
        typer.echo(to_json(result.to_dict()))
    else:
        _print_check(result)
    if result.problems:
        raise typer.Exit(3)


def show(
    table: Path = typer.Argument(help="A places table or its folder."),
    rows: int = typer.Option(5, min=0, help="How many rows to print."),
    as_json: bool = _JSON,
) -> None:
    """Say what a table holds."""
    from dataclasses import asdict

    from gleam.files import to_json
    from gleam.places import Places

    places = Places.read(table)
    if as_json:
        typer.echo(to_json({**_summary(places), "rows": [asdict(r) for r in places[:rows]]}))
        return
    _print_summary(places, str(places.file))
    for row in places[:rows]:
        known = {k: v for k, v in asdict(row).items() if v is not None and k not in ("place", "view", "path")}
        typer.echo(
            f"  {row.place}  {row.view}  {row.path}  " + "  ".join(f"{k}={v}" for k, v in known.items())
        )


def _pairs(option: str, given: list[str]) -> dict[str, str]:
    from gleam.errors import GleamError

    out = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise GleamError(f"{option} {text!r} is not NAME=VALUE.")
        out[name.strip()] = value.strip()
    return out


def _summary(places: Places) -> dict[str, object]:
    from gleam.places.schema import COLUMNS

    filled = {c.name: sum(v is not None and v == v for v in places.column(c.name)) for c in COLUMNS}
    return {
        "images": len(places),
        "places": len(places.place_ids),
        "views": places.view_counts(),
        "splits": places.splits,
        "filled": filled,
        "ignored_columns": list(places.ignored_columns),
    }


def _print_summary(places: Places, name: str) -> None:
    views = ", ".join(f"{count} {view}" for view, count in places.view_counts().items())
    typer.echo(f"{name}: {len(places)} images of {len(places.place_ids)} places ({views})")
    if places.splits:
        typer.echo(f"Splits: {', '.join(places.splits)}")


def _print_check(result: CheckResult) -> None:
    typer.echo(f"{result.images} images of {result.places} places")
    for kind, count in result.counts.items():
        if not count:
            continue
        typer.echo(f"{kind}: {count}")
        for finding in [f for f in result.findings if f.kind == kind][:_SHOWN]:
            where = f"row {finding.row}, {finding.path}: " if finding.row else ""
            typer.echo(f"  {where}{finding.says}")
        if count > _SHOWN:
            typer.echo(f"  and {count - _SHOWN} more; see them all with --json")
    if not result.problems:
        typer.echo(
            "No problems found." if result.images_read else "No problems found; images were not decoded."
        )
