"""The dry run: recipe, tables, files and shapes are checked, and real steps are run, without leaving a trace.

Pictures are prepared in a folder that is removed again; ``out`` and the cache stay as they are.
"""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gleam.errors import TableError
from gleam.places.table import Places
from gleam.progress import progress
from gleam.training.batches import StepInput, load_step, step_seed
from gleam.training.config import PhaseConfig, TrainConfig
from gleam.training.dataset import find_tables, open_places
from gleam.training.learner import Learner
from gleam.training.plan import TrainingPlan, count_tables, plan_training
from gleam.training.runtime import Runtime
from gleam.training.sampler import Batch, Sampling, epoch_batches
from gleam.training.schedule import rate_at
from gleam.views import View


@dataclass(frozen=True)
class DryStep:
    """One step that was run.

    phase: its name. places: in the batch. images: of this process, with their size, such as
    ``{"drone": [48, 3, 96, 96]}``. loss: over all processes. seconds: with preparing the images left out.
    gpu_bytes: the most that was taken on a GPU, None on a CPU.
    """

    phase: str
    places: int
    images: dict[str, list[int]]
    loss: float
    seconds: float
    gpu_bytes: int | None


@dataclass(frozen=True)
class DryRun:
    """plan: of all phases. files: image files looked for. steps: run. notes: what would be left out."""

    plan: TrainingPlan
    files: int
    parameters: int
    steps: tuple[DryStep, ...]
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for ``--json``."""
        steps = [asdict(step) for step in self.steps]
        return {
            **self.plan.to_dict(),
            "files": self.files,
            "parameters": self.parameters,
            "steps": steps,
            "notes": list(self.notes),
        }

    def text(self) -> str:
        """Return the plan, what was checked, and a line per step."""
        lines = [self.plan.text(), f"{self.files} image files are there; {self.parameters:,} parameters."]
        for step in self.steps:
            shown = ", ".join(f"{view} {'x'.join(map(str, size))}" for view, size in step.images.items())
            memory = f", {step.gpu_bytes / 1e9:.1f} GB of the GPU" if step.gpu_bytes is not None else ""
            lines.append(
                f"{step.phase}: a step of {step.places} places ({shown}) has loss {step.loss:.4f} "
                f"and took {step.seconds:.2f} s{memory}"
            )
        return "\n".join([*lines, *self.notes, "Nothing was written."])


def dry_run(config: TrainConfig) -> DryRun:
    """Check a recipe with its data, and run one real step of every kind of batch of every phase.

    Raises:
        GleamError: A table, a file, a shape or a value is wrong; says which, and what to do.
    """
    plan = plan_training(config)
    for phase in plan.phases:
        if phase.places < 2:
            raise TableError(
                f"Phase {phase.name!r}: {phase.places} places have a satellite image and a query view; at "
                "least two are needed."
            )
    files, notes = _check_files(config)
    runtime = Runtime(config.device, config.precision, config.threads)
    learner = Learner(config, runtime)
    steps: list[DryStep] = []
    for number, phase_config in enumerate(config.phases):
        learner.begin(phase_config)
        total = plan.phases[number].steps
        with tempfile.TemporaryDirectory(prefix="gleam-dry-run-") as folder:
            for batch, inputs, told in _batches(config, number, learner, runtime, Path(folder)):
                steps.append(_step(learner, phase_config, batch, inputs, rate_at(phase_config, 0, total)))
                notes += [note for note in told if note not in notes]
    return DryRun(plan, files, learner.parameter_count(), tuple(steps), tuple(notes))


def _check_files(config: TrainConfig) -> tuple[int, list[str]]:
    """Look for the file of every image of the phases and of the held-out places."""
    wanted: dict[Path, str] = {}
    sections: list[tuple[list[str], str | None, Sequence[View]]] = [
        (phase.places, phase.split, phase.query_views) for phase in config.phases
    ]
    if config.evaluate is not None:
        sections.append((config.evaluate.places, config.evaluate.split, config.evaluate.query_views))
    for patterns, split, views in sections:
        for path in find_tables(patterns):
            table = Places.read(path)
            for row in table.select(split=split) if split is not None else table:
                if row.view in (View.SATELLITE, *views):
                    wanted[table.path_of(row)] = f"{path}, place {row.place}, {row.view.value}"
    missing = []
    with progress("Looking for image files", len(wanted)) as bar:
        for file, where in wanted.items():
            if not file.is_file():
                missing.append(f"{where}: {file}")
            bar.advance()
    if not missing:
        return len(wanted), []
    told = f"{len(missing)} of {len(wanted)} image files are missing, the first of them {missing[0]}"
    if not config.skip_bad:
        raise TableError(f"{told}; bring them back, or set skip_bad to leave such images out.")
    return len(wanted), [f"{told}; they are left out."]


def _batches(
    config: TrainConfig, number: int, learner: Learner, runtime: Runtime, folder: Path
) -> list[tuple[Batch, StepInput, tuple[str, ...]]]:
    """Load the first of the largest batches of all views together, and of each view shown by itself."""
    phase = config.phases[number]
    counts = count_tables(phase)
    usable = np.flatnonzero(counts.present[:, 0] & counts.present[:, 1:].any(1))
    sampling = Sampling(
        phase.query_views,
        counts.present[usable, 1:],
        phase.batch,
        phase.views_per_batch == "all",
        phase.equal_views,
        runtime.world,
    )
    kinds: dict[tuple[View, ...], Batch] = {}
    for batch in epoch_batches(sampling, seed=config.seed, phase=number, epoch=0):
        if batch.views not in kinds or len(batch.places) > len(kinds[batch.views].places):
            kinds[batch.views] = batch
    if phase.views_per_batch == "all":
        kinds = {views: batch for views, batch in kinds.items() if views == phase.query_views} or kinds
    loaded = []
    for kind, (views, batch) in enumerate(kinds.items()):
        places = open_places(
            phase.places,
            phase.split,
            phase.query_views,
            learner.encoder_config.preparation,
            folder / str(kind),
            workers=config.workers,
            skip_bad=config.skip_bad,
            bare_drones=phase.without_pose > 0,
            only={counts.names[i] for i in usable[batch.places].tolist()},
        )
        seen = Batch(np.arange(len(places)), views)
        generator = torch.Generator().manual_seed(step_seed(config.seed, number, kind))
        inputs = load_step(places, seen, phase, generator, rank=runtime.rank, world=runtime.world)
        loaded.append((seen, inputs, tuple(n for n in places.notes if config.skip_bad)))
    return loaded


def _step(learner: Learner, phase: PhaseConfig, batch: Batch, inputs: StepInput, rate: float) -> DryStep:
    device = learner.runtime.device
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    begun = time.perf_counter()
    loss = learner.step(inputs, phase, rate)
    seconds = time.perf_counter() - begun
    assert math.isfinite(loss)
    size = learner.encoder_config.preparation.size
    return DryStep(
        phase=phase.name,
        places=len(batch.places),
        images={run.view.value: [run.count, 3, *size(run.view)] for run in inputs.runs},
        loss=loss,
        seconds=seconds,
        gpu_bytes=torch.cuda.max_memory_allocated(device) if device.type == "cuda" else None,
    )
