"""``gleam encoder export``: an encoder as an ONNX file, checked; or all its number types measured."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from gleam.encoder import Encoder


def register(group: typer.Typer) -> None:
    """Add the command to ``gleam encoder``."""
    group.command("export")(export_)


def export_(
    encoder: str = typer.Argument(help="A shipped encoder, a folder, or hf-hub:ORG/NAME."),
    out: Path | None = typer.Option(None, help="The file to make (.onnx)."),
    view: str = typer.Option("satellite", help="View the file is for; its shape is fixed."),
    batch: int = typer.Option(1, min=1, max=1024, help="Pictures at once; fixed in the file."),
    dtype: str = typer.Option("fp32", help="fp32, bf16 (weights), or int8 (arithmetic too)."),
    calibration: Path | None = typer.Option(
        None, help="Places table whose pictures tell the ranges of int8 (with --measure: needed)."
    ),
    measure: Path | None = typer.Option(
        None, help="Measure all number types on this places table instead: recall lost, speed, bytes."
    ),
    split: str | None = typer.Option(None, help="With --measure: rows of one split."),
    seed: int = typer.Option(0, help="Of the choice of pictures for the ranges."),
    as_json: bool = typer.Option(False, "--json", help="Print one JSON document."),
) -> None:
    """Write an encoder as an ONNX file of fixed shape, or measure what its number types cost.

    A file takes prepared pictures as bytes, (batch, height, width, 3), and gives unit vectors. It is run in
    onnxruntime before it is kept: a float32 file whose vectors differ from the encoder's by more than 1e-5 is
    refused. Encoders with statistics per view need one file per view.
    """
    from gleam.encoder import Encoder
    from gleam.errors import GleamError
    from gleam.files import to_json

    if (out is None) == (measure is None):
        raise GleamError("Give either --out FILE.onnx to export, or --measure PLACES to measure.")
    loaded = Encoder.from_pretrained(encoder)
    told = (
        _exported(loaded, out, view, batch, dtype, calibration, seed)
        if out is not None
        else _measured(loaded, measure, calibration, split, seed)
    )
    if as_json:
        typer.echo(to_json(told))
    elif measure is not None:
        _print(told)
    else:
        typer.echo(
            f"{out}: {told['bytes'] / 1e6:.2f} MB, {told['dtype']}, for {', '.join(told['views'])}, "
            f"{told['batch']} at once. In onnxruntime its vectors differ by {told['difference']:.1e} at most "
            f"(least cosine {told['cosine']:.6f})."
        )


def _exported(
    encoder: Encoder, out: Path, view: str, batch: int, dtype: str, calibration: Path | None, seed: int
) -> dict[str, Any]:
    from gleam.encoder.exporting import export_onnx

    pictures = None if calibration is None else _pictures(encoder, calibration, view, seed)
    (done,) = export_onnx(encoder, out, view, batch=batch, dtypes=[dtype], pictures=pictures)
    told = done.metadata
    return {
        "file": str(done.file),
        "bytes": done.bytes,
        "views": [view.value for view in told.views],
        "dtype": told.dtype,
        "batch": told.batch,
        "dim": told.dim,
        "encoder": told.name,
        "fingerprint": told.fingerprint,
        "difference": done.difference,
        "cosine": done.cosine,
    }


def _pictures(encoder: Encoder, table: Path, view: str, seed: int) -> NDArray[np.uint8]:
    from gleam.evaluation.variants import range_pictures
    from gleam.places import Places
    from gleam.views import parse_view

    return range_pictures(encoder, Places.read(table), parse_view(view), seed)


def _measured(
    encoder: Encoder, table: Path | None, calibration: Path | None, split: str | None, seed: int
) -> dict[str, Any]:
    from gleam.errors import GleamError
    from gleam.evaluation.variants import measure_variants
    from gleam.places import Places

    if table is None or calibration is None:
        raise GleamError(
            "--measure needs --calibration PLACES too, with other places, for the ranges of int8."
        )
    return measure_variants(encoder, Places.read(table), Places.read(calibration), split=split, seed=seed)


def _print(told: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    names = list(told["variants"][0]["views"])
    table = Table(title=f"{told['encoder']} ({told['fingerprint']}), gallery of {told['gallery']}", box=None)
    table.add_column("")
    table.add_column("MB", justify="right")
    for name in names:
        table.add_column(name, justify="right")
    for one in told["variants"]:
        size = "-" if one["bytes"] is None else f"{one['bytes'] / 1e6:.1f}"
        table.add_row(one["name"], size, *[_cell(one["views"][name]) for name in names])
    console = Console()
    console.print(table)
    console.print("A cell: recall@1 (points lost) / recall@5 (points lost) in %, pictures per second.")
    for note in told["notes"]:
        console.print(f"- {note}")


def _cell(figures: dict[str, float]) -> str:
    speed = f"{figures['pictures_per_s']:.0f}/s"
    if "recall@1" not in figures:
        return speed
    recalls = [f"{figures[f'recall@{k}']:.1f} ({figures[f'loss@{k}']:+.1f})" for k in (1, 5)]
    return f"{' / '.join(recalls)}, {speed}"
