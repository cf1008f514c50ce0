"""Look-alikes: places that the network confuses, found in chunks, never by an N x N matrix in memory."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from torch import Tensor

from gleam.encoder import EncoderModel
from gleam.training.config import HardNegativesConfig, PhaseConfig
from gleam.training.dataset import EARTH_RADIUS_M, PlaceSet
from gleam.training.embedding import embed_places
from gleam.training.runtime import Runtime
from gleam.views import View

Neighbours = dict[View | None, NDArray[np.int32]]

_CHUNK = 1024


def is_due(config: HardNegativesConfig | None, epoch: int) -> bool:
    """Tell whether look-alikes are mined at the beginning of ``epoch``."""
    if config is None or epoch < config.from_epoch:
        return False
    return (epoch - config.from_epoch) % config.every_epochs == 0


def mine(model: EncoderModel, places: PlaceSet, phase: PhaseConfig, runtime: Runtime) -> Neighbours:
    """Return the look-alikes of every place, as :func:`gleam.training.sampler.epoch_batches` takes them.

    A place is like another when its query images are like the other's satellite tile. Places that
    overlap on the ground are no look-alikes: they are the same spot.
    """
    config = phase.hard_negatives
    if config is None:
        return {}
    gallery = embed_places(model, places, View.SATELLITE, np.arange(len(places)), runtime)
    nearest = nearest_places(places, config.nearest, phase.mask_within)
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
            similar = most_similar(queries, gallery, config.pool, places, phase.mask_within)
            per_view[view] = np.concatenate([similar, nearest], 1)
    similar = most_similar(joint, gallery, config.pool, places, phase.mask_within)
    return {**per_view, None: np.concatenate([similar, nearest], 1)}


def most_similar(
    queries: Tensor, gallery: Tensor, count: int, places: PlaceSet, mask_within: float
) -> NDArray[np.int32]:
    """Return (P, K) the ``count`` most similar other places, best first; -1 where there are fewer."""
    total = len(gallery)
    # A few more than asked, because the place itself and what overlaps it fall out.
    wanted = min(total, count + 8)
    found = np.full((total, count), -1, np.int32)
    for start in range(0, total, _CHUNK):
        similarity = queries[start : start + _CHUNK] @ gallery.T
        best = similarity.topk(wanted, dim=1).indices.numpy()
        usable = ~_overlap(places, np.arange(start, start + len(best)), best, mask_within)
        # A stable sort by "falls out" keeps the order of the rest.
        order = np.argsort(~usable, axis=1, kind="stable")[:, :count]
        chosen = np.where(np.take_along_axis(usable, order, 1), np.take_along_axis(best, order, 1), -1)
        found[start : start + len(best), : chosen.shape[1]] = chosen
    return found


def nearest_places(places: PlaceSet, count: int, mask_within: float) -> NDArray[np.int32]:
    """Return (P, count) the geographically nearest other places that do not overlap; -1 where unknown."""
    found = np.full((len(places), count), -1, np.int32)
    known = np.flatnonzero(np.isfinite(places.unit).all(1))
    if count == 0 or len(known) < 2:
        return found
    wanted = min(len(known), count + 8)
    # A KD-tree on the unit sphere knows no poles and no antimeridian.
    _, near = cKDTree(places.unit[known]).query(places.unit[known], k=wanted)
    near = known[near]
    usable = ~_overlap(places, known, near, mask_within)
    order = np.argsort(~usable, axis=1, kind="stable")[:, :count]
    chosen = np.where(np.take_along_axis(usable, order, 1), np.take_along_axis(near, order, 1), -1)
    found[known, : chosen.shape[1]] = chosen
    return found


def _overlap(
    places: PlaceSet, own: NDArray[np.int64], others: NDArray[np.int64], share: float
) -> NDArray[np.bool_]:
    """Return (n, k) which of ``others`` are the place ``own`` itself or overlap it."""
    chord = np.linalg.norm(places.unit[own][:, None] - places.unit[others], axis=-1) * EARTH_RADIUS_M
    width = 0.5 * (places.width_m[own][:, None] + places.width_m[others])
    with np.errstate(invalid="ignore"):
        overlap: NDArray[np.bool_] = (chord < share * width) | (others == own[:, None])
    return overlap
