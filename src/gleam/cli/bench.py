"""``gleam bench``: the GLEAM-X benchmark; its verbs live in files of their own."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

import typer

VERBS = ("make", "batch", "review", "export", "score")
"""Each is a module ``bench_VERB`` of this package, which may add more than one verb."""


def register(app: typer.Typer) -> None:
    """Add the verb and its verbs to the command line."""
    bench = typer.Typer(no_args_is_help=True, help="Make, revise, export and score the GLEAM-X benchmark.")
    for verb in VERBS:
        module = f"gleam.cli.bench_{verb}"
        if find_spec(module) is not None:
            import_module(module).register(bench)
    app.add_typer(bench, name="bench")
