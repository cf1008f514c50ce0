"""The training itself: phases, epochs, steps, and what is kept for the next start."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch

from gleam.config import to_dict, to_yaml
from gleam.errors import ConfigError, GleamError
from gleam.files import atomic_write
from gleam.progress import Bar, progress, say
from gleam.training.batches import load_step, step_seed
from gleam.training.checkpoint import (
    Checkpoint,
    flatten,
    load_strictly,
    newest_checkpoint,
    optimiser_tensors,
    restore_optimiser,
    save_checkpoint,
)
from gleam.training.config import PhaseConfig, TrainConfig
from gleam.training.dataset import PlaceSet, open_places
from gleam.training.hard_negatives import Neighbours, is_due, mine
from gleam.training.images import default_cache
from gleam.training.journal import Journal
from gleam.training.learner import Learner
from gleam.training.recall import Recall, measure_recall
from gleam.training.result import TrainingResult, publish
from gleam.training.resuming import CONFIG, check_unchanged
from gleam.training.runtime import Runtime
from gleam.training.sampler import Batch, Sampling, epoch_batches
from gleam.training.schedule import rate_at
from gleam.training.similar import Search
from gleam.views import View

LOG, CHECKPOINTS = "log.jsonl", "checkpoints"


class Trainer:
    """One training in one process (of possibly several)."""

    def __init__(self, config: TrainConfig) -> None:
        """Set up device and network; data are opened by :meth:`run`, which is the first to write."""
        self.config = config
        self.out = Path(config.out)
        self.runtime = Runtime(config.device, config.precision, config.threads)
        self.learner = Learner(config, self.runtime)
        self.neighbours: Neighbours = {}
        self.recalls: list[Recall] = []
        self.held_out: PlaceSet | None = None
        self.phase_index = 0
        self.phase_step = 0
        self.global_step = 0
        self.notes: list[str] = []
        self.images_seen = 0
        self.seconds = 0.0

    # --- the whole ---------------------------------------------------------------------------

    def run(self, *, resume: bool = False) -> TrainingResult:
        """Train all phases and publish the encoder.

        Raises:
            ConfigError: ``out`` holds another training, or a setting changed since the checkpoint.
            GleamError: Data cannot be read, the loss is not finite, or the disk is full.
        """
        checkpoint = self._begin(resume)
        journal = Journal(self.out / LOG, active=self.runtime.is_main)
        try:
            if checkpoint is not None:
                self._restore(checkpoint)
                journal.cut(int(checkpoint.state["log_bytes"]))
            self._open_held_out()
            if checkpoint is None:
                journal.write("start", name=self.config.name, parameters=self.learner.parameter_count())
                self._measure("before", journal)
                self._save(journal)
            while self.phase_index < len(self.config.phases):
                self._run_phase(self.config.phases[self.phase_index], checkpoint, journal)
                checkpoint = None
            if self.runtime.is_main:
                publish(self.learner.finished(), self.out)
                journal.write("end", step=self.global_step)
            self.runtime.wait()
        finally:
            journal.close()
        rate = self.images_seen / self.seconds if self.seconds else 0.0
        return TrainingResult(
            self.out, self.global_step, tuple(self.recalls), rate, tuple(self.notes), self.runtime.is_main
        )

    def _begin(self, resume: bool) -> Checkpoint | None:
        """Make the folder, or find where an earlier start of this training stopped."""
        checkpoint = newest_checkpoint(self.out / CHECKPOINTS) if resume else None
        if checkpoint is not None:
            check_unchanged(self.config, checkpoint.state, self.out)
            self._write_config()
            return checkpoint
        # The main process looks for all: it makes the folder while the others may still be looking.
        if self.runtime.same(not resume and (self.out / CHECKPOINTS).is_dir()):
            raise ConfigError(
                f"{self.out} already holds a training; add --resume to go on, or choose another --out."
            )
        if self.runtime.is_main:
            (self.out / CHECKPOINTS).mkdir(parents=True, exist_ok=True)
            (self.out / LOG).unlink(missing_ok=True)
        self._write_config()
        return None

    def _write_config(self) -> None:
        if self.runtime.is_main:
            with atomic_write(self.out / CONFIG) as temporary:
                temporary.write_text(to_yaml(self.config), encoding="utf-8")
        self.runtime.wait()

    # --- a phase -----------------------------------------------------------------------------

    def _run_phase(self, phase: PhaseConfig, checkpoint: Checkpoint | None, journal: Journal) -> None:
        places = self._open(phase.places, phase.split, phase.query_views, bare_drones=phase.without_pose > 0)
        if checkpoint is not None and self.phase_step and checkpoint.state["data"] != places.fingerprint:
            raise GleamError(
                f"The places of phase {phase.name!r} are not those it was interrupted with; bring back the "
                "same tables, or start anew."
            )
        sampling = Sampling(
            views=phase.query_views,
            present=places.present[:, 1:],
            size=phase.batch,
            together=phase.views_per_batch == "all",
            equal=phase.equal_views,
            world=self.runtime.world,
            related=places.related,
        )
        per_epoch = len(self._batches(sampling, phase, epoch=0, mined=False))
        total = phase.steps if phase.steps is not None else max(1, round((phase.epochs or 0) * per_epoch))
        optimiser = self.learner.begin(phase)
        if checkpoint is not None and self.phase_step:
            restore_optimiser(optimiser, checkpoint.group("optimiser"))
        else:
            self.neighbours = {}
        say(
            f"Phase {phase.name}: {len(places)} places, views satellite, {', '.join(phase.query_views)}; "
            f"{total} steps of {phase.batch} places ({per_epoch} per epoch)."
        )
        measured_every = self._steps_between_recalls(per_epoch)
        with progress(phase.name, total) as bar:
            bar.advance(self.phase_step)
            self._steps(phase, places, sampling, per_epoch, total, measured_every, bar, journal)
        self._measure(f"after {phase.name}", journal)
        self.phase_index += 1
        self.phase_step = 0
        self.learner.optimiser = None
        self.neighbours = {}
        if self.runtime.is_main:
            encoder, folder = self.learner.finished(), self.out / "phases" / phase.name
            folder.mkdir(parents=True, exist_ok=True)
            publish(encoder, folder)
        self._save(journal)

    def _steps(
        self,
        phase: PhaseConfig,
        places: PlaceSet,
        sampling: Sampling,
        per_epoch: int,
        total: int,
        measured_every: int,
        bar: Bar,
        journal: Journal,
    ) -> None:
        batches: list[Batch] = []
        pace = _Pace(self.config.log_every_steps)
        while self.phase_step < total:
            epoch, position = divmod(self.phase_step, per_epoch)
            if position == 0 and is_due(phase.hard_negatives, epoch):
                self.neighbours = self._mine(places, phase, journal)
            if position == 0 or not batches:
                batches = self._batches(sampling, phase, epoch, mined=bool(self.neighbours))
            rate = rate_at(phase, self.phase_step, total)
            loss, images = self._step(phase, places, batches[position], rate)
            self.phase_step += 1
            self.global_step += 1
            pace.add(images)
            bar.advance(1, note=f"loss {loss:.3f}, {pace.images_per_s:.0f} images/s")
            if self.phase_step % self.config.log_every_steps == 0 or self.phase_step == total:
                journal.write(
                    "step",
                    step=self.global_step,
                    phase=phase.name,
                    epoch=round(self.phase_step / per_epoch, 4),
                    loss=loss,
                    scale=float(self.learner.log_scale.detach().exp()),
                    rate=rate,
                    images_per_s=round(pace.images_per_s, 1),
                )
            if measured_every and self.phase_step % measured_every == 0 and self.phase_step < total:
                when = f"{phase.name}, epoch {self.phase_step / per_epoch:.1f}"
                self._measure(when, journal, milestone=False)
            if self.phase_step % self.config.checkpoint_every_steps == 0 and self.phase_step < total:
                self._save(journal, places)
        self.images_seen += pace.images
        self.seconds += pace.seconds

    def _step(self, phase: PhaseConfig, places: PlaceSet, batch: Batch, rate: float) -> tuple[float, int]:
        """Learn from one global batch; return the loss over all processes and the images shown here."""
        seed = step_seed(self.config.seed, self.phase_index, self.phase_step)
        generator = torch.Generator().manual_seed(seed)
        torch.manual_seed(seed ^ self.runtime.rank)
        inputs = load_step(places, batch, phase, generator, rank=self.runtime.rank, world=self.runtime.world)
        return self.learner.step(inputs, phase, rate), len(inputs.pixels)

    def _batches(self, sampling: Sampling, phase: PhaseConfig, epoch: int, *, mined: bool) -> list[Batch]:
        return epoch_batches(
            sampling,
            seed=self.config.seed,
            phase=self.phase_index,
            epoch=epoch,
            neighbours=self.neighbours if mined else None,
            per_seed=phase.hard_negatives.per_seed if phase.hard_negatives else 2,
        )

    def _mine(self, places: PlaceSet, phase: PhaseConfig, journal: Journal) -> Neighbours:
        def told(view: str, search: Search) -> None:
            if search.method != "exact":
                journal.write("mining", step=self.global_step, view=view, **asdict(search))

        # Every process mines alike; the main one's result is used, so that rounding cannot part them.
        found = mine(self.learner.model, places, phase, self.runtime, told) if self.runtime.is_main else {}
        shared: Neighbours = self.runtime.same(found)
        return shared

    # --- recall ------------------------------------------------------------------------------

    def _open_held_out(self) -> None:
        evaluate = self.config.evaluate
        if evaluate is not None:
            self.held_out = self._open(evaluate.places, evaluate.split, evaluate.query_views)

    def _measure(self, when: str, journal: Journal, *, milestone: bool = True) -> None:
        evaluate = self.config.evaluate
        if evaluate is None or self.held_out is None:
            return
        if self.runtime.is_main:
            recall = measure_recall(
                self.learner.best,
                self.held_out,
                evaluate,
                self.runtime,
                when=when,
                step=self.global_step,
                milestone=milestone,
            )
            self.recalls.append(recall)
            journal.write("recall", **recall.to_dict())
            shown = ", ".join(f"{view} {100 * r['recall@1']:.1f}" for view, r in recall.views.items())
            say(f"{when}: recall@1 in % of {recall.gallery}: {shown}")
        self.runtime.wait()

    def _steps_between_recalls(self, per_epoch: int) -> int:
        evaluate = self.config.evaluate
        return max(1, round(evaluate.every_epochs * per_epoch)) if evaluate and evaluate.every_epochs else 0

    # --- keeping -----------------------------------------------------------------------------

    def _save(self, journal: Journal, places: PlaceSet | None = None) -> None:
        if self.runtime.is_main:
            groups = {"model": self.learner.model.state_dict(), "loss": {"log_scale": self.learner.log_scale}}
            if self.learner.average is not None:
                groups["average"] = self.learner.average.model.state_dict()
            if self.learner.optimiser is not None:
                groups["optimiser"] = optimiser_tensors(self.learner.optimiser)
            groups["neighbours"] = {
                view.value if view else "all": torch.from_numpy(near)
                for view, near in self.neighbours.items()
            }
            state = {
                "config": to_dict(self.config),
                "phase_index": self.phase_index,
                "phase_step": self.phase_step,
                "global_step": self.global_step,
                "average_updates": self.learner.average.updates if self.learner.average else 0,
                "data": places.fingerprint if places else "",
                "recalls": [recall.to_dict() for recall in self.recalls],
                "log_bytes": journal.size(),
            }
            # A phase's end and the periodic save may fall on one step: the later one replaces the file.
            save_checkpoint(
                self.out / CHECKPOINTS,
                self.global_step,
                Checkpoint(flatten(groups), state),
                self.config.keep_checkpoints,
            )
        self.runtime.wait()

    def _restore(self, checkpoint: Checkpoint) -> None:
        state = checkpoint.state
        load_strictly(self.learner.model, checkpoint.group("model"), "network")
        if self.learner.average is not None:
            load_strictly(self.learner.average.model, checkpoint.group("average"), "average network")
            self.learner.average.updates = int(state["average_updates"])
        with torch.no_grad():
            self.learner.log_scale.copy_(checkpoint.tensors["loss/log_scale"])
        self.neighbours = {
            None if name == "all" else View(name): near.numpy().astype(np.int32)
            for name, near in checkpoint.group("neighbours").items()
        }
        self.phase_index, self.phase_step = int(state["phase_index"]), int(state["phase_step"])
        self.global_step = int(state["global_step"])
        self.recalls = [Recall(**recall) for recall in state["recalls"]]
        say(f"Going on from step {self.global_step} of {self.out}.")

    def _open(
        self, patterns: list[str], split: str | None, views: tuple[View, ...], *, bare_drones: bool = False
    ) -> PlaceSet:
        def opened() -> PlaceSet:
            return open_places(
                patterns,
                split,
                views,
                self.learner.encoder_config.preparation,
                Path(self.config.cache) if self.config.cache else default_cache(),
                workers=self.config.workers,
                skip_bad=self.config.skip_bad,
                bare_drones=bare_drones,
            )

        # One process prepares, then the others find the cache filled.
        places = opened() if self.runtime.is_main else None
        self.runtime.wait()
        places = places or opened()
        for note in places.notes:
            if note not in self.notes:
                self.notes.append(note)
                say(note)
        return places


class _Pace:
    """Images per second: lately for the display, in all for the result."""

    def __init__(self, window: int) -> None:
        self.images, self.seconds, self.images_per_s = 0, 0.0, 0.0
        self._last, self._window = time.perf_counter(), max(1, window)
        self._recent: list[tuple[int, float]] = []

    def add(self, images: int) -> None:
        """Count the images of one step, and the time since the last one."""
        now = time.perf_counter()
        self._recent = [*self._recent[-self._window :], (images, now - self._last)]
        self.images += images
        self.seconds += now - self._last
        self._last = now
        self.images_per_s = sum(n for n, _ in self._recent) / max(1e-9, sum(s for _, s in self._recent))


def train(config: TrainConfig, *, resume: bool = False) -> TrainingResult:
    """Train an encoder as ``config`` says; see :class:`Trainer`."""
    return Trainer(config).run(resume=resume)
