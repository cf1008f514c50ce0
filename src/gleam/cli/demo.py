"""``gleam demo``: the whole story on the built-in city."""

from __future__ import annotations

from pathlib import Path

import typer


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command("demo")(demo)


def demo(
    out: Path = typer.Option(Path("demo"), "--out", help="Folder for everything the demo makes."),
    quick: bool = typer.Option(False, "--quick", help="A small city and a very short training."),
    seed: int | None = typer.Option(None, "--seed", help="Another city."),
    encoder: str = typer.Option("city", "--encoder", help="The weights that locate and explain."),
    as_json: bool = typer.Option(False, "--json", help="Print one JSON document."),
) -> None:
    """Make a city, learn on one part, index another, locate photos in it, and explain why.

    Nothing is downloaded. Writes OUT/report.html.
    """
    from gleam.demo.settings import DEMO_SEED, DemoSettings
    from gleam.demo.story import run_demo
    from gleam.demo.summary import as_plain, in_words
    from gleam.files import to_json

    number = DEMO_SEED if seed is None else seed
    full = DemoSettings(seed=number, encoder=encoder)
    story = run_demo(out, DemoSettings.quick(number, encoder) if quick else full)
    report = out / "report.html"
    typer.echo(to_json(as_plain(story, report)) if as_json else in_words(story, report))
