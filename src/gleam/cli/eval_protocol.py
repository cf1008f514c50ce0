"""What ``gleam eval --protocol`` and ``--protocols`` print."""

from __future__ import annotations

from typing import Any

_COLUMNS = 5
"""Figures printed side by side."""


def print_protocols() -> None:
    """List the protocols: what they search in what, and what they report."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    from gleam.evaluation.protocols import PROTOCOLS

    console = Console(highlight=False)
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for heading in ("protocol", "searches", "reports", "table from"):
        table.add_column(heading, no_wrap=heading == "protocol")
    for protocol in PROTOCOLS.values():
        for number, direction in enumerate(protocol.directions):
            table.add_row(
                protocol.name if number == 0 else "",
                direction.name,
                ", ".join(measure.name for measure in direction.measures),
                f"gleam places import {protocol.data_set}" if number == 0 else "",
            )
    console.print(table)


def describe_protocols() -> list[dict[str, Any]]:
    """The same as plain data."""
    from gleam.evaluation.protocols import PROTOCOLS

    return [
        {
            "name": protocol.name,
            "title": protocol.title,
            "data_set": protocol.data_set,
            "defined_by": list(protocol.defined_by),
            "notes": list(protocol.notes),
            "directions": [
                {
                    "name": direction.name,
                    "splits": list(direction.splits),
                    "queries": direction.queries,
                    "gallery": direction.gallery_images,
                    "measures": {measure.name: measure.says for measure in direction.measures},
                }
                for direction in protocol.directions
            ],
        }
        for protocol in PROTOCOLS.values()
    ]


def print_protocol(report: dict[str, Any]) -> None:
    """Print the figures of :func:`gleam.evaluation.protocols.evaluate_protocol`, the peers' beneath ours."""
    from rich.console import Console

    console = Console(highlight=False)
    console.print(f"[bold]{report['title']}[/bold]: {report['encoder']} on {report['table']}")
    sources: dict[str, int] = {}
    for result in report["directions"]:
        _print_direction(console, result, sources)
    console.print(
        f"Shares in %, Dis in m; ours with its {report['intervals']['level']:.0%} interval over places. "
        "s: second-hand, not from the authors' own publication.",
        style="dim",
    )
    for link, number in sources.items():
        console.print(f"[{number}] {link}", markup=False, style="dim", soft_wrap=True)
    for link in report["defined_by"]:
        console.print(f"defined by {link}", markup=False, style="dim", soft_wrap=True)
    for note in report["notes"]:
        console.print(f"- {note}", markup=False)
    for entry in report["skipped"]:
        console.print(f"- left out: {entry['path']}: {entry['cause']}", markup=False)
    console.print(f"{report['seconds']:.1f} s", style="dim")


def _print_direction(console: Any, result: dict[str, Any], sources: dict[str, int]) -> None:
    """Print one direction, a few columns at a time, so that it fits a terminal of 80 characters."""
    from gleam.cli.whole_table import print_whole

    part = f", {result['part']}" if result["part"] else ""
    images = "" if result["queries"] == result["query_images"] else f" of {result['query_images']} images"
    k = "" if result["one_percent_k"] is None else f" (R@1%: k = {result['one_percent_k']})"
    console.print(
        f"[bold]{result['name']}{part}[/bold]: {result['queries']} queries{images}, "
        f"{result['gallery']} gallery images{k}"
    )
    names = list(result["figures"])
    for start in range(0, len(names), _COLUMNS):
        print_whole(console, _table(result, names[start : start + _COLUMNS], sources))
    if not result["published"]:
        console.print("  No published number is known to the project.", style="dim")
    for peer in result["published"]:
        if peer["note"]:
            console.print(
                f"  {peer['method']} {_mark(peer, sources)}: {peer['note']}.", markup=False, style="dim"
            )


def _table(result: dict[str, Any], names: list[str], sources: dict[str, int]) -> Any:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("method", no_wrap=True)
    for name in names:
        table.add_column(name, justify="right", no_wrap=True)
    figures, units = result["figures"], result["units"]
    table.add_row("ours", *(_shown(figures[n], units[n]) for n in names), style="bold")
    table.add_row("", *(_interval(figures[n], units[n]) for n in names), style="dim")
    if "R@1" in names:
        chance = f"{100 * result['chance']['R@1']:.2g}"
        table.add_row("chance", *(chance if n == "R@1" else "" for n in names), style="dim")
    for peer in result["published"]:
        known = [peer["figures"].get(name) for name in names]
        if any(value is not None for value in known):
            method = f"{peer['method']} {_mark(peer, sources)}".replace("[", "\\[")
            table.add_row(method, *("" if v is None else f"{v:.2f}" for v in known))
    return table


def _mark(peer: dict[str, Any], sources: dict[str, int]) -> str:
    """The number of the source, and whether it is second-hand."""
    number = sources.setdefault(peer["source"], len(sources) + 1)
    return f"[{number}{'s' if peer['second_hand'] else ''}]"


def _shown(figure: dict[str, float] | None, unit: str) -> str:
    if figure is None:
        return "-"
    return f"{100 * figure['value']:.2f}" if unit == "%" else f"{figure['value']:.1f}"


def _interval(figure: dict[str, float] | None, unit: str) -> str:
    if figure is None:
        return ""
    ends = [figure[end] * (100 if unit == "%" else 1) for end in ("low", "high")]
    # Five such columns have to fit: no digit more than tells something.
    return "..".join(
        "100" if unit == "%" and e >= 99.95 else f"{e:.{1 if unit == '%' else 0}f}" for e in ends
    )
