"""``gleam train``: an encoder from a recipe."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("train")(train)


def train(
    config: Annotated[str, typer.Argument(help="A recipe (YAML file), or the name of a shipped one.")],
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change a value, such as phases.0.rate=1e-3."),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Folder of the result.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the newest checkpoint.")] = False,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Read the recipe and the data, print what would be done, and stop."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")] = False,
) -> None:
    """Train an encoder in phases; see the shipped recipes for what can be set."""
    from gleam.config import load_config, to_yaml
    from gleam.files import to_json
    from gleam.training.config import TrainConfig
    from gleam.training.recipes import find_recipe

    settings = list(changes or [])
    if out is not None:
        settings.append(f"out={to_json(str(out))}")
    recipe = load_config(TrainConfig, find_recipe(config), settings)
    if dry_run:
        from gleam.training.plan import plan_training

        plan = plan_training(recipe)
        typer.echo(to_json(plan.to_dict()) if as_json else f"{to_yaml(recipe)}\n{plan.text()}")
        return
    from gleam.training.result import recall_table
    from gleam.training.trainer import train as run

    result = run(recipe, resume=resume)
    if not result.is_main:
        return
    if as_json:
        typer.echo(to_json(result.to_dict()))
        return
    from rich.console import Console

    console = Console()
    if result.recalls:
        console.print(recall_table([recall for recall in result.recalls if recall.milestone]))
    console.print(
        f"The encoder is in {result.out} ({result.steps} steps, {result.images_per_s:.0f} images/s)."
    )
