"""``gleam locate``: where were these photos taken?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from pathlib import Path

    from gleam.locating import Answer
    from gleam.locating.batch import Failure


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command("locate")(locate)


def locate(
    photos: list[str] = typer.Argument(..., metavar="PHOTO...", help="Photos, or folders of photos."),
    view: str | None = typer.Option(
        None, "--view", help="How they see the world: drone, map, panorama or ground [detected]."
    ),
    atlas: str = typer.Option(..., "--atlas", help="The atlas to search, see gleam atlas build."),
    encoder: str | None = typer.Option(
        None, "--encoder", help="Encoder [the one that the atlas names], or onnx:FOLDER."
    ),
    near: str | None = typer.Option(
        None, "--near", metavar="LAT,LON,RADIUS", help="Search only this circle (m)."
    ),
    box: str | None = typer.Option(
        None, "--box", metavar="S,W,N,E", help="Search only this box (degrees); W above E crosses 180."
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
    together: bool = typer.Option(False, "--together", help="The photos show one place: give one answer."),
    sequence: bool = typer.Option(
        False, "--sequence", help="The photos are one flight or drive, ordered by capture time."
    ),
    speed: float = typer.Option(20.0, "--speed", min=0.1, help="Fastest motion of a --sequence in m/s."),
    to: list[str] | None = typer.Option(
        None,
        "--to",
        metavar="FILE",
        help="Also write the answers to this file; repeatable. By its name: .geojson .csv .jsonl .kml .gpx "
        "geo.txt .navsatfix.json .mavlink.jsonl .tlog, or a folder for EXIF-tagged copies.",
    ),
    format: str | None = typer.Option(None, "--format", help="Format of the --to file, whatever its name."),
    geojson: str | None = typer.Option(
        None, "--geojson", help="Also write the answers to this GeoJSON file."
    ),
    out: str | None = typer.Option(
        None,
        "--out",
        metavar="FILE",
        help="Keep every answer in this file of JSON lines at once.",
    ),
    resume: bool = typer.Option(False, "--resume", help="Skip photos that --out has the answer of."),
    explain: bool = typer.Option(False, "--explain", help="Compare the best candidates and say why."),
    explainer: str | None = typer.Option(
        None,
        "--explainer",
        help="Who explains: evidence, student, local:MODEL, api:MODEL@URL [evidence].",
    ),
    language: str = typer.Option("en", "--language", help="Of the explanation: en or zh."),
    compare: int = typer.Option(3, "--compare", min=1, help="Candidates that --explain compares pairwise."),
    rerank: bool = typer.Option(False, "--rerank", help="Let --explain put another candidate first."),
    as_json: bool = typer.Option(False, "--json", help="Print one JSON document."),
    as_jsonl: bool = typer.Option(False, "--jsonl", help="Print one JSON line per photo, as they come."),
) -> None:
    """Say where photos were taken. A photo that fails is listed and does not stop the rest.

    Leaves with 3 when a photo failed, with 4 when none failed but none could be located either (an
    ambiguous answer counts as located here: it comes with its candidates).
    """
    from gleam.atlas import Atlas
    from gleam.cli.locate_explained import Explaining
    from gleam.encoder import Encoder
    from gleam.encoder.exporting import load_maker
    from gleam.errors import GleamError
    from gleam.files import to_json
    from gleam.geo import Box, Circle
    from gleam.locating import Answer, Locator
    from gleam.locating.batch import EXIT_SOME_FAILED, find_photos
    from gleam.locating.exporters.jsonl import to_line
    from gleam.locating.job import Job, Mode
    from gleam.progress import say
    from gleam.views import Pose, parse_view

    if as_json and as_jsonl:
        raise GleamError("--json prints one document, --jsonl one line per photo: choose one.")
    if format is not None and len(to or ()) != 1:
        raise GleamError(f"--format belongs to one --to; {len(to or ())} were given.")
    if near is not None and box is not None:
        raise GleamError("--near searches a circle, --box a box: choose one.")
    area = Circle.parse(near) if near is not None else Box.parse(box) if box is not None else None
    explain = explain or explainer is not None
    if rerank and not explain:
        raise GleamError("--rerank belongs to --explain, which compares the candidates.")
    if explain and (together or sequence or (rerank and out is not None)):
        raise GleamError("--explain goes with neither --together nor --sequence, --rerank not with --out.")
    options = {
        "view": None if view is None else parse_view(view),
        "pose": Pose(
            heading_deg=heading, pitch_deg=pitch, height_m=height, fov_deg=fov, ground_width_m=width_m
        ),
        "near": area,
        "k": max(top, compare) if explain else top,
        "use_metadata": not no_metadata,
        "use_exif": use_exif,
        "exif_radius_m": exif_radius,
    }
    job = Job(
        photos=find_photos(photos),
        options=options,
        mode=Mode.of(together, sequence),
        max_speed_mps=speed,
        exports=[
            *((path, format) for path in to or ()),
            *([(geojson, "geojson")] if geojson is not None else ()),
        ],
        out=out,
        resume=resume,
    )
    opened = Atlas.open(atlas)
    loaded = load_maker(encoder or opened.encoder_name)
    locator = Locator(loaded, opened)
    explaining = None
    if explain:
        if not isinstance(loaded, Encoder):
            raise GleamError("--explain needs the encoder itself, not exported files; leave one of them out.")
        explaining = Explaining(
            explainer or "evidence", loaded, opened, language=language, top=compare, rerank=rerank
        )

    def show(photo: Path, result: Answer | Failure) -> None:
        if explaining is not None:
            result = explaining.take(photo, result)
        if as_jsonl:
            typer.echo(explaining.line() if explaining is not None else to_line(result))
        elif not as_json:
            name = result.photo if isinstance(result, Answer) else None
            typer.echo(_line(name or photo.name, result))
            if explaining is not None:
                typer.echo(explaining.text())
        elif not isinstance(result, Answer):
            say(f"{photo.name}: {result.error}")

    outcome = job.run(locator, show)
    if explaining is not None:
        outcome.answers[:] = explaining.answers
    if as_json and explaining is not None:
        typer.echo(to_json(explaining.document(outcome)))
    elif as_json and len(job.photos) == 1 and outcome.answers:
        typer.echo(to_json(outcome.answers[0].to_json()))
    elif as_json:
        typer.echo(to_json(outcome.to_json()))
    job.export(outcome)
    if len(job.photos) > 1:
        say(f"{outcome.summary}.")
    code = outcome.summary.exit_code or (EXIT_SOME_FAILED if explaining and explaining.failed else 0)
    if code:
        raise typer.Exit(code)


def _line(name: str, result: Answer | Failure) -> str:
    from gleam.evaluation.wording import in_percent
    from gleam.locating import Answer
    from gleam.locating.exporters.claims import place_of

    if not isinstance(result, Answer):
        return f"{name}  failed: {result.error}"
    place = place_of(result)
    seen = f" ({result.view}, detected)" if result.view_detected else ""
    if place is None:
        return f"{name}{seen}  {result.status.value}: {'; '.join(result.notes)}"
    sure = next((note for note in result.notes if "no probability" in note), "not calibrated")
    if result.probability is not None and result.calibration is not None:
        sure = (
            f"{in_percent(result.probability)} % within {result.calibration.within_m:g} m "
            f"({result.calibration.name})"
        )
    heading = f", heading {result.heading_deg:.0f}" if result.heading_deg is not None else ""
    return f"{name}{seen}  {result.status.value}  {place[0]:.6f}, {place[1]:.6f}{heading}  {sure}"
