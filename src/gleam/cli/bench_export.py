"""``gleam bench export`` and ``import``: the benchmark in others' forms, and edited texts back in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from gleam.explaining.exchange.manifest import Manifest


def register(bench: typer.Typer) -> None:
    """Add the verbs to ``gleam bench``."""
    bench.command("export")(export)
    bench.command("import")(bring_in)


def export(
    bench: Path = typer.Argument(..., metavar="BENCH", help="Folder of the benchmark."),
    form: str = typer.Option(
        ..., "--format", help="hf (data set folder), trl, sharegpt (LLaMA-Factory) or swift (ms-swift)."
    ),
    out: Path = typer.Option(..., "--out", help="Folder to make."),
    split: str | None = typer.Option(None, "--split", help="train, val or test [all]."),
    languages: str = typer.Option("en,zh", "--languages", help="Of the texts, separated by commas."),
    revised_only: bool = typer.Option(
        False, "--revised-only", help="Only texts that people accepted or edited."
    ),
    label_only: bool = typer.Option(False, "--label-only", help="Verdicts without texts."),
    completion: bool = typer.Option(
        False, "--prompt-completion", help="trl: prompt and completion instead of messages."
    ),
    as_json: bool = typer.Option(False, "--json", help="Print the summary as one JSON document."),
) -> None:
    """Export a benchmark, with what people revised until now, to be read or trained on elsewhere."""
    from gleam.errors import GleamError, unknown_name
    from gleam.explaining.benchmark.folder import Bench
    from gleam.explaining.benchmark.pair import SPLITS
    from gleam.explaining.exchange.exporting import export as run
    from gleam.explaining.exchange.selection import Wish
    from gleam.explaining.sentences import parse_language
    from gleam.files import to_json

    if split is not None and split not in SPLITS:
        raise unknown_name("split", split, SPLITS)
    if completion and form.strip().lower() != "trl":
        raise GleamError("--prompt-completion belongs to --format trl.")
    wish = Wish(
        split=split,
        languages=tuple(dict.fromkeys(parse_language(name) for name in languages.split(","))),
        revised_only=revised_only,
        label_only=label_only,
        completion=completion,
    )
    manifest = run(Bench.open(bench), form, out, wish)
    typer.echo(to_json(manifest.model_dump()) if as_json else _in_words(manifest, out))


def bring_in(
    folder: Path = typer.Argument(..., metavar="EXPORT", help="Folder of an export whose texts were edited."),
    bench: Path = typer.Option(..., "--into", help="Folder of the benchmark that it was made from."),
    reviewer: str = typer.Option(..., "--reviewer", help="Under whose name the changes are recorded."),
    only_check: bool = typer.Option(False, "--dry-run", help="Only tell what would be recorded."),
    as_json: bool = typer.Option(False, "--json", help="Print the summary as one JSON document."),
) -> None:
    """Bring edited texts and verdicts of an export back in; every change becomes part of the history."""
    from dataclasses import asdict

    from gleam.explaining.benchmark.folder import Bench
    from gleam.explaining.exchange.bringing_in import bring_in as run
    from gleam.files import to_json

    done = run(Bench.open(bench), folder, reviewer, only_check=only_check)
    if as_json:
        typer.echo(to_json(asdict(done)))
    else:
        told = f"{done.pairs} pairs recorded" if not only_check else "nothing recorded (dry run)"
        typer.echo(f"{folder}: {done.rows} rows, {done.changed} changed, {told}")
        for pair_id in done.conflicts:
            typer.echo(f"  not recorded: pair {pair_id} was decided by others since the export", err=True)
    if done.conflicts:
        raise typer.Exit(3)


def _in_words(manifest: Manifest, out: Path) -> str:
    counts = ", ".join(f"{count} {split}" for split, count in manifest.records.items())
    left = "".join(f"\n  left out: {count} {reason}" for reason, count in manifest.left_out.items())
    return f"{out}: {counts} ({manifest.kind}){left}"
