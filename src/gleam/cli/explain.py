"""``gleam explain``: does this picture show the ground of that tile, and why?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from gleam.explaining import Verdict


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command("explain")(explain)


def explain(
    query: str = typer.Argument(..., metavar="QUERY", help="The picture to be explained."),
    tile: str = typer.Argument(..., metavar="TILE", help="A satellite image, or ATLAS:TILEID."),
    view: str = typer.Option(
        ..., "--view", help="How the query sees the world: drone, map, panorama, ground."
    ),
    language: str = typer.Option("en", "--language", help="en or zh."),
    encoder: str | None = typer.Option(None, "--encoder", help="Encoder [the atlas's, else city]."),
    explainer: str = typer.Option(
        "evidence",
        "--explainer",
        help="Who explains: evidence, student, local:MODEL, or api:MODEL@URL, which gets both pictures.",
    ),
    heading: float | None = typer.Option(None, "--heading", help="Degrees clockwise from north."),
    pitch: float | None = typer.Option(None, "--pitch", help="Degrees above the horizon; -90 looks down."),
    height: float | None = typer.Option(None, "--height", help="Metres of the camera above the ground."),
    fov: float | None = typer.Option(None, "--fov", help="Horizontal field of view in degrees."),
    width_m: float | None = typer.Option(None, "--width-m", help="Ground width of a map crop in metres."),
    tile_width_m: float | None = typer.Option(
        None, "--tile-width-m", help="Ground width of the tile in metres [the encoder's own]."
    ),
    no_metadata: bool = typer.Option(False, "--no-metadata", help="Do not read camera angles from EXIF/XMP."),
    overlay: str | None = typer.Option(None, "--overlay", help="Draw both pictures with the regions here."),
    as_json: bool = typer.Option(False, "--json", help="Print one JSON document."),
) -> None:
    """Judge whether a picture shows the ground of a satellite tile, and cite the regions that tell."""
    from gleam.encoder import Encoder
    from gleam.explaining import Explainer
    from gleam.explaining.overlay import write_overlay
    from gleam.explaining.sentences import parse_language
    from gleam.locating.query import read_camera
    from gleam.views import Pose, parse_view

    seen_as, spoken = parse_view(view), parse_language(language)
    told = Pose(heading_deg=heading, pitch_deg=pitch, height_m=height, fov_deg=fov, ground_width_m=width_m)
    picture, tile_m, encoder_name = _tile(tile, tile_width_m)
    camera = read_camera(query, seen_as, told, use_metadata=not no_metadata)
    loaded = Encoder.from_pretrained(encoder or encoder_name)
    verdict = Explainer.from_name(explainer, loaded).explain(
        query, picture, seen_as, camera.pose, language=spoken, tile_width_m=tile_m
    )
    if overlay is not None:
        write_overlay(overlay, query, picture, verdict)
    typer.echo(verdict.model_dump_json(indent=2) if as_json else _text(verdict))


def _tile(name: str, width_m: float | None) -> tuple[Path | NDArray[np.uint8], float | None, str]:
    """Return the tile's picture, its ground width and the name of an encoder that fits."""
    atlas_path, colon, tile_id = name.rpartition(":")
    if Path(name).exists() or not colon or not Path(atlas_path).is_dir():
        return Path(name), width_m, "city"
    from gleam.atlas import Atlas
    from gleam.errors import GleamError

    atlas = Atlas.open(atlas_path)
    if width_m is not None:
        raise GleamError(f"The tiles of {atlas_path} are {atlas.tile_m:g} m wide; leave out --tile-width-m.")
    return atlas.thumbnail(tile_id), atlas.tile_m, atlas.encoder_name


def _text(verdict: Verdict) -> str:
    from gleam.evaluation.wording import in_percent

    lines = [verdict.text, ""]
    if verdict.model is not None:
        said = "match" if verdict.match else "no match"
        sure = f", probability {in_percent(verdict.probability)} %" if verdict.probability is not None else ""
        came = f" ({verdict.probability_from})" if verdict.probability_from else ""
        lines.append(f"  {said}{sure}{came}, by {verdict.explainer}, model {verdict.model}")
        lines += [f"  - {reason}" for reason in verdict.reasons]
    for region in verdict.regions:
        sign = "+" if region.supports else "-"
        lines.append(
            f"  {region.number} {sign} {abs(region.share):5.0%}  similarity {region.similarity:+.2f}  "
            f"{region.distance_m:.0f} m {region.direction}"
        )
    return "\n".join(lines).rstrip()
