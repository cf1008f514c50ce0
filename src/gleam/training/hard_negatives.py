"""Look-alikes: places that the network confuses, and places that lie near."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from torch import Tensor

from gleam.encoder import EncoderModel
from gleam.training.config import HardNegativesConfig, PhaseConfig
from gleam.training.dataset import PlaceSet
from gleam.training.embedding import embed_places
from gleam.training.runtime import Runtime
from gleam.training.similar import IndexedSearch, Search, most_similar_exact
from gleam.views import View

Neighbours = dict[View | None, NDArray[np.int32]]

_MORE = 8
"""Asked beyond what is wanted at first, because a place itself and what overlaps it fall out."""


def is_due(config: HardNegativesConfig | None, epoch: int) -> bool:
    """Tell whether look-alikes are mined at the beginning of ``epoch``."""
    if config is None or epoch < config.from_epoch:
        return False
    return (epoch - config.from_epoch) % config.every_epochs == 0


def mine(
    model: EncoderModel,
    places: PlaceSet,
    phase: PhaseConfig,
    runtime: Runtime,
    told: Callable[[str, Search], None] = lambda view, search: None,
) -> Neighbours:
    """Return the look-alikes of every place, as :func:`gleam.training.sampler.epoch_batches` takes them.

    A place is like another when its query images are like the other's satellite tile. Places that
    overlap on the ground, or that the data set calls semi-positives, are no look-alikes.

    Args:
        model: The network as it is now.
        places: To look among.
        phase: Its ``hard_negatives`` say how many, and how they are looked for.
        runtime: Where the network runs.
        told: Is called with the view (or ``all``) and how its look-alikes were looked for.
    """
    config = phase.hard_negatives
    if config is None:
        return {}
    gallery = embed_places(model, places, View.SATELLITE, np.arange(len(places)), runtime)
    nearest = nearest_places(places, config.nearest, phase.mask_within)
    finder = _Finder(gallery, config, runtime.device)

    def similar(queries: Tensor, name: str) -> NDArray[np.int32]:
        found = most_similar(queries, finder, config.pool, places, phase.mask_within)
        told(name, finder.described(queries, config.pool))
        return np.concatenate([found, nearest], 1)

    per_view: Neighbours = {}
    joint = torch.zeros_like(gallery)
    for column, view in enumerate(places.views[1:], start=1):
        own = np.flatnonzero(places.present[:, column])
        if len(own) == 0:
            continue
        queries = torch.zeros_like(gallery)
        queries[torch.from_numpy(own)] = embed_places(model, places, view, own, runtime)
        joint += queries
        if phase.views_per_batch == "one":
            per_view[view] = similar(queries, view.value)
    return {**per_view, None: similar(joint, "all")}


class _Finder:
    """Looks for similar tiles: exactly among few, through an index among many, as the recipe says."""

    def __init__(self, gallery: Tensor, config: HardNegativesConfig, device: torch.device) -> None:
        self.gallery, self.device = gallery, device
        many = len(gallery) > config.index_above
        indexed = config.search == "indexed" or (config.search == "auto" and many)
        self.index = IndexedSearch(gallery, config.probes) if indexed else None

    def __call__(self, queries: Tensor, count: int) -> NDArray[np.int64]:
        if self.index is not None:
            return self.index.search(queries, count)
        return most_similar_exact(queries, self.gallery, count, self.device)

    def described(self, queries: Tensor, count: int) -> Search:
        rows = len(self.gallery)
        if self.index is None:
            return Search("exact", rows, 1.0, rows)
        return Search("indexed", rows, *self.index.recall(queries, count))


def most_similar(
    queries: Tensor,
    find: Callable[[Tensor, int], NDArray[np.int64]],
    count: int,
    places: PlaceSet,
    mask_within: float,
) -> NDArray[np.int32]:
    """Return (P, K) the ``count`` most similar other places, best first; -1 where there are fewer.

    Args:
        queries: (P, D) one per place.
        find: Gives the numbers of the most similar tiles, (n, k), for (n, D) queries and k.
        count: How many are wanted.
        places: The places.
        mask_within: Share of a tile's width below which places overlap.
    """
    everyone = np.arange(len(places))
    return _first_usable(
        everyone, lambda own, k: find(queries[torch.from_numpy(own)], k), count, places, mask_within
    )


def nearest_places(places: PlaceSet, count: int, mask_within: float) -> NDArray[np.int32]:
    """Return (P, count) the geographically nearest other places that do not overlap; -1 where unknown."""
    found = np.full((len(places), count), -1, np.int32)
    known = np.flatnonzero(np.isfinite(places.unit).all(1))
    if count == 0 or len(known) < 2:
        return found
    # A k-d tree on the unit sphere knows no poles and no antimeridian.
    tree = cKDTree(places.unit[known])

    def near(own: NDArray[np.int64], k: int) -> NDArray[np.int64]:
        numbers: NDArray[np.int64] = known[tree.query(places.unit[own], k=np.arange(1, k + 1))[1]]
        return numbers

    found[known] = _first_usable(known, near, count, places, mask_within, among=len(known))
    return found


def _first_usable(
    own: NDArray[np.int64],
    find: Callable[[NDArray[np.int64], int], NDArray[np.int64]],
    count: int,
    places: PlaceSet,
    mask_within: float,
    *,
    among: int | None = None,
) -> NDArray[np.int32]:
    """Return (n, count) the first places found for each of ``own`` that may be its negatives.

    Where too many of those found overlap, as in dense data sets, more are asked for.
    """
    total = len(places) if among is None else among
    out = np.full((len(own), count), -1, np.int32)
    left, wanted = np.arange(len(own)), min(total, count + _MORE)
    while len(left):
        numbers = find(own[left], wanted)
        usable = (numbers >= 0) & ~places.not_negatives(own[left], numbers, mask_within)
        # A stable sort by "falls out" keeps the order of the rest.
        order = np.argsort(~usable, axis=1, kind="stable")[:, :count]
        chosen = np.where(np.take_along_axis(usable, order, 1), np.take_along_axis(numbers, order, 1), -1)
        out[left, : chosen.shape[1]] = chosen
        short = (usable.sum(1) < count) & (numbers >= 0).all(1)
        if wanted == total:
            break
        left, wanted = left[short], min(total, 2 * wanted)
    return out
