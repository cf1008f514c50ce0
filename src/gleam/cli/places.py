"""``gleam places``: import, check and show places tables."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from gleam.cli.make_maps import make_maps

if TYPE_CHECKING:
    from gleam.places import Places
    from gleam.places.importers import ImportOptions

_JSON = typer.Option(False, "--json", help="Print one JSON document.")
_COLUMN = typer.Option([], help="OURS=THEIRS where a column has another name in the CSV.")
_OPTION = typer.Option([], "--option", help="NAME=VALUE, an option of one data set; see --list.")
_PROTOCOL = typer.Option(None, help="Keep one protocol of a data set that has several, such as same-area.")


def register(app: typer.Typer) -> None:
    """Add the verbs to the command line."""
    places = typer.Typer(no_args_is_help=True, help="Import, check and show places tables.")
    places.command("import")(import_)
    places.command("check")(check)
    places.command("show")(show)
    places.command("make-maps")(make_maps)
    app.add_typer(places, name="places")


def import_(
    kind: str | None = typer.Argument(None, help="A public data set, such as vigor, or 'folder'."),
    root: Path | None = typer.Argument(None, help="The folder of the data set."),
    out: Path | None = typer.Option(None, help="The table to write: .parquet, .csv or a folder."),
    csv: Path | None = typer.Option(None, help="The CSV that describes the images; default ROOT/places.csv."),
    column: list[str] = _COLUMN,
    constant: list[str] = typer.Option([], help="OURS=VALUE for a column the CSV lacks."),
    skip_missing: bool = typer.Option(False, "--skip-missing", help="Leave out rows without an image."),
    protocol: str | None = _PROTOCOL,
    option: list[str] = _OPTION,
    list_: bool = typer.Option(False, "--list", help="List the data sets: home, licence, layout."),
    as_json: bool = _JSON,
) -> None:
    """Turn a data set into a places table. A part of a data set works, and what is missing is told.

    `gleam places check KIND ROOT` says the same and writes nothing.
    """
    from gleam.errors import GleamError
    from gleam.files import to_json
    from gleam.places.importers import FOLDER, ImportOptions, find_dataset, import_dataset, import_places

    if list_:
        _list(as_json)
        return
    if kind is None or root is None or out is None:
        raise GleamError("Give the kind of data set, its folder and --out; `gleam places import --list`.")
    options = ImportOptions(
        csv,
        _pairs("--column", column),
        _pairs("--constant", constant),
        skip_missing,
        protocol,
        _pairs("--option", option),
    )
    if kind == FOLDER:
        places = import_places(kind, root, options)
        file = places.write(out)
        if as_json:
            typer.echo(to_json({"table": file, **_summary(places)}))
        else:
            _print_summary(places, str(file))
            _print_counts(places)
            if places.ignored_columns:
                typer.echo(f"Not used: columns {', '.join(places.ignored_columns)}", err=True)
        return
    found = import_dataset(find_dataset(kind), root, options)
    file = found.places.write(out)
    if as_json:
        typer.echo(to_json({"table": file, **_summary(found.places), **found.to_dict()}))
        return
    from gleam.cli.places_text import imported

    _print_summary(found.places, str(file))
    typer.echo(imported(found))


def check(
    table: str = typer.Argument(
        help="A places table or its folder; or a kind of data set, then ROOT follows."
    ),
    root: Path | None = typer.Argument(None, help="The folder of the data set of that kind."),
    apart: float = typer.Option(
        250.0, min=0.0, help="Metres between images of a place from which on it is an error."
    ),
    fast: bool = typer.Option(False, "--fast", help="Do not decode the images."),
    column: list[str] = _COLUMN,
    protocol: str | None = _PROTOCOL,
    option: list[str] = _OPTION,
    as_json: bool = _JSON,
) -> None:
    """List missing, unreadable, duplicate, mislocated and orphaned rows. Leaves with 3 when there are any.

    `gleam places check KIND ROOT` looks at a public data set before it is imported: what is missing, where
    it is to be had, its licence. It leaves with 3 as well when the data set is not whole.
    """
    from gleam.errors import GleamError
    from gleam.files import to_json
    from gleam.places import Places
    from gleam.places.check import check_places
    from gleam.places.importers import FOLDER, KINDS, ImportOptions, import_places

    chosen = ImportOptions(
        columns=_pairs("--column", column), protocol=protocol, extra=_pairs("--option", option)
    )
    if root is not None and table != FOLDER:
        _check_dataset(table, root, chosen, apart, fast, as_json)
        return
    if root is None and table in KINDS and not Path(table).exists():
        raise GleamError(
            f"{table} is a kind of data set; give its folder too: gleam places check {table} ROOT."
        )
    if root is None and (protocol is not None or option or column):
        raise GleamError(
            "--protocol, --option and --column speak of a data set: gleam places check KIND ROOT."
        )
    places = Places.read(table) if root is None else import_places(FOLDER, root, chosen)
    result = check_places(places, apart_m=apart, read_images=not fast)
    if as_json:
        typer.echo(to_json(result.to_dict()))
    else:
        from gleam.cli.places_text import checked

        typer.echo(checked(result))
    if result.problems:
        raise typer.Exit(3)


def _check_dataset(
    kind: str, root: Path, options: ImportOptions, apart: float, fast: bool, as_json: bool
) -> None:
    from gleam.files import to_json
    from gleam.places.check import check_places
    from gleam.places.importers import find_dataset, import_dataset

    found = import_dataset(find_dataset(kind), root, options)
    result = check_places(found.places, apart_m=apart, read_images=not fast)
    if as_json:
        typer.echo(to_json({**found.to_dict(), "check": result.to_dict()}))
    else:
        from gleam.cli.places_text import checked, imported

        typer.echo(imported(found))
        typer.echo(checked(result))
    if result.problems or not found.whole:
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
    from gleam.cli import places_text

    _print_summary(places, str(places.file))
    _print_counts(places)
    if rows:
        typer.echo(places_text.rows(places, rows))


def _list(as_json: bool) -> None:
    from gleam.cli.places_text import listed
    from gleam.files import to_json
    from gleam.places.importers import DATASETS, KINDS

    if as_json:
        typer.echo(
            to_json({"kinds": list(KINDS), "datasets": [dataset.to_dict() for dataset in DATASETS.values()]})
        )
    else:
        typer.echo(listed(DATASETS.values()))


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
    from gleam.cli.places_text import summary

    typer.echo(summary(places, name))


def _print_counts(places: Places) -> None:
    from gleam.cli.places_text import counts

    if places.splits:
        typer.echo(counts(places))
