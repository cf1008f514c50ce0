"""An estimate in words and a few columns."""

from __future__ import annotations

from gleam.training.estimate import Estimate, PhaseEstimate


def estimate_text(estimate: Estimate) -> str:
    """Return the estimate as lines for people."""
    gpus = f"{estimate.gpus} x {estimate.machine.title} ({estimate.machine.memory_gb:g} GB)"
    lines = [f"{estimate.name} on {gpus}"]
    for phase in estimate.phases:
        lines += ["", *_phase_lines(phase, estimate)]
    if estimate.hours is not None and len(estimate.phases) > 1:
        lines += ["", f"All phases: {_duration(estimate.hours)}"]
    lines += ["", "It assumes that", *(f"  - {text};" for text in estimate.assumptions)]
    return "\n".join(lines)


def _phase_lines(phase: PhaseEstimate, estimate: Estimate) -> list[str]:
    memory, gb = phase.memory, 1e9
    chunks = f", {phase.chunk} images in the network at once" if phase.chunk else ""
    if phase.steps is None:
        length = f"length not known: {phase.data}"
    else:
        count = f"{phase.places:,} places" if phase.places is not None else "places not known"
        told = {"tables": "", "published": " (as the data sets publish)"}.get(phase.data, "")
        length = f"{count}{told}, {phase.steps:,} steps"
        if phase.not_counted:
            length += f"; not counted, as their size is not known: {', '.join(phase.not_counted)}"
    room = "fits" if phase.fits else "DOES NOT FIT"
    parts = [("weights", memory.weights), ("average", memory.average), ("optimiser", memory.optimiser)]
    shown = ", ".join(f"{name} {size / gb:.2f}" for name, size in parts if size)
    if phase.largest_batch is not None:
        most = (
            f"a batch of {phase.largest_batch} places fits whole; any batch with chunk {phase.largest_chunk}"
        )
    elif phase.largest_chunk is not None:
        most = f"no batch fits whole; any batch with chunk {phase.largest_chunk}"
    else:
        most = "not even one place fits; set checkpoint_activations, or take a smaller network"
    work = f"{phase.operations / 1e12:.2f} TFLOP"
    lines = [
        f"{phase.name}",
        f"  data      {length}",
        f"  network   {phase.parameters / 1e6:.1f} M parameters, {phase.trained / 1e6:.1f} M of them learn",
        f"  step      {phase.batch} places, {phase.images} images{chunks}, {work}",
        f"  memory    {memory.needed / gb:.1f} GB per GPU, {room} ({shown}, step {memory.working / gb:.2f})",
        f"  at most   {most}",
        f"  time      {phase.seconds_per_step:.3g} s per step, {phase.images_per_s:,.0f} images/s "
        f"({phase.read_bytes_per_s / gb:.2f} GB/s of prepared pictures)",
    ]
    if phase.hours is not None:
        lines[-1] += f", {_duration(phase.hours)} in all"
    if phase.cache_bytes is not None:
        lines.append(f"  disk      {phase.cache_bytes / gb:.1f} GB of prepared pictures")
    return lines


def _duration(hours: float) -> str:
    if hours < 1:
        return f"{60 * hours:.0f} min"
    return f"{hours:.1f} hours" if hours < 48 else f"{hours / 24:.1f} days"
