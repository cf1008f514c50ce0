"""``gleam bench review``: the page on which people revise the texts of a benchmark."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from gleam.explaining.reviewing.settings import ReviewSettings


def register(bench: typer.Typer) -> None:
    """Add the verb to ``gleam bench``."""
    bench.command("review")(review)


def review(
    bench: Path = typer.Argument(..., metavar="BENCH", help="Folder of the benchmark."),
    split: str | None = typer.Option(None, "--split", help="train, val, test or all [test]."),
    languages: str | None = typer.Option(None, "--languages", help="Whose texts to revise [en,zh]."),
    double: float | None = typer.Option(
        None,
        "--double",
        min=0.0,
        max=1.0,
        help="Share of the pairs that two people judge, unseen by each other [1].",
    ),
    adjudicators: str | None = typer.Option(
        None, "--adjudicators", metavar="NAMES", help="Who may settle differences [anybody but the two]."
    ),
    seed: int | None = typer.Option(None, "--seed", help="Draws the order and the pairs judged twice [0]."),
    encoder: str = typer.Option("city", "--encoder", help="Measures the numbered regions; none draws none."),
    host: str = typer.Option("127.0.0.1", "--host", help="Address to listen on; others need a token."),
    port: int = typer.Option(8768, "--port", help="Port to listen on; 0 takes a free one."),
    token_from_environment: bool = typer.Option(
        False, "--token-from-environment", help="Ask every request for the token in GLEAM_TOKEN."
    ),
    open_browser: bool = typer.Option(False, "--open", help="Open the page in the browser."),
    status: bool = typer.Option(
        False, "--status", help="Only tell how far the review is, agreement, discards."
    ),
    verify: bool = typer.Option(False, "--verify", help="Only check that nobody changed the history."),
    as_json: bool = typer.Option(False, "--json", help="Print --status as one JSON document."),
) -> None:
    """Let people revise the texts of a benchmark in the browser: accept, edit, discard, correct the verdict.

    What is set here stays set for later starts and is part of the history.
    """
    from gleam.explaining.benchmark.folder import Bench
    from gleam.explaining.reviewing.progress import progress
    from gleam.explaining.reviewing.revised import write_revised
    from gleam.explaining.reviewing.store import ReviewStore
    from gleam.files import to_json

    store = ReviewStore(Bench.open(bench))
    events = store.verify()
    if verify:
        typer.echo(f"{store.path}: the history of {events} events is whole.")
        return
    store.configure(_settings(store.settings, split, languages, double, adjudicators, seed))
    write_revised(store)
    if status:
        told = progress(store)
        typer.echo(to_json(told) if as_json else _in_words(told))
        return
    from gleam.errors import GleamError
    from gleam.web.settings import token_from_environment as token

    if not store.items:
        raise GleamError(
            f"There is nothing to review in {bench}, split {store.settings.split}: no teacher wrote a usable "
            "text on any of its pairs. Run gleam bench make with a teacher, or choose another --split."
        )
    from gleam.web.review.serving import serve_review, settings_for

    chosen = settings_for(bench, host, port, token() if token_from_environment else None)
    serve_review(store, chosen, encoder=None if encoder == "none" else encoder, open_browser=open_browser)


def _settings(
    before: ReviewSettings,
    split: str | None,
    languages: str | None,
    double: float | None,
    adjudicators: str | None,
    seed: int | None,
) -> ReviewSettings:
    """Return the settings with what was told in place of what was set before."""
    from pydantic import ValidationError

    from gleam.errors import GleamError, unknown_name
    from gleam.explaining.benchmark.pair import SPLITS
    from gleam.explaining.reviewing.decisions import parse_reviewer
    from gleam.explaining.sentences import parse_language

    told: dict[str, Any] = before.model_dump()
    if split is not None:
        if split not in (*SPLITS, "all"):
            raise unknown_name("split", split, (*SPLITS, "all"))
        told["split"] = split
    if languages is not None:
        told["languages"] = tuple(dict.fromkeys(parse_language(name) for name in languages.split(",")))
    if double is not None:
        told["double"] = double
    if adjudicators is not None:
        told["adjudicators"] = tuple(parse_reviewer(n) for n in adjudicators.split(",") if n.strip())
    if seed is not None:
        told["seed"] = seed
    try:
        return type(before).model_validate(told)
    except ValidationError as error:
        raise GleamError(f"The settings of the review are wrong: {error.errors()[0]['msg']}.") from None


def _in_words(told: dict[str, Any]) -> str:
    stand = told["standings"]
    decided = told["verdicts"]
    lines = [
        f"{told['benchmark']}: {decided['decided']} of {told['items']} pairs decided, "
        f"{told['reviews']['done']} of {told['reviews']['needed']} reviews made",
        "  pairs      " + ", ".join(f"{name} {count}" for name, count in stand.items()),
        f"  verdicts   {decided['corrected']} corrected, {decided['against_truth']} against the truth",
    ]
    for language, counts in told["texts"].items():
        why = ", ".join(f"{name} {count}" for name, count in told["reasons"][language].items() if count)
        lines.append(
            f"  texts {language}   "
            + ", ".join(f"{n} {c}" for n, c in counts.items())
            + (f" ({why})" if why else "")
        )
    for row in told["agreement"]:
        who = " and ".join(row["reviewers"]) if row["reviewers"] else "all"
        what = row["question"] + (f" {row['language']}" if row["language"] else "")
        kappa = "undefined" if row["kappa"] is None else f"{row['kappa']:.3f}"
        seen = "" if row["observed"] is None else f", agree on {row['observed']:.1%}"
        lines.append(f"  kappa      {what:8} {kappa} ({who}, {row['count']} pairs{seen})")
    for person in told["reviewers"]:
        pace = "" if person["seconds"] is None else f", {person['seconds']:g} s each"
        lines.append(
            f"  reviewer   {person['name']}: reviews {person['reviews']}, "
            f"settled {person['adjudications']}{pace}"
        )
    return "\n".join(lines)
