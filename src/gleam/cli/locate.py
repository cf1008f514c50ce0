"""``gleam locate``: where were these photos taken?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from gleam.locating import Answer
    from gleam.locating.batch import Failure

_EXIT_SOME_FAILED = 3
_EXIT_NONE_LOCATED = 4


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command("locate")(locate)


def locate(
    photos: list[str] = typer.Argument(..., metavar="PHOTO...", help="Photos, or folders of photos."),
    view: str = typer.Option(..., "--view", help="How they see the world: drone, map, panorama or ground."),
    atlas: str = typer.Option(..., "--atlas", help="The atlas to search, see gleam atlas build."),
    encoder: str | None = typer.Option(None, "--encoder", help="Encoder [the one that the atlas names]."),
    near: str | None = typer.Option(
        None, "--near", metavar="LAT,LON,RADIUS", help="Search only this circle (m)."
    ),
    heading: float | None = typer.Option(
        None, "--heading", help="Degrees clockwise from north; unknown: searched."
    ),
    pitch: float | None = typer.Option(None, "--pitch", help="Degrees above the horizon; -90 looks down."),
    height: float | None = typer.Option(None, "--height", help="Metres of the camera above the ground."),
    fov: float | None = typer.Option(None, "--fov", help="Horizontal field of view in degrees."),
    width_m: float | None = typer.Option(None, "--width-m", help="Ground width of a map crop in metres."),
    use_exif: bool = typer.Option(False, "--use-exif", help="Search around the position in the EXIF."),
    exif_radius: float = typer.Option(
        500.0, "--exif-radius", min=1.0, help="Radius of that search in metres."
    ),
    no_metadata: bool = typer.Option(False, "--no-metadata", help="Do not read camera angles from EXIF/XMP."),
    top: int = typer.Option(5, "--top", min=1, help="Candidates to return."),
    geojson: str | None = typer.Option(
        None, "--geojson", help="Also write the answers to this GeoJSON file."
    ),
    as_json: bool = typer.Option(False, "--json", help="Print one JSON document."),
) -> None:
    """Say where photos were taken. A photo that fails is listed and does not stop the rest.

    Leaves with 3 when a photo failed, with 4 when none failed but none could be located either (an
    ambiguous answer counts as located here: it comes with its candidates).
    """
    from gleam.atlas import Atlas
    from gleam.encoder import Encoder
    from gleam.files import to_json
    from gleam.geo import Circle
    from gleam.locating import Answer, Locator, Status
    from gleam.locating.batch import find_photos, locate_all
    from gleam.locating.exporters.geojson import write_geojson
    from gleam.progress import say, track
    from gleam.views import Pose, parse_view

    parsed = parse_view(view)
    circle = Circle.parse(near) if near is not None else None
    pose = Pose(heading_deg=heading, pitch_deg=pitch, height_m=height, fov_deg=fov, ground_width_m=width_m)
    files = find_photos(photos)
    opened = Atlas.open(atlas)
    locator = Locator(Encoder.from_pretrained(encoder or opened.encoder_name), opened)

    def one(photo: object) -> Answer:
        return locator.locate(
            photo,
            parsed,
            pose=pose,
            near=circle,
            k=top,
            use_metadata=not no_metadata,
            use_exif=use_exif,
            exif_radius_m=exif_radius,
        )

    answers: list[Answer] = []
    failures: list[Failure] = []
    for photo, result in track(locate_all(files, one), "Locating", total=len(files)):
        if isinstance(result, Answer):
            answers.append(result)
        else:
            failures.append(result)
            if as_json:
                say(f"{photo.name}: {result.error}")
        if not as_json:
            typer.echo(_line(photo.name, result))
    if geojson is not None:
        write_geojson(geojson, answers)
    if as_json and len(files) == 1 and answers:
        typer.echo(to_json(answers[0].to_json()))
    elif as_json:
        listed = [{"photo": f.photo, "error": f.error} for f in failures]
        typer.echo(to_json({"answers": [a.to_json() for a in answers], "failures": listed}))
    if failures:
        raise typer.Exit(_EXIT_SOME_FAILED)
    if not any(answer.status in (Status.LOCATED, Status.AMBIGUOUS) for answer in answers):
        raise typer.Exit(_EXIT_NONE_LOCATED)


def _line(name: str, result: Answer | Failure) -> str:
    from gleam.locating import Answer

    if not isinstance(result, Answer):
        return f"{name}  failed: {result.error}"
    if result.lat is None or result.lon is None:
        return f"{name}  {result.status.value}: {'; '.join(result.notes)}"
    sure = "not calibrated"
    if result.probability is not None and result.calibration is not None:
        sure = (
            f"{result.probability:.0%} within {result.calibration.within_m:g} m ({result.calibration.name})"
        )
    heading = f", heading {result.heading_deg:.0f}" if result.heading_deg is not None else ""
    return f"{name}  {result.status.value}  {result.lat:.6f}, {result.lon:.6f}{heading}  {sure}"
