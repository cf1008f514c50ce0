"""What a training needs before it is started: memory, time and disk, from its recipe alone."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

from gleam.encoder import EncoderConfig
from gleam.errors import TableError
from gleam.training.config import PhaseConfig, TrainConfig
from gleam.training.known_models import without_download
from gleam.training.machines import Machine
from gleam.training.plan import Counts, count_published, count_tables, plan_phase
from gleam.training.tracing import StepTrace, trace_step
from gleam.views import View

UTILISATION, CONVOLUTIONAL_UTILISATION = 0.35, 0.20
"""Shares of the peak that a training is taken to reach: ours by experience of others, not measured here.
Convolutional networks spend much of their time in depthwise layers, which wait for memory."""

CALL_S = 5e-6
"""Starting one function on a GPU; tiny networks wait for nothing else."""

ALLOCATOR = 1.10
CONTEXT_BYTES = 1_000_000_000
"""What the allocator wastes, and what the driver and its libraries take for themselves."""

Trace = Callable[[PhaseConfig, tuple[View, ...], int], StepTrace]


@dataclass(frozen=True)
class Memory:
    """Bytes on one accelerator. working: activations, gradients and whatever else one step holds at once.

    update: gradients and what the optimiser holds at once beyond its state. needed: the larger of the two
    beside the rest, with the allocator's waste and the driver's share.
    """

    weights: int
    average: int
    optimiser: int
    working: int
    update: int

    @property
    def standing(self) -> int:
        """What is there all the time."""
        return self.weights + self.average + self.optimiser

    @property
    def needed(self) -> int:
        """Return the bytes that the accelerator must have."""
        return int(ALLOCATOR * (self.standing + max(self.working, self.update))) + CONTEXT_BYTES


@dataclass(frozen=True)
class PhaseEstimate:
    """What one phase takes.

    places, steps: None where the size of the data is not known. data: ``tables``, ``published``, or why
    it is not. not_counted: tables whose size is not known. images, operations: of one step, all processes.
    largest_batch: places of a global batch that fit without ``chunk``, None where not even two do.
    largest_chunk: images in the network at once that fit with it. read_bytes_per_s: of prepared pictures,
    all processes.
    """

    name: str
    data: str
    not_counted: tuple[str, ...]
    places: int | None
    steps: int | None
    batch: int
    images: int
    chunk: int
    parameters: int
    trained: int
    memory: Memory
    fits: bool
    largest_batch: int | None
    largest_chunk: int | None
    operations: int
    seconds_per_step: float
    images_per_s: float
    read_bytes_per_s: float
    hours: float | None
    cache_bytes: int | None


@dataclass(frozen=True)
class Estimate:
    """A whole training on ``gpus`` of ``machine``, at ``utilisation`` of its peak."""

    name: str
    machine: Machine
    gpus: int
    utilisation: float
    precision: str
    phases: tuple[PhaseEstimate, ...]
    assumptions: tuple[str, ...]

    @property
    def hours(self) -> float | None:
        """The length of all phases, None where one is not known."""
        known = [phase.hours for phase in self.phases if phase.hours is not None]
        return sum(known) if len(known) == len(self.phases) else None

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for ``--json``."""
        phases = []
        for phase in self.phases:
            memory = {**asdict(phase.memory), "needed": phase.memory.needed}
            phases.append({**asdict(phase), "memory": memory})
        return {**asdict(self), "phases": phases, "hours": self.hours}


def estimate_training(
    config: TrainConfig, machine: Machine, *, gpus: int = 1, utilisation: float | None = None
) -> Estimate:
    """Work out memory, time and disk of every phase; no data, weights or accelerator are needed.

    Raises:
        ConfigError: The network's shape is not known without a download, or the recipe cannot run.
    """
    encoder = _encoder(config)
    share = utilisation if utilisation is not None else _utilisation(encoder)
    known: dict[tuple[Any, ...], StepTrace] = {}

    def trace(phase: PhaseConfig, views: tuple[View, ...], places: int) -> StepTrace:
        sizes = tuple(encoder.preparation.size(view) for view in views)
        frozen = (tuple(phase.freeze), phase.freeze_statistics, phase.chunk)
        loss = repr(phase.loss or config.loss)
        key = (sizes, places, frozen, loss)
        if key not in known:
            known[key] = trace_step(config, encoder, phase, views, places)
        return known[key]

    phases = tuple(
        _phase(config, encoder, number, machine, gpus, share, trace) for number in range(len(config.phases))
    )
    return Estimate(
        config.name,
        machine,
        gpus,
        share,
        config.precision,
        phases,
        _assumptions(config, machine, share),
    )


def _utilisation(encoder: EncoderConfig) -> float:
    transformer = any(word in encoder.backbone for word in ("vit", "dinov2", "siglip"))
    return UTILISATION if transformer else CONVOLUTIONAL_UTILISATION


def _encoder(config: TrainConfig) -> EncoderConfig:
    if config.start is None:
        return without_download(config.encoder)
    from gleam.encoder import Encoder

    return Encoder.from_pretrained(config.start).config


