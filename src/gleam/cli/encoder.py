"""``gleam encoder``: list and show encoders, convert weights of other projects, export to ONNX."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import typer

from gleam.cli import encoder_export


def register(app: typer.Typer) -> None:
    """Add the verb and its parts to the command line."""
    group = typer.Typer(no_args_is_help=True, help="List, show, convert and export encoders.")
    group.command("list")(list_)
    group.command("show")(show_)
    group.command("convert")(convert_)
    encoder_export.register(group)
    app.add_typer(group, name="encoder")


def list_(as_json: bool = typer.Option(False, "--json", help="Print one JSON document.")) -> None:
    """List the encoders inside the package."""
    from gleam.encoder.listing import shipped
    from gleam.files import to_json

    found = shipped()
    if as_json:
        typer.echo(to_json(found))
        return
    for one in found:
        typer.echo(_line(one))


def show_(
    encoder: str = typer.Argument(help="A shipped encoder, a folder, or hf-hub:ORG/NAME."),
    as_json: bool = typer.Option(False, "--json", help="Print one JSON document."),
) -> None:
    """Say what an encoder is made of and what it is calibrated for."""
    from gleam.encoder import Encoder
    from gleam.encoder.listing import describe
    from gleam.files import to_json

    told = describe(Encoder.from_pretrained(encoder))
    typer.echo(to_json(told) if as_json else _table(told))


def convert_(
    kind: str = typer.Argument(
        help="sample4geo, congeo, game4loc, camp, dac, mean, or timm (a plain network)."
    ),
    file: Path = typer.Argument(help="The checkpoint (.pth). Only tensors are read from it, no code is run."),
    out: Path = typer.Option(..., help="Folder of the encoder."),
    name: str | None = typer.Option(None, help="Name of the encoder; the kind when not given."),
    backbone: str | None = typer.Option(None, help="timm's name of the network, when not the usual one."),
    img_size: int | None = typer.Option(None, "--img-size", min=16, max=4096, help="Side of the pictures."),
    panorama: str | None = typer.Option(None, help="Size of panoramas as HEIGHTxWIDTH (CVUSA: 140x768)."),
    tile_m: float = typer.Option(100.0, "--tile-m", min=1.0, help="Ground width of the tiles of an atlas."),
    keep_timm: bool = typer.Option(
        False, "--keep-timm", help="Keep timm's network where the core has its own."
    ),
    as_json: bool = typer.Option(False, "--json", help="Print one JSON document."),
) -> None:
    """Bring weights of another project into an encoder that gives the same vectors.

    The encoder then works in eval, atlas, locate, calibrate and serve. Every tensor of the file is either
    used or named as left out; anything else is an error.
    """
    from gleam.encoder.convert import convert
    from gleam.files import to_json

    done = convert(
        kind,
        file,
        name=name,
        backbone=backbone,
        pixels=img_size,
        panorama=None if panorama is None else _size(panorama),
        tile_m=tile_m,
        keep_timm=keep_timm,
    )
    done.encoder.save(out)
    told = {**done.to_dict(), "out": str(out)}
    if as_json:
        typer.echo(to_json(told))
        return
    typer.echo(f"{out}: encoder {told['name']!r} ({told['fingerprint']}), backbone {told['backbone']}.")
    typer.echo(f"{told['tensors']} tensors used, {len(done.dropped)} left out:")
    for what in sorted(set(done.dropped.values())):
        keys = [key for key, reason in done.dropped.items() if reason == what]
        typer.echo(f"  {what}: {', '.join(keys[:3])}{f' and {len(keys) - 3} more' if len(keys) > 3 else ''}")
    for note in done.notes:
        typer.echo(f"Note: {note}.")
    typer.echo("Not calibrated: measure it with gleam eval, then calibrate it with gleam calibrate.")


def _size(text: str) -> tuple[int, int]:
    from gleam.errors import GleamError

    match = re.fullmatch(r"(\d{1,5})[x,](\d{1,5})", text.strip())
    if not match:
        raise GleamError(f"--panorama {text!r} is no size; write HEIGHTxWIDTH, such as 384x768.")
    return int(match.group(1)), int(match.group(2))


def _line(told: dict[str, Any]) -> str:
    preparation = told["preparation"]
    return (
        f"{told['name']}  {told['fingerprint']}  {told['backbone']}, {told['parameters']:,} parameters, "
        f"vectors of {told['dim']}, {preparation['geometry']} pictures of {preparation['pixels']} pixels, "
        f"{len(told['calibration_sets'])} calibration sets"
    )


def _table(told: dict[str, Any]) -> str:
    preparation = ", ".join(f"{key} {value}" for key, value in told["preparation"].items())
    rows = [
        ("name", told["name"]),
        ("fingerprint", told["fingerprint"]),
        ("backbone", told["backbone"]),
        ("head", told["head"]),
        ("parameters", f"{told['parameters']:,}"),
        ("vector", f"{told['dim']} numbers, {told['turns']} turns"),
        ("preparation", preparation),
        (
            "regions",
            "can be cited" if told["tells_regions"] else "cannot be cited: whole pictures are compared",
        ),
    ]
    sets = told["calibration_sets"] or ["nothing yet (gleam calibrate)"]
    rows += [("calibrated" if number == 0 else "", text) for number, text in enumerate(sets)]
    if told["origin"] is not None:
        origin = told["origin"]
        rows.append(
            ("weights", f"{origin['project']}, {origin['source']}, {origin['network']}, {origin['file']}")
        )
    return "\n".join(f"{key:<12} {value}" for key, value in rows)
