"""``gleam bench make``: the pairs of a GLEAM-X benchmark and the texts of its teachers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from gleam.explaining.benchmark.folder import BenchInfo


def register(bench: typer.Typer) -> None:
    """Add the verbs to ``gleam bench``."""
    bench.command("make")(make)


def make(
    places: list[Path] = typer.Argument(..., metavar="PLACES...", help="Places tables or their folders."),
    out: Path = typer.Option(..., "--out", help="Benchmark to make; a stopped run is gone on with."),
    name: str | None = typer.Option(None, "--name", help="What to call it [the folder's name]."),
    seed: int = typer.Option(0, "--seed", help="Decides every draw."),
    pairs: int | None = typer.Option(None, "--pairs", help="At most so many pairs [all]."),
    split_by: str = typer.Option(
        "auto", "--split-by", help="auto, table (the table's own splits) or blocks (squares of ground)."
    ),
    block_m: float | None = typer.Option(None, "--block-m", help="Width of a block in metres."),
    val_share: float = typer.Option(0.1, "--val-share", help="Share of the places for validation."),
    test_share: float = typer.Option(0.2, "--test-share", help="Share of the places for testing."),
    encoder: str = typer.Option("city", "--encoder", help="Whose mistakes become negatives; none for none."),
    as_json: bool = typer.Option(False, "--json", help="Print the summary as one JSON document."),
) -> None:
    """Make a benchmark: balanced pairs in three tiers of negatives, and texts in English and Chinese."""
    from gleam.encoder import Encoder
    from gleam.explaining.benchmark.make import make_pairs
    from gleam.explaining.benchmark.recipe import PairRecipe
    from gleam.files import to_json

    recipe = PairRecipe(
        seed=seed,
        pairs=pairs,
        split_by=split_by,  # type: ignore[arg-type]
        block_m=block_m,
        val_share=val_share,
        test_share=test_share,
    )
    loaded = None if encoder == "none" else Encoder.from_pretrained(encoder)
    info = make_pairs(places, out, recipe, loaded, name)
    typer.echo(to_json(info.model_dump()) if as_json else _in_words(info, out))


def _in_words(info: BenchInfo, out: Path) -> str:
    lines = [f"{out}: {sum(info.splits.values())} pairs, split by {info.notes.get('split_by')}"]
    for split, views in info.counts.items():
        for view, tiers in views.items():
            told = ", ".join(f"{tier} {count}" for tier, count in tiers.items() if count)
            lines.append(f"  {split:5} {view:8}  {told or 'none'}")
    for note, said in (
        ("dropped_at_borders", "places left out, because two splits would show their ground"),
        ("unreadable_pictures", "pictures left out, because they cannot be read"),
        ("without_position", "places without a position: told apart by name alone"),
    ):
        if info.notes.get(note):
            lines.append(f"  {info.notes[note]} {said}")
    return "\n".join(lines)
