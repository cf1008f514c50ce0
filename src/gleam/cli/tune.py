"""``gleam tune``: an explainer learns from a benchmark."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("tune")(tune)


def tune(
    config: Annotated[str, typer.Argument(help="A recipe (YAML file), or the name of a shipped one.")],
    changes: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="KEY=VALUE", help="Change a value, such as bench=FOLDER or run.rate=1e-4."
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Folder of the result.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the newest checkpoint.")] = False,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Count questions, parameters, memory and time, and stop."),
    ] = False,
    compare: Annotated[
        bool,
        typer.Option(
            "--compare", help="Tune with labels alone and with explanations, and compare (lora only)."
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")] = False,
) -> None:
    """Tune an open multimodal model (kind: lora) or the student (kind: student) on a GLEAM-X benchmark."""
    from gleam.errors import GleamError
    from gleam.explaining.tuning.dispatch import kind_of
    from gleam.explaining.tuning.recipes import find_recipe
    from gleam.files import to_json

    settings = list(changes or [])
    if out is not None:
        settings.append(f"out={to_json(str(out))}")
    recipe = find_recipe(config)
    if kind_of(recipe, settings) == "student":
        if compare:
            raise GleamError("--compare is for tunings of the kind lora.")
        _tune_student(recipe, settings, resume=resume, dry_run=dry_run, as_json=as_json)
        return
    _tune_lora(recipe, settings, resume=resume, dry_run=dry_run, compare=compare, as_json=as_json)


def _tune_lora(
    recipe: Path, settings: list[str], *, resume: bool, dry_run: bool, compare: bool, as_json: bool
) -> None:
    from gleam.config import load_config, to_yaml
    from gleam.explaining.tuning.config import TuneConfig
    from gleam.files import to_json

    config = load_config(TuneConfig, recipe, settings)
    if dry_run:
        from gleam.explaining.tuning.plan import plan_tuning

        plan = plan_tuning(config)
        typer.echo(to_json(plan.to_dict()) if as_json else f"{to_yaml(config)}\n{plan.text()}")
        return
    from gleam.explaining.tuning import result

    if compare:
        comparison = result.compare(config, resume=resume)
        if comparison:
            typer.echo(to_json(comparison) if as_json else _compared(comparison))
        return
    done = result.tune(config, resume=resume)
    if done.tuned.is_main:
        typer.echo(to_json(done.figures) if as_json else _said(done.figures, done.tuned.adapter))


def _tune_student(recipe: Path, settings: list[str], *, resume: bool, dry_run: bool, as_json: bool) -> None:
    from gleam.config import load_config, to_dict, to_yaml
    from gleam.errors import ConfigError
    from gleam.explaining.student.config import StudentConfig
    from gleam.explaining.tuning.dispatch import student_settings
    from gleam.files import to_json

    content, out = student_settings(recipe, settings)
    config = load_config(StudentConfig, content)
    if dry_run:
        typer.echo(to_json(to_dict(config)) if as_json else to_yaml(config))
        return
    if out is None:
        raise ConfigError(f"{recipe}: 'out' is missing; give it there or by --out.")
    from gleam.explaining.student.training import train_student

    figures = train_student(config, out, resume=resume)
    typer.echo(to_json(figures) if as_json else f"The student is in {out}.")


def _said(figures: dict[str, Any], adapter: Path) -> str:
    lines = [f"The adapter is in {adapter} ({figures['steps']} steps)."]
    if "verdicts" in figures:
        lines.append(_verdicts(figures["verdicts"]))
    written = figures.get("written")
    if written:
        lines.append(
            f"Written answers: {_share(written['usable'])} of {written['n']} usable, verdict right in "
            f"{_share(written['accuracy'])} of those."
        )
    lines.append(f"Use it: gleam explain QUERY TILE --view VIEW --explainer local:{adapter}")
    return "\n".join(lines)


def _verdicts(figures: dict[str, Any]) -> str:
    accuracy = figures["accuracy"]
    return (
        f"Verdicts: accuracy {accuracy['value']:.1%} ({accuracy['low']:.1%} to {accuracy['high']:.1%}, "
        f"n={figures['n']}), recall of matches {_share(figures['recall_match'])}, of others "
        f"{_share(figures['recall_no_match'])}."
    )


def _compared(comparison: dict[str, Any]) -> str:
    lines = [
        f"{teach}: {_verdicts(one['verdicts'])}"
        for teach, one in zip(comparison["teach"], comparison["results"], strict=True)
    ]
    gained = comparison["accuracy_gained_by_explaining"]
    lines.append(
        f"Explaining changed the accuracy by {100 * gained['value']:+.1f} points "
        f"({100 * gained['low']:+.1f} to {100 * gained['high']:+.1f})."
    )
    return "\n".join(lines)


def _share(value: float | None) -> str:
    return "none" if value is None else f"{value:.1%}"
