"""What a training leaves: the encoder, published whole, and the table of recalls."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gleam.encoder import Encoder
from gleam.training.recall import RANKS, Recall

if TYPE_CHECKING:
    from rich.table import Table

HEADER = "config.json"


@dataclass(frozen=True)
class TrainingResult:
    """What a training did.

    out: the folder. steps: done in all. recalls: in order. images_per_s: of this process, over the steps
    of this run. notes: what was left out of the data. is_main: False in the other processes of several.
    """

    out: Path
    steps: int
    recalls: tuple[Recall, ...]
    images_per_s: float
    notes: tuple[str, ...] = ()
    is_main: bool = True

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for ``--json``."""
        return {
            "out": str(self.out),
            "steps": self.steps,
            "images_per_s": self.images_per_s,
            "recalls": [recall.to_dict() for recall in self.recalls],
            "notes": list(self.notes),
        }


def publish(encoder: Encoder, out: Path) -> None:
    """Put the encoder's files into ``out``, among the log and the checkpoints.

    ``config.json`` goes first and comes last: without it the folder is no encoder, so a kill in between
    never leaves a mixture that could be taken for whole.
    """
    draft = out / ".encoder"
    shutil.rmtree(draft, ignore_errors=True)
    encoder.save(draft)
    (out / HEADER).unlink(missing_ok=True)
    # safetensors makes files that only their owner may read; an encoder is as readable as its header.
    for file in draft.iterdir():
        shutil.copymode(draft / HEADER, file)
    for file in sorted(draft.iterdir(), key=lambda file: file.name == HEADER):
        os.replace(file, out / file.name)
    draft.rmdir()


def recall_table(recalls: Sequence[Recall]) -> Table:
    """Return the recalls as a table: a row per moment, a column per view, in percent."""
    from rich.table import Table

    views = list(dict.fromkeys(view for recall in recalls for view in recall.views))
    gallery = recalls[-1].gallery if recalls else 0
    table = Table(title=f"Recall@{'/'.join(map(str, RANKS))} in %, gallery of {gallery} tiles")
    table.add_column("")
    for view in views:
        table.add_column(view, justify="right")
    for recall in recalls:
        cells = [
            " / ".join(f"{100 * recall.views[view][f'recall@{k}']:.1f}" for k in RANKS)
            if view in recall.views
            else "-"
            for view in views
        ]
        table.add_row(recall.when, *cells)
    chance = " / ".join(f"{100 * min(1.0, k / max(1, gallery)):.1f}" for k in RANKS)
    table.add_row("chance", *[chance] * len(views), style="dim")
    return table
