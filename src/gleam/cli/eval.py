"""``gleam eval``: how well an encoder finds places, with chance and colour beside it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from gleam.evaluation.features import VectorMaker
    from gleam.places import Places


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command("eval")(evaluate_)


def evaluate_(
    encoder: str | None = typer.Argument(
        None, help="A shipped encoder, a folder, hf-hub:ORG/NAME, or colour-histogram."
    ),
    places: Path | None = typer.Argument(None, help="A places table, or a folder (a city) that holds one."),
    protocol: str | None = typer.Option(
        None, "--protocol", help="Measure the way this data set's authors do; see --protocols."
    ),
    protocols: bool = typer.Option(False, "--protocols", help="List the protocols and leave."),
    one_percent: str | None = typer.Option(
        None,
        "--one-percent",
        help="With --protocol: another rule for recall@1 %: ceil, floor, index or next.",
    ),
    split: str | None = typer.Option(None, help="Use one split; all rows when not given."),
    views: str | None = typer.Option(None, help="Query views, such as drone,map; all when not given."),
    hide: list[str] = typer.Option([], help="Pretend not to know: heading, pose (drones: all but heading)."),
    seed: int = typer.Option(0, help="Of the bootstrap intervals."),
    headings: int = typer.Option(12, min=1, help="Directions tried for an image of unknown heading."),
    baseline: bool = typer.Option(True, help="Measure colour histograms too."),
    skip_bad: bool = typer.Option(False, "--skip-bad", help="Leave out and list missing or broken images."),
    atlas: Path | None = typer.Option(
        None, "--atlas", help="Locate the photos in this atlas instead: metres, refusals, confidence."
    ),
    others: list[Path] = typer.Option(
        [], "--others", help="With --atlas: photos from elsewhere, which must not be located. Repeatable."
    ),
    limit: int | None = typer.Option(None, min=1, help="With --atlas: most photos per view and table."),
    out: Path | None = typer.Option(None, help="Also write the JSON document here."),
    as_json: bool = typer.Option(False, "--json", help="Print one JSON document."),
) -> None:
    """Search every query image among all satellite images and measure the answers.

    With --atlas, photos are located in an atlas the way users do it, and so are photos from elsewhere and
    pictures of no place; --split, --views, --hide heading and --seed hold, the rest does not.
    With --protocol, the official figures of a public data set are printed beside the published ones;
    all options hold but --atlas, --others, --limit and --baseline.
    Leaves with 3 when images were left out by --skip-bad.
    """
    from gleam.errors import GleamError
    from gleam.evaluation.report import evaluate
    from gleam.files import to_json, write_json
    from gleam.places import Places

    if protocols:
        _list_protocols(as_json)
        return
    if encoder is None or places is None:
        raise GleamError("Give an encoder and a places table, such as `gleam eval city CITY_FOLDER`.")
    if protocol is None and one_percent is not None:
        raise GleamError("--one-percent speaks of a protocol's recall@1 %; add --protocol.")
    if protocol is not None and (atlas is not None or others or limit is not None):
        raise GleamError("--protocol searches images and --atlas locates photos; give one of them.")
    table = Places.read(places)
    if atlas is None and (others or limit is not None):
        raise GleamError("--others and --limit speak of photos located in an atlas; add --atlas.")
    if atlas is not None:
        report = _measure(encoder, table.select(split=split), atlas, others, views, hide, limit, seed)
        if out is not None:
            write_json(out, report)
        if as_json:
            typer.echo(to_json(report))
        else:
            from gleam.cli.eval_table import print_located

            print_located(report)
        return
    query_views = [v for v in views.split(",") if v.strip()] if views is not None else None
    hidden = [name.strip() for given in hide for name in given.split(",") if name.strip()]
    if protocol is not None:
        from gleam.evaluation.protocols import evaluate_protocol, protocol_named

        official = protocol_named(protocol)
        report = evaluate_protocol(
            _load(encoder),
            table,
            official,
            split=split,
            views=query_views,
            hide=hidden,
            one_percent=one_percent,
            seed=seed,
            headings=headings,
            skip_bad=skip_bad,
        )
    else:
        report = evaluate(
            _load(encoder),
            table,
            split=split,
            views=query_views,
            hide=hidden,
            seed=seed,
            baseline=baseline,
            headings=headings,
            skip_bad=skip_bad,
        )
    if out is not None:
        write_json(out, report)
    if as_json:
        typer.echo(to_json(report))
    elif protocol is not None:
        from gleam.cli.eval_protocol import print_protocol

        print_protocol(report)
    else:
        _print(report)
    if report["skipped"]:
        raise typer.Exit(3)


def _list_protocols(as_json: bool) -> None:
    from gleam.cli.eval_protocol import describe_protocols, print_protocols
    from gleam.files import to_json

    if as_json:
        typer.echo(to_json(describe_protocols()))
    else:
        print_protocols()


def _measure(
    encoder: str,
    table: Places,
    atlas: Path,
    others: list[Path],
    views: str | None,
    hide: list[str],
    limit: int | None,
    seed: int,
) -> dict[str, Any]:
    from gleam.atlas import Atlas
    from gleam.encoder import Encoder
    from gleam.errors import unknown_name
    from gleam.locating import Locator
    from gleam.locating.judging.measure import measure_answers
    from gleam.places import Places

    hidden = [name.strip() for given in hide for name in given.split(",") if name.strip()]
    for name in hidden:
        if name != "heading":
            raise unknown_name("thing to hide from a locator", name, ["heading"])
    return measure_answers(
        Locator(Encoder.from_pretrained(encoder), Atlas.open(atlas)),
        table,
        [Places.read(path) for path in others],
        views=[v for v in views.split(",") if v.strip()] if views is not None else None,
        limit=limit,
        hide_heading=bool(hidden),
        seed=seed,
    )


def _load(name: str) -> VectorMaker:
    from gleam.evaluation.histogram import ColourHistogram

    if name == ColourHistogram.name:
        return ColourHistogram()
    from gleam.encoder.exporting import load_maker

    return load_maker(name)


def _print(report: dict[str, Any]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    from gleam.cli.whole_table import print_whole

    console = Console(highlight=False)
    title = f"{report['encoder']} on {report['table']}: {report['gallery']} satellite images"
    if report["split"]:
        title += f", split {report['split']}"
    if report["hide"]:
        title += f", hidden: {', '.join(report['hide'])}"
    # One interval and short headings: the table must fit a terminal of 80 characters.
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("view", no_wrap=True)
    level = f"{report['intervals']['level']:.0%} interval"
    for heading in ("n", "R@1", level, "R@5", "R@10", "chance", "colour", "<=25 m", "median"):
        table.add_column(heading, justify="right", no_wrap=True)
    for view, figures in report["views"].items():
        colour = figures.get("baseline_colour_histogram")
        first = figures["recall@1"]
        table.add_row(
            view,
            str(figures["queries"]),
            f"[bold]{_percent(first)}[/bold]",
            f"{100 * first['low']:.1f}..{100 * first['high']:.1f}",
            _percent(figures["recall@5"]),
            _percent(figures["recall@10"]),
            f"{100 * figures['chance']['recall@1']:.2g}",
            _percent(colour["recall@1"]) if colour else "-",
            _percent(figures["within_25m"]),
            f"{figures['median_m']['value']:.1f}" if figures["median_m"] else "-",
        )
    print_whole(console, table)
    console.print(
        "R@k and <=25 m in %, median in m. chance, colour: R@1 of a random order, of colour histograms.",
        style="dim",
    )
    for note in report["notes"]:
        console.print(f"- {note}", markup=False)
    for entry in report["skipped"]:
        console.print(f"- left out: {entry['path']}: {entry['cause']}", markup=False)
    console.print(f"{report['seconds']['total']:.1f} s", style="dim")


def _percent(figure: dict[str, float] | None) -> str:
    return "-" if figure is None else f"{100 * figure['value']:.1f}"
