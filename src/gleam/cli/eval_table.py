"""The table of ``gleam eval --atlas``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console


def print_located(report: dict[str, Any], console: Console | None = None) -> None:
    """Print the figures of :func:`gleam.locating.judging.measure.measure_answers` in two tables."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    from gleam.cli.whole_table import print_whole

    console = console or Console(highlight=False)
    title = f"{report['encoder']} locating {report['table']} in {report['atlas']} ({report['tiles']} tiles)"
    if report["hide_heading"]:
        title += ", headings hidden"
    style: dict[str, Any] = {
        "title_justify": "left",
        "box": box.SIMPLE_HEAD,
        "padding": (0, 1, 0, 0),
    }
    first = Table(title=title, **style)
    for heading in ("view", "n", "located", "<=10", "<=25", "<=50", "<=100", "med", "p90", "in 95%", "ECE"):
        first.add_column(heading, justify="left" if heading == "view" else "right", no_wrap=True)
    for view, figures in report["views"].items():
        first.add_row(
            view,
            str(figures["photos"]),
            *(
                _percent(figures[name])
                for name in ("located", "within_10m", "within_25m", "within_50m", "within_100m")
            ),
            *(_metres(figures[name]) for name in ("median_m", "p90_m")),
            _percent(figures["region95_holds"]),
            f"{figures['ece']['value']:.3f} ({figures['ece']['if_honest']:.3f})" if figures["ece"] else "-",
        )
    print_whole(console, first)
    second = Table(title="How well each confidence tells right from wrong and here from elsewhere", **style)
    for heading in ("view", "confidence", "AURC", "AUROC", "FPR95", "false", "AUROC0", "false0"):
        left = heading in ("view", "confidence")
        second.add_column(heading, justify="left" if left else "right", no_wrap=True)
    for view, figures in report["views"].items():
        for name, values in figures["confidence"].items():
            second.add_row(
                view,
                name,
                f"{values['aurc']:.3f}",
                *(
                    _share(values.get(key))
                    for key in (
                        "auroc_elsewhere",
                        "fpr95_elsewhere",
                        "false_locate_elsewhere",
                        "auroc_non_places",
                        "false_locate_non_places",
                    )
                ),
            )
    for name, values in report["all_views"].items():
        rate = _share(values["false_locate_elsewhere"])
        second.add_row("all views", name, "-", "-", "-", rate, "-", "-")
    print_whole(console, second, keys=2)
    console.print(
        "Shares in %, refusals counted as misses; med, p90: metres of located answers. false: share of "
        "photos from elsewhere claimed when 80 % of those from here are answered (all views: under one "
        "threshold); 0: pictures of no place. "
        "ECE: in brackets that of as many honest probabilities.",
        style="dim",
    )
    for view, figures in report["views"].items():
        for group, counts in figures["statuses"].items():
            if sum(counts.values()):
                told = ", ".join(f"{n} {status}" for status, n in counts.items() if n)
                console.print(f"- {view}, {group}: {told}", markup=False)
    console.print(f"{report['seconds']:.1f} s", style="dim")


def _percent(figure: dict[str, float] | None) -> str:
    return "-" if figure is None else f"{100 * figure['value']:.1f}"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f}"


def _metres(figure: dict[str, float] | None) -> str:
    return "-" if figure is None else f"{figure['value']:.1f}"
