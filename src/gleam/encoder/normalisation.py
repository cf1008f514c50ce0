"""Batch normalisation with one set of running statistics per view and weights shared by all.

The five views differ in brightness, contrast and texture; with their own statistics the shared
filters see comparable inputs (measured in the city study: a little faster learning). Statistics are
not weights: every learnt parameter stays shared.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from gleam.views import View

VIEW_ORDER: tuple[View, ...] = tuple(View)


@dataclass(frozen=True, slots=True)
class ViewRun:
    """``count`` consecutive images of one view within a batch."""

    view: View
    count: int


def runs_within(runs: Sequence[ViewRun], span: slice) -> tuple[ViewRun, ...]:
    """Return the runs of the images of ``span`` only."""
    inside, start = [], 0
    for run in runs:
        count = min(start + run.count, span.stop) - max(start, span.start)
        if count > 0:
            inside.append(ViewRun(run.view, count))
        start += run.count
    return tuple(inside)


class RunContext:
    """The runs of the batch now in the network; one object is shared by all its norms.

    Each thread has its own: a server lets several threads use one network at once.
    """

    def __init__(self) -> None:
        self._of_thread = threading.local()

    @property
    def runs(self) -> tuple[ViewRun, ...]:
        """The runs of the batch that this thread has in the network."""
        runs: tuple[ViewRun, ...] = getattr(self._of_thread, "runs", ())
        return runs

    @runs.setter
    def runs(self, runs: tuple[ViewRun, ...]) -> None:
        self._of_thread.runs = runs

    def __getstate__(self) -> dict[str, object]:
        """Leave out what belongs to threads, so that a network can be copied and sent."""
        return {}

    def __setstate__(self, _: dict[str, object]) -> None:
        """Begin anew."""
        self._of_thread = threading.local()


class ViewNorm(nn.Module):
    """Normalise (N, C) or (N, C, H, W) per view, then scale and shift with shared weights."""

    MOMENTUM = 0.1
    EPSILON = 1e-5

    mean: Tensor
    variance: Tensor

    def __init__(self, channels: int, context: RunContext, per_view: bool) -> None:
        super().__init__()
        self.context = context
        self.per_view = per_view
        sets = len(VIEW_ORDER) if per_view else 1
        self.register_buffer("mean", torch.zeros(sets, channels))
        self.register_buffer("variance", torch.ones(sets, channels))
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        """Return ``x`` normalised; the context's runs must add up to its first dimension."""
        if not self.per_view:
            return self._normalised(x, 0)
        runs = self.context.runs
        if len(runs) == 1:
            return self._normalised(x, VIEW_ORDER.index(runs[0].view))
        parts = torch.split_with_sizes(x, [run.count for run in runs])
        done = [self._normalised(part, VIEW_ORDER.index(r.view)) for r, part in zip(runs, parts, strict=True)]
        return torch.cat(done)

    def _normalised(self, x: Tensor, row: int) -> Tensor:
        # The rows are views of the buffers, so that training updates the running statistics in place.
        return functional.batch_norm(
            x,
            self.mean[row],
            self.variance[row],
            self.weight,
            self.bias,
            self.training,
            self.MOMENTUM,
            self.EPSILON,
        )
