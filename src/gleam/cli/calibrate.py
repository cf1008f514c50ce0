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
    atlas: Path | None = typer.Option(
        None, "--atlas", help="Atlas of the same ground: calibrate answers the way users get them."
    ),
    split: str | None = typer.Option(None, "--split", help="Use one split; all rows when not given."),
    within: float = typer.Option(50.0, "--within", metavar="M", help="Distance within which it is right."),
    seed: int = typer.Option(0, "--seed", help="Of the drawn galleries, priors and pairs."),
    as_json: bool = typer.Option(False, "--json", help="Print the held-out figures as one JSON document."),
) -> None:
    """Fit probabilities and radii on places the encoder has not seen, and save them with it.

    Without --atlas every place has its own tile in the gallery; with it, photos are located in the
    atlas, whose tiles lie on a grid, and probabilities and radii speak of that.
    """
    from gleam.atlas import Atlas
    from gleam.encoder import Encoder
    from gleam.evaluation.calibrate import calibrate_encoder
    from gleam.files import to_json
    from gleam.locating import Locator
    from gleam.locating.calibrate import calibrate_locator
    from gleam.places import Places

    loaded = Encoder.from_pretrained(encoder)
    table = Places.read(places).select(split=split)
    found = calibrate_encoder(loaded, table, name=name, within_m=within, seed=seed)
    if atlas is not None:
        locator = Locator(loaded, Atlas.open(atlas))
        found |= calibrate_locator(locator, table, name=name, within_m=within, seed=seed)
    loaded.calibration = found
    loaded.save_calibration(encoder)
    if as_json:
        figures = {"encoder": loaded.name, "fingerprint": loaded.fingerprint, "held_out": found["held_out"]}
        typer.echo(to_json(figures))
        return
    typer.echo(f"{encoder}: calibrated on {name}; figures in the half where they were not fitted:")
    for view, values in found["held_out"].items():
        shown = ", ".join(f"{key} {value:.3g}" for key, value in values.items())
        typer.echo(f"  {view}: {shown}")
