"""What a training would do, worked out from the tables alone, or from what data sets publish."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gleam.errors import TableError
from gleam.places.importers import DATASETS
from gleam.places.importers.dataset import DataSet
from gleam.places.table import Places
from gleam.training.config import PhaseConfig, TrainConfig
from gleam.training.dataset import find_tables
from gleam.training.sampler import Sampling, epoch_batches
from gleam.views import View


@dataclass(frozen=True)
class PhasePlan:
    """places: with a satellite image and a query view. images: per view. steps: in all, and per epoch."""

    name: str
    tables: int
    places: int
    images: dict[str, int]
    steps_per_epoch: int
    steps: int


@dataclass(frozen=True)
class TrainingPlan:
    """The phases of a training and their sizes."""

    phases: tuple[PhasePlan, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain data."""
        return asdict(self)

    def text(self) -> str:
        """Return one line per phase."""
        return "\n".join(
            f"{p.name}: {p.places} places of {p.tables} tables "
            f"({', '.join(f'{count} {view}' for view, count in p.images.items())}), "
            f"{p.steps} steps, {p.steps_per_epoch} per epoch"
            for p in self.phases
        )


@dataclass(frozen=True)
class Counts:
    """Of P places. names: number of the table and name, none where only numbers are published.

    tables: how many. present: (P, V) bool, satellite first. images: per view, in that order. not_counted:
    tables of which nothing is known.
    """

    tables: int
    names: list[tuple[int, str]]
    present: NDArray[np.bool_]
    images: dict[View, int]
    not_counted: tuple[str, ...] = ()


def plan_training(config: TrainConfig) -> TrainingPlan:
    """Read the tables of every phase and count; no image is opened.

    Raises:
        TableError: A table is missing or wrong, or lacks the split.
    """
    phases = enumerate(config.phases)
    return TrainingPlan(tuple(plan_phase(config, number, count_tables(phase)) for number, phase in phases))


def plan_phase(config: TrainConfig, number: int, counts: Counts) -> PhasePlan:
    """Return the plan of the phase ``number`` with data of that size."""
    phase = config.phases[number]
    has = counts.present[counts.present[:, 0] & counts.present[:, 1:].any(1)]
    sampling = Sampling(
        phase.query_views, has[:, 1:], phase.batch, phase.views_per_batch == "all", phase.equal_views
    )
    per_epoch = len(epoch_batches(sampling, seed=config.seed, phase=number, epoch=0))
    steps = phase.steps if phase.steps is not None else max(1, round((phase.epochs or 0) * per_epoch))
    images = {view.value: count for view, count in counts.images.items()}
    return PhasePlan(phase.name, counts.tables, len(has), images, per_epoch, steps)


def count_tables(phase: PhaseConfig) -> Counts:
    """Count places and images in the tables of a phase.

    Raises:
        TableError: A table is missing or wrong, or lacks the split.
    """
    tables = find_tables(phase.places)
    names, present, images = [], [], dict.fromkeys((View.SATELLITE, *phase.query_views), 0)
    for number, path in enumerate(tables):
        table = Places.read(path)
        chosen = table.select(split=phase.split) if phase.split is not None else table
        seen = {view: set(chosen.select(view=view).place_ids) for view in images}
        for view in images:
            images[view] += len(chosen.select(view=view))
        names += [(number, place) for place in chosen.place_ids]
        present += [[place in seen[view] for view in images] for place in chosen.place_ids]
    return Counts(len(tables), names, np.array(present, dtype=bool).reshape(-1, len(images)), images)


def count_published(phase: PhaseConfig) -> Counts:
    """Count what the public data sets of a phase publish, where its tables bear their names.

    ``data/vigor`` and ``vigor.parquet`` both stand for VIGOR. Where a set tells images only, each counts
    as a place of its own, so the number of steps is at most that. Tables of which nothing is known, and
    sets that publish nothing of the split, are named in ``not_counted``.

    Raises:
        TableError: Nothing is known of any of the tables.
    """
    views = (View.SATELLITE, *phase.query_views)
    images = dict.fromkeys(views, 0)
    parts, unknown = [], []
    for pattern in phase.places:
        kind = Path(pattern).name.removesuffix(".parquet").removesuffix(".csv")
        places = {
            view: _published(DATASETS[kind], view, phase.split) if kind in DATASETS else (0, 0)
            for view in views
        }
        rows = min(places[View.SATELLITE][0], max(places[view][0] for view in phase.query_views))
        if rows == 0:
            unknown.append(pattern)
            continue
        for view, (_, pictures) in places.items():
            images[view] += pictures
        parts.append(np.arange(rows)[:, None] < np.array([[places[view][0] for view in views]]))
    if not parts:
        raise TableError(
            f"{', '.join(unknown)}: not there, and no public data set of that name publishes how large it is."
        )
    return Counts(len(parts), [], np.concatenate(parts), images, tuple(unknown))


def _published(dataset: DataSet, view: View, split: str | None) -> tuple[int, int]:
    """Return places and images of a view in a split; a protocol's prefix of its splits may be dropped."""
    names = {split, *(f"{prefix}{split}" for prefix in list(dataset.protocols.values())[:1])}
    found = [
        p
        for p in dataset.published
        if p.view is view and p.role != "gallery" and (split is None or p.split in names)
    ]
    return sum(p.places or p.images for p in found), sum(p.images for p in found)
