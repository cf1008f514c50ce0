"""``gleam calibrate``: measure how far an encoder's answers can be trusted, and store it with it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from gleam.encoder import Encoder
    from gleam.places import Places


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command("calibrate")(calibrate)


def calibrate(
    encoder: Path = typer.Argument(help="Folder of the encoder; its calibration is replaced."),
    places: list[Path] = typer.Argument(help="Places it was NOT trained on: tables or city folders."),
    name: str = typer.Option(..., "--name", help="Of the data set; it is told with every probability."),
    atlas: list[Path] = typer.Option(
        [], "--atlas", help="Atlas of the same ground, one per PLACES in their order: the way users search."
    ),
    split: str | None = typer.Option(None, "--split", help="Use one split; all rows when not given."),
    within: float = typer.Option(50.0, "--within", metavar="M", help="Distance within which it is right."),
    limit: int | None = typer.Option(None, "--limit", min=1, help="Most photos per view and area."),
    cache: Path | None = typer.Option(
        None, "--cache", help="Folder that keeps what was located [ENCODER.calibrating]."
    ),
    seed: int = typer.Option(0, "--seed", help="Of the drawn galleries, priors and pairs."),
    as_json: bool = typer.Option(False, "--json", help="Print the held-out figures as one JSON document."),
) -> None:
    """Fit probabilities, thresholds and regions on places the encoder has not seen; save them with it.

    With --atlas, groups of photos of one place and flights past several are located too, so that
    --together and --sequence tell probabilities.

    Without --atlas every place has its own tile in the gallery; with it, photos are located in the
    atlases, whose tiles lie on a grid, and everything speaks of that. Give several areas: figures are
    then told of each area under a calibration fitted on the others. What was located is kept, so that
    the same command goes on after a kill.
    """
    from gleam.encoder import Encoder
    from gleam.errors import GleamError
    from gleam.evaluation.calibrate import calibrate_encoder
    from gleam.files import to_json
    from gleam.places import Places

    if atlas and len(atlas) != len(places):
        raise GleamError(
            f"{len(atlas)} atlases came with {len(places)} tables of places; give --atlas once for each, "
            "in their order."
        )
    loaded = Encoder.from_pretrained(encoder)
    # What is made anew must not lean on the old, nor fail because that is of another version.
    loaded.calibration = {}
    tables = [Places.read(path).select(split=split) for path in places]
    some = tables if limit is None else [_limited(table, limit) for table in tables]
    found = calibrate_encoder(loaded, some, name=name, within_m=within, seed=seed)
    if atlas:
        folder = cache or encoder.with_name(f"{encoder.name}.calibrating")
        areas = [path.stem for path in places]
        found |= _through(loaded, tables, areas, atlas, name, within, limit, folder, seed)
    loaded.calibration = found
    loaded.save_calibration(encoder)
    if as_json:
        figures = {"encoder": loaded.name, "fingerprint": loaded.fingerprint, "held_out": found["held_out"]}
        typer.echo(to_json(figures))
        return
    typer.echo(f"{encoder}: calibrated on {name}; figures where they were not fitted:")
    for view, values in found["held_out"].items():
        shown = ", ".join(f"{key} {value:.3g}" for key, value in values.items())
        typer.echo(f"  {view}: {shown}")


def _through(
    encoder: Encoder,
    tables: list[Places],
    areas: list[str],
    atlases: list[Path],
    name: str,
    within_m: float,
    limit: int | None,
    cache: Path,
    seed: int,
) -> dict[str, Any]:
    """Locate the photos of every area in its atlas and fit on all of them together."""
    from gleam.atlas import Atlas
    from gleam.locating import Locator
    from gleam.locating.judging.calibrate import fit_answers
    from gleam.locating.judging.sample import Sample
    from gleam.locating.judging.samples import Looks, sample_area
    from gleam.locating.several.samples import sample_several

    samples: list[Sample] = []
    for n, (table, area, folder) in enumerate(zip(tables, areas, atlases, strict=True)):
        locator = Locator(encoder, Atlas.open(folder))
        how: dict[str, Any] = {
            "area": area,
            "others": [other for i, other in enumerate(tables) if i != n],
            "limit": limit,
            "within_m": within_m,
            "seed": seed,
            "cache": cache,
            "look": Looks(locator),
        }
        samples += sample_area(locator, table, **how)
        samples += sample_several(locator, table, **how)
    return fit_answers(samples, name=name, within_m=within_m)


def _limited(table: Places, limit: int) -> Places:
    """Return all satellite rows and evenly drawn ones of the other views."""
    import numpy as np

    from gleam.views import View

    kept = []
    for view in table.views:
        rows = np.flatnonzero([row.view is view for row in table])
        few = view is not View.SATELLITE and len(rows) > limit
        kept.append(rows[np.linspace(0, len(rows) - 1, limit).round().astype(int)] if few else rows)
    return table.take(np.sort(np.concatenate(kept)))