def _phase(
    config: TrainConfig,
    encoder: EncoderConfig,
    number: int,
    machine: Machine,
    gpus: int,
    utilisation: float,
    trace: Trace,
) -> PhaseEstimate:
    phase = config.phases[number]
    counts, data = _counts(phase)
    plan = plan_phase(config, number, counts) if counts is not None else None
    steps = plan.steps if plan is not None else phase.steps
    own = -(-phase.batch // gpus)
    # One batch shows all views, or one query view at a time; the hungriest of these tells the memory.
    shown = [phase.query_views] if phase.views_per_batch == "all" else [(view,) for view in phase.query_views]
    traces = [_whole(phase, (View.SATELLITE, *views), own, trace) for views in shown]
    largest = max(range(len(shown)), key=lambda i: traces[i].working)
    views, worst = (View.SATELLITE, *shown[largest]), traces[largest]
    memory = _memory(config, worst, gpus)
    limit = int(machine.memory_gb * 1e9)
    fitting = _largest(config, phase, views, own, gpus, limit, trace)
    operations = gpus * sum(t.operations for t in traces) // len(traces)
    peak = (machine.bf16 if config.precision == "bf16" else machine.fp32) * 1e12
    calls = max(t.calls for t in traces)
    seconds = max(operations / (gpus * peak * utilisation), CALL_S * calls)
    images = own * gpus * len(views)
    size = {
        view: 3 * math.prod(encoder.preparation.size(view)) for view in (View.SATELLITE, *phase.query_views)
    }
    cache = sum(count * size[view] for view, count in (counts.images if counts else {}).items())
    return PhaseEstimate(
        name=phase.name,
        data=data,
        not_counted=counts.not_counted if counts is not None else (),
        places=plan.places if plan is not None else None,
        steps=steps,
        batch=own * gpus,
        images=images,
        chunk=phase.chunk,
        parameters=worst.parameters,
        trained=worst.trained,
        memory=memory,
        fits=memory.needed <= limit,
        largest_batch=fitting * gpus if fitting >= 2 else None,
        # A chunk may consist of the largest pictures alone.
        largest_chunk=fitting * sum(size[v] for v in views) // max(size[v] for v in views) or None,
        operations=operations,
        seconds_per_step=seconds,
        images_per_s=images / seconds,
        read_bytes_per_s=own * gpus * sum(size[view] for view in views) / seconds,
        hours=steps * seconds / 3600 if steps is not None else None,
        cache_bytes=cache if counts is not None else None,
    )


def _counts(phase: PhaseConfig) -> tuple[Counts | None, str]:
    try:
        return count_tables(phase), "tables"
    except TableError:
        try:
            return count_published(phase), "published"
        except TableError as error:
            return None, str(error)


def _whole(phase: PhaseConfig, views: tuple[View, ...], own: int, trace: Trace) -> StepTrace:
    """Trace a step; of one in many chunks two and three, since each further chunk adds the same."""
    per_chunk = max(1, phase.chunk // len(views))
    if phase.chunk == 0 or own <= 3 * per_chunk:
        return trace(phase, views, own)
    two, three = trace(phase, views, 2 * per_chunk), trace(phase, views, 3 * per_chunk)
    more = own / per_chunk - 2
    return StepTrace(
        parameters=two.parameters,
        trained=two.trained,
        weights=two.weights,
        gradients=two.gradients,
        working=round(two.working + more * (three.working - two.working)),
        operations=round(two.operations + more * (three.operations - two.operations)),
        calls=round(two.calls + more * (three.calls - two.calls)),
    )


def _memory(config: TrainConfig, trace: StepTrace, gpus: int) -> Memory:
    return Memory(
        weights=trace.weights,
        average=trace.weights if config.ema_decay else 0,
        optimiser=2 * trace.gradients,
        working=trace.working,
        # Gradients, one more copy inside AdamW, and one to exchange them between processes.
        update=(3 if gpus > 1 else 2) * trace.gradients,
    )


def _largest(
    config: TrainConfig,
    phase: PhaseConfig,
    views: tuple[View, ...],
    own: int,
    gpus: int,
    limit: int,
    trace: Trace,
) -> int:
    """Return how many places fit into one accelerator at once: memory grows evenly with them."""
    whole = replace(phase, chunk=0)
    many = max(4, min(own, (phase.chunk // len(views)) or own))
    few = max(2, many // 2)
    one, two = trace(whole, views, few), trace(whole, views, many)
    each = (two.working - one.working) / max(1, many - few)
    spare = (limit - CONTEXT_BYTES) / ALLOCATOR - _memory(config, two, gpus).standing - two.working
    return max(0, int(many + spare / each)) if each > 0 else many


def _assumptions(config: TrainConfig, machine: Machine, utilisation: float) -> tuple[str, ...]:
    peak = machine.bf16 if config.precision == "bf16" else machine.fp32
    more = ["torch.compile is left out of account"] if config.compile else []
    return (
        f"{utilisation:.0%} of the peak of {peak:g} TFLOP/s ({config.precision}, {machine.title}) is reached",
        f"starting a function on a GPU takes {CALL_S * 1e6:g} us; the smallest networks wait for that",
        "preparing images, reading them and looking for look-alikes cost no time beside the network",
        f"the allocator wastes {ALLOCATOR - 1:.0%}, the driver takes {CONTEXT_BYTES / 1e9:g} GB",
        "every place of a batch has an image of every view shown",
        "the cache holds the pictures of the phases, without those of 'evaluate'",
        *more,
    )
