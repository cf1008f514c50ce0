"""``gleam bench score``: explainers side by side on a benchmark."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from gleam.encoder import Encoder

SOME_FAILED = 3
_COLUMNS = (
    ("balanced_accuracy", "balanced accuracy"),
    ("fact_precision", "facts true"),
    ("fact_recall", "facts named"),
    ("text_says_verdict", "text = verdict"),
    ("swapped_verdict_changes", "swap turns it"),
    ("sound", "sound"),
)


def register(bench: typer.Typer) -> None:
    """Add the verb to ``gleam bench``."""
    bench.command("score")(score)


def score(
    folder: Path = typer.Argument(..., metavar="BENCH", help="The benchmark."),
    explainer: list[str] = typer.Option(
        [], "--explainer", help="Explainer to run: evidence, student, local:MODEL, api:MODEL@URL; repeatable."
    ),
    predictions: list[Path] = typer.Option(
        [], "--predictions", help="JSON lines of verdicts made elsewhere; repeatable."
    ),
    out: Path | None = typer.Option(None, "--out", help="Folder of the results [BENCH.scores]."),
    split: str = typer.Option("test", "--split", help="Which pairs: train, val or test."),
    language: list[str] = typer.Option(["en", "zh"], "--language", help="Of the texts; repeatable."),
    limit: int | None = typer.Option(None, "--pairs", min=2, help="At most so many pairs [all]."),
    tampered: int = typer.Option(
        40, "--tampered", min=0, help="Pairs also asked with swapped and blank pictures."
    ),
    encoder: str = typer.Option("city", "--encoder", help="What the explainers measure with."),
    no_baselines: bool = typer.Option(
        False, "--no-baselines", help="Leave out the trivial explainers and the texts wrong on purpose."
    ),
    sentences: Path | None = typer.Option(
        None, "--sentence-model", help="Folder of a sentence encoder, for nearness to the references."
    ),
    judge: str | None = typer.Option(None, "--judge", help="MODEL@URL that compares texts with references."),
    judged: int = typer.Option(40, "--judged", min=1, help="Texts of each explainer that the judge sees."),
    worst: int = typer.Option(8, "--worst", min=0, help="Worst cases shown of each explainer."),
    seed: int = typer.Option(0, "--seed", help="Decides the controls and the intervals."),
    as_json: bool = typer.Option(False, "--json", help="Print all figures as one JSON document."),
) -> None:
    """Score explainers on a benchmark, side by side, and write a report with the worst cases.

    Verdicts and facts lead; overlap with reference texts comes last. A stopped run is gone on with.
    """
    from gleam.explaining.benchmark.folder import Bench
    from gleam.explaining.scoring.compare import REPORT, Settings, compare
    from gleam.explaining.sentences import parse_language
    from gleam.files import to_json

    def load() -> Encoder:
        from gleam.encoder import Encoder

        return Encoder.from_pretrained(encoder)

    bench = Bench.open(folder)
    goal = out if out is not None else folder.with_name(folder.name + ".scores")
    settings = Settings(
        explainers=tuple(dict.fromkeys(explainer)),
        predictions=tuple(predictions),
        split=split,
        languages=tuple(dict.fromkeys(parse_language(name) for name in language)),
        limit=limit,
        tampered=tampered,
        baselines=not no_baselines,
        sentences=sentences,
        judge=judge,
        judged=judged,
        worst=worst,
        seed=seed,
        command="gleam " + " ".join(sys.argv[1:]),
    )
    scores = compare(bench, goal, settings, load)
    typer.echo(to_json(scores) if as_json else _in_words(scores, goal / REPORT))
    if any(card["counts"]["failed"] for card in scores["explainers"].values()):
        raise typer.Exit(SOME_FAILED)


def _in_words(scores: dict[str, Any], report: Path) -> str:
    about = scores["about"]
    lines = [
        f"{about['bench']}, {about['split']}: {about['pairs']} pairs ({about['matches']} matches), "
        f"{' + '.join(about['languages'])}"
    ]
    names = list(scores["explainers"])
    wide = max(len(name) for name in names)
    lines.append(" " * wide + "".join(f"  {title:>17}" for _, title in _COLUMNS))
    for name in names:
        card = scores["explainers"][name]
        cells = "".join(f"  {_cell(card['headline'][key]):>17}" for key, _ in _COLUMNS)
        lines.append(f"{name:<{wide}}{cells}")
        if card["counts"]["failed"]:
            first = next(iter(card["problems"]), "")
            lines.append(f"  {card['counts']['failed']} without an answer, counted as wrong: {first}")
    lines.append(f"Report: {report}")
    return "\n".join(lines)


def _cell(figure: dict[str, float] | None) -> str:
    if figure is None:
        return "-"
    value, low, high = (100 * figure[key] for key in ("value", "low", "high"))
    return f"{value:.1f} ({low:.0f}-{high:.0f})"
