"""The learning rate over a phase."""

from __future__ import annotations

import math

from gleam.training.config import PhaseConfig


def rate_at(phase: PhaseConfig, step: int, steps: int) -> float:
    """Return the learning rate of one step.

    Args:
        phase: Gives the highest rate, the warm-up, the schedule and the final share.
        step: From 0 to ``steps - 1``.
        steps: Length of the phase.
    """
    warm_steps = round(phase.warmup * steps)
    if step < warm_steps:
        return phase.rate * (step + 1) / (warm_steps + 1)
    if phase.schedule == "constant":
        return phase.rate
    progress = (step - warm_steps) / max(1, steps - warm_steps)
    cosine = 0.5 * (1.0 + math.cos(math.pi * progress))
    return phase.rate * (phase.final_rate_share + (1.0 - phase.final_rate_share) * cosine)
