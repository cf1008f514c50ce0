"""What a training would do, worked out from the tables alone: the dry run."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from gleam.places.table import Places
from gleam.training.config import TrainConfig
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


def plan_training(config: TrainConfig) -> TrainingPlan:
    """Read the tables of every phase and count; no image is opened.

    Raises:
        TableError: A table is missing or wrong, or lacks the split.
    """
    plans = []
    for number, phase in enumerate(config.phases):
        tables = find_tables(phase.places)
        present, images = [], dict.fromkeys((View.SATELLITE, *phase.query_views), 0)
        for path in tables:
            table = Places.read(path)
            chosen = table.select(split=phase.split) if phase.split is not None else table
            seen = {view: set(chosen.select(view=view).place_ids) for view in images}
            for view in images:
                images[view] += len(chosen.select(view=view))
            present += [[place in seen[view] for view in images] for place in chosen.place_ids]
        has = np.array(present, dtype=bool).reshape(-1, len(images))
        has = has[has[:, 0] & has[:, 1:].any(1)]
        sampling = Sampling(
            phase.query_views, has[:, 1:], phase.batch, phase.views_per_batch == "all", phase.equal_views
        )
        per_epoch = len(epoch_batches(sampling, seed=config.seed, phase=number, epoch=0))
        steps = phase.steps if phase.steps is not None else max(1, round((phase.epochs or 0) * per_epoch))
        counts = {view.value: count for view, count in images.items()}
        plans.append(PhasePlan(phase.name, len(tables), len(has), counts, per_epoch, steps))
    return TrainingPlan(tuple(plans))
