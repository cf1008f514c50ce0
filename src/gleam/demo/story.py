"""The story of the demo: from nothing to located and explained pictures, told while it happens."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import gleam
from gleam.atlas import Atlas
from gleam.city.make import make_city
from gleam.config import to_yaml
from gleam.demo.area import cut_area, held_out_west_m, overview
from gleam.demo.explaining import explain_pairs
from gleam.demo.findings import Score, Stage, Story, TrainingProgress, ViewScores
from gleam.demo.locating import locate_photos
from gleam.demo.markup import VIEW_NAMES
from gleam.demo.photos import held_out, take_photos
from gleam.demo.report import write_report
from gleam.demo.settings import DemoSettings
from gleam.demo.workplace import Workplace
from gleam.encoder import Encoder
from gleam.evaluation.report import evaluate
from gleam.files import atomic_write
from gleam.locating import Locator
from gleam.places import Places
from gleam.progress import duration, is_quiet, say
from gleam.training.trainer import train
from gleam.views import QUERY_VIEWS, View

STAGES = 7


def run_demo(folder: Path, settings: DemoSettings) -> Story:
    """Run the whole demo in ``folder`` and write ``report.html`` there.

    Args:
        folder: New, empty, or left by an earlier demo; a city of the same settings is used again.
        settings: How large everything is.

    Returns:
        What came out; the same that the report shows.

    Raises:
        GleamError: The folder holds something else, the disk is full, the weights are missing.
    """
    # First of all: a wrong name should not cost minutes.
    encoder = Encoder.from_pretrained(settings.encoder)
    work = Workplace(folder)
    work.open(asdict(settings))
    clock = _Clock()

    making = f"gleam city make {work.city} --seed {settings.seed} --size {settings.size_km:g}"
    making += f" --places {settings.places} --resolution {settings.m_per_px:g} --no-tiles"
    with clock.stage("Making a city with five views of every place", "生成城市与五种视角的图片", making):
        city = _make_city(work, settings)
    with clock.stage(
        "Training a small network in two phases", "两阶段训练一个小网络", f"gleam train {work.recipe}"
    ):
        training = _train(work, settings)
    building = f"gleam atlas build {work.area} --encoder {settings.encoder} --out {work.atlas}"
    with clock.stage("Indexing the held-out part of the city", "为留出区域建立索引", building):
        cut_area(work.city / city["rasters"][-1]["path"], held_out_west_m(city), work.area)
        atlas = Atlas.build(work.area, encoder, work.atlas)
    places = held_out(Places.read(work.city))
    with clock.stage(
        "Measuring the shipped weights on it",
        "在该区域上评测内置权重",
        f"gleam eval {settings.encoder} {work.city} --split test",
    ):
        measured = evaluate(encoder, places)
    locating = f"gleam locate {work.photos}/drone --view drone --atlas {work.atlas}"
    with clock.stage("Locating photos of four views from their files", "从文件定位四种视角的照片", locating):
        table = take_photos(city, places, settings.photos_per_view, settings.photo_pixels, work.photos)
        photos = locate_photos(Locator(encoder, atlas), table, work.area)
    drone = work.photos / photos[0].file
    explaining = f"gleam explain {drone} {work.atlas}:{photos[0].candidates[0]} --view drone --language zh"
    with clock.stage("Explaining two matches and one non-match", "解释两个匹配和一个不匹配", explaining):
        explained = explain_pairs(encoder, atlas, photos, table)
    picture = overview(work.area)
    lat_m = (picture.bounds[3] - picture.bounds[1]) * 111_320.0
    story = Story(
        seed=settings.seed,
        version=gleam.__version__,
        machine=_machine(),
        encoder=encoder.name,
        area_km2=picture.width_m * lat_m / 1e6,
        tiles=len(atlas),
        tile_m=atlas.tile_m,
        training=training,
        scores=tuple(_scores(view, figures) for view, figures in measured["views"].items()),
        gallery=measured["gallery"],
        photos=photos,
        explained=explained,
        overview=picture,
        stages=tuple(clock.stages),
    )
    with clock.stage("Writing the report", "撰写报告"):
        write_report(story, work.report)
    say(f"Done in {duration(sum(stage.seconds for stage in clock.stages))}.")
    return story


class _Clock:
    """Announces the stages and keeps their times."""

    def __init__(self) -> None:
        self.stages: list[Stage] = []

    @contextmanager
    def stage(self, en: str, zh: str, command: str | None = None) -> Iterator[None]:
        say(f"\n[{len(self.stages) + 1}/{STAGES}] {en}")
        if command:
            say(f"      {command}")
        started = time.perf_counter()
        yield
        seconds = time.perf_counter() - started
        self.stages.append(Stage(en, zh, seconds, command))
        say(f"      {duration(seconds)}")


def _make_city(work: Workplace, settings: DemoSettings) -> dict[str, Any]:
    city = make_city(
        work.city,
        seed=settings.seed,
        size_km=settings.size_km,
        places=settings.places,
        pixels=settings.pixels,
        mosaic_m_per_px=settings.m_per_px,
        workers=min(4, os.cpu_count() or 1),
        tiles=False,
    )
    if city["already_made"]:
        say("      It was there already, from an earlier demo.")
    counts, splits = city["counts"], city["splits"]
    say(
        f"      {counts['images']} pictures of {counts['places']} places; "
        f"{splits['train']} places to learn from, the others held out"
    )
    return city


def _train(work: Workplace, settings: DemoSettings) -> TrainingProgress:
    recipe = settings.recipe(str(work.city), str(work.training), str(work.prepared))
    with atomic_write(work.recipe) as temporary:
        temporary.write_text(to_yaml(recipe), encoding="utf-8")
    started = time.perf_counter()
    result = train(recipe)
    seconds = time.perf_counter() - started
    names = (
        ("before", "训练前"),
        ("after phase 1: drone only", "第一阶段后：仅无人机"),
        ("after phase 2: all views", "第二阶段后：全部视角"),
    )
    moments = [recall for recall in result.recalls if "epoch" not in recall.when]
    rows = []
    for (en, zh), recall in zip(names, moments, strict=True):
        rows.append((en, zh, {View(view): r["recall@1"] for view, r in recall.views.items()}))
    learned = Encoder.from_pretrained(work.training)
    progress = TrainingProgress(
        recall=tuple(rows),
        places=len(Places.read(work.city).select(split="train", view=View.SATELLITE)),
        gallery=moments[-1].gallery,
        seconds=seconds,
        parameters=sum(parameter.numel() for parameter in learned.model.parameters()),
    )
    _show_table(progress)
    return progress


def _show_table(training: TrainingProgress) -> None:
    """Print recall per moment and view, and chance, as a table."""
    if is_quiet():
        return
    from rich import box
    from rich.console import Console
    from rich.table import Table

    title = f"Recall@1 in %, {training.gallery} tiles to choose from"
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    table.add_column("")
    for view in QUERY_VIEWS:
        table.add_column(VIEW_NAMES[view][0], justify="right")
    for when, _, recall in training.recall:
        table.add_row(when, *(f"{100 * recall[view]:.1f}" for view in QUERY_VIEWS))
    table.add_row("chance", *[f"{100 / training.gallery:.1f}"] * len(QUERY_VIEWS), style="dim")
    Console(stderr=True).print(table)


def _scores(view: str, figures: dict[str, Any]) -> ViewScores:
    def score(name: str) -> Score:
        return Score(figures[name]["value"], figures[name]["low"], figures[name]["high"])

    return ViewScores(
        view=View(view),
        queries=figures["queries"],
        recall_1=score("recall@1"),
        recall_5=score("recall@5"),
        recall_10=score("recall@10"),
        histogram_1=figures["baseline_colour_histogram"]["recall@1"]["value"],
        median_m=figures["median_m"]["value"] if figures["median_m"] else None,
    )


def _machine() -> str:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{platform.system()} {platform.machine()}, {cores} cores, Python {platform.python_version()}"
