"""``gleam train``: an encoder from a recipe, or what it would take."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from gleam.training.config import TrainConfig


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
        typer.Option(
            "--dry-run", help="Check recipe, data and shapes, run one real step per phase, write nothing."
        ),
    ] = False,
    estimate: Annotated[
        bool,
        typer.Option("--estimate", help="Work out memory, time and disk; needs no data and no GPU."),
    ] = False,
    gpu: Annotated[
        str, typer.Option("--gpu", help="For --estimate: h200, h100, a100-80, a100-40, l40s, 4090, ...")
    ] = "a100-80",
    gpus: Annotated[int, typer.Option("--gpus", min=1, help="For --estimate: how many of them.")] = 1,
    utilisation: Annotated[
        float | None,
        typer.Option("--utilisation", min=0.01, max=1, help="For --estimate: share of the peak reached."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")] = False,
) -> None:
    """Train an encoder in phases; see the shipped recipes for what can be set."""
    from gleam.config import load_config
    from gleam.files import to_json
    from gleam.training.config import TrainConfig
    from gleam.training.recipes import find_recipe

    settings = list(changes or [])
    if out is not None:
        settings.append(f"out={to_json(str(out))}")
    recipe = load_config(TrainConfig, find_recipe(config), settings)
    if estimate:
        _estimate(recipe, gpu, gpus, utilisation, as_json)
    elif dry_run:
        _dry_run(recipe, as_json)
    else:
        _train(recipe, resume, as_json)


def _estimate(recipe: TrainConfig, gpu: str, gpus: int, utilisation: float | None, as_json: bool) -> None:
    from gleam.files import to_json
    from gleam.training.machines import find_machine

    machine = find_machine(gpu)  # a wrong name is told before anything is traced
    from gleam.training.estimate import estimate_training
    from gleam.training.estimate_text import estimate_text

    found = estimate_training(recipe, machine, gpus=gpus, utilisation=utilisation)
    typer.echo(to_json(found.to_dict()) if as_json else estimate_text(found))


def _dry_run(recipe: TrainConfig, as_json: bool) -> None:
    from gleam.config import to_yaml
    from gleam.files import to_json
    from gleam.training.dry_run import dry_run

    found = dry_run(recipe)
    typer.echo(to_json(found.to_dict()) if as_json else f"{to_yaml(recipe)}\n{found.text()}")


def _train(recipe: TrainConfig, resume: bool, as_json: bool) -> None:
    from gleam.files import to_json
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
