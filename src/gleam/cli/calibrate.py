"""``gleam calibrate``: measure how far an encoder's answers can be trusted, and store it with it."""

from __future__ import annotations

from pathlib import Path

import typer


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command("calibrate")(calibrate)


def calibrate(
    encoder: Path = typer.Argument(help="Folder of the encoder; its calibration is replaced."),
    places: Path = typer.Argument(help="Places it was NOT trained on: a table or a city folder."),
    name: str = typer.Option(..., "--name", help="Of the data set; it is told with every probability."),
    split: str | None = typer.Option(None, "--split", help="Use one split; all rows when not given."),
    within: float = typer.Option(50.0, "--within", metavar="M", help="Distance within which it is right."),
    seed: int = typer.Option(0, "--seed", help="Of the drawn galleries and pairs."),
    as_json: bool = typer.Option(False, "--json", help="Print the held-out figures as one JSON document."),
) -> None:
    """Fit probabilities and radii on places the encoder has not seen, and save them with it."""
    from gleam.encoder import Encoder
    from gleam.evaluation.calibrate import calibrate_encoder
    from gleam.files import to_json
    from gleam.places import Places

    loaded = Encoder.from_pretrained(encoder)
    loaded.calibration = calibrate_encoder(
        loaded, Places.read(places), name=name, split=split, within_m=within, seed=seed
    )
    loaded.save(encoder)
    figures = loaded.calibration["held_out"]
    if as_json:
        typer.echo(to_json({"encoder": loaded.name, "fingerprint": loaded.fingerprint, "held_out": figures}))
        return
    typer.echo(f"{encoder}: calibrated on {name}; figures where it was not fitted:")
    for view, values in figures.items():
        typer.echo(f"  {view}: {to_json(values)}")
