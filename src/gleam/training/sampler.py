"""Which places stand together in which batch: a pure function of seed, phase and epoch.

No state, no global random numbers, nothing dropped: any process, at any time, after any crash, works out
the same batches. A place stands at most once in a global batch, because a second image of it would be a
false negative.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gleam.training.related import Related, keep_apart
from gleam.views import View

Places = NDArray[np.int64]

SMALLEST_BATCH = 2
"""A place alone has no negatives."""


@dataclass(frozen=True)
class Batch:
    """A global batch: place indices (none twice) and the query views shown of them."""

    places: Places
    views: tuple[View, ...]


@dataclass(frozen=True)
class Sampling:
    """How an epoch is cut into batches.

    views: query views. present: (places, views) bool, whether a place has an image of that view.
    size: places per global batch. together: all views in one batch, or one view per batch.
    equal: repeat rarer views until all are seen equally often. world: number of processes. related: places
    that show part of each other, which therefore do not meet in a batch where that can be helped.
    """

    views: tuple[View, ...]
    present: NDArray[np.bool_]
    size: int
    together: bool
    equal: bool
    world: int = 1
    related: Related | None = None


def epoch_batches(
    sampling: Sampling,
    *,
    seed: int,
    phase: int,
    epoch: int,
    neighbours: Mapping[View | None, NDArray[np.int32]] | None = None,
    per_seed: int = 4,
) -> list[Batch]:
    """Return the global batches of one epoch.

    Args:
        sampling: The places and how to cut them.
        seed: Of the training.
        phase: Index of the phase; together with seed and epoch it fixes every choice.
        epoch: Index within the phase.
        neighbours: Look-alikes per view, (places, K) place indices, -1 where there is none; the key
            ``None`` holds those for all views together. Without them batches are random.
        per_seed: Places per group of look-alikes, the seed included.
    """
    rng = np.random.default_rng([seed, phase, epoch])
    near = neighbours or {}
    counts = sampling.present.sum(0)
    batches: list[Batch] = []
    if sampling.together:
        every = np.flatnonzero(sampling.present.any(1))
        batches += _cut(_order(every, rng, near.get(None), per_seed), sampling.views, sampling)
    target = int(counts.max(initial=0)) if sampling.equal else 0
    for column, view in enumerate(sampling.views):
        own = np.flatnonzero(sampling.present[:, column])
        if len(own) == 0:
            continue
        shown = len(own) if sampling.together else 0
        wanted = max(target, 0 if sampling.together else len(own))
        look_alikes = near.get(view, near.get(None))
        while wanted - shown >= SMALLEST_BATCH * sampling.world:
            turn = _order(own, rng, look_alikes, per_seed)[: wanted - shown]
            batches += _cut(turn, (view,), sampling)
            shown += len(turn)
    order = rng.permutation(len(batches))
    return [batches[i] for i in order]


def shard(count: int, rank: int, world: int) -> slice:
    """Return the part of a global batch of ``count`` places that belongs to one process."""
    edges = [count * r // world for r in range(world + 1)]
    return slice(edges[rank], edges[rank + 1])


def _cut(order: Places, views: tuple[View, ...], sampling: Sampling) -> list[Batch]:
    """Cut into batches of the wanted size; a tail too small to learn from joins the batch before it."""
    size = max(sampling.size, SMALLEST_BATCH * sampling.world)
    starts = list(range(0, len(order), size))
    if len(starts) > 1 and len(order) - starts[-1] < SMALLEST_BATCH * sampling.world:
        starts.pop()
    ends = [*starts[1:], len(order)]
    if sampling.related is not None and len(sampling.related):
        order = keep_apart(order, [b - a for a, b in zip(starts, ends, strict=True)], sampling.related)
    return [Batch(order[a:b], views) for a, b in zip(starts, ends, strict=True) if b - a >= SMALLEST_BATCH]


def _order(
    members: Places, rng: np.random.Generator, neighbours: NDArray[np.int32] | None, per_seed: int
) -> Places:
    """Shuffle ``members``; with neighbours, so that look-alikes follow each other."""
    shuffled = rng.permutation(members).astype(np.int64)
    if neighbours is None:
        return shuffled
    free = np.zeros(len(neighbours), dtype=bool)
    free[members] = True
    keys = rng.random(neighbours.shape, dtype=np.float32)
    order = np.empty(len(members), dtype=np.int64)
    done = 0
    for leader in shuffled:
        if not free[leader]:
            continue
        free[leader] = False
        pool = neighbours[leader]
        usable = np.flatnonzero((pool >= 0) & free[pool])
        if len(usable) >= per_seed:
            usable = usable[np.argsort(keys[leader, usable], kind="stable")[: per_seed - 1]]
        group = pool[usable]
        free[group] = False
        order[done] = leader
        order[done + 1 : done + 1 + len(group)] = group
        done += 1 + len(group)
    return order
