"""From a global batch of places to the pixels that this process shows the network."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gleam.encoder import ViewRun
from gleam.encoder.ragged import Pictures, joined
from gleam.training.augmentation import Colour, Geometry, changes_geometry, draw_colour, draw_geometry
from gleam.training.config import PhaseConfig
from gleam.training.dataset import PlaceSet
from gleam.training.roll import roll_panoramas
from gleam.training.sampler import Batch, shard
from gleam.training.warp import warp_squares
from gleam.views import View


@dataclass(frozen=True)
class StepInput:
    """One step of one process: B places in V views, N images.

    views: satellite first. pixels: (N, 3, S, S) uint8, view after view, geometrically varied; ragged when
    views differ in size. runs: how many of each view. colour: of the N images. present: (V, B) bool; its
    true places, in reading order, are the images. clash: (G, G) bool over the places of all processes.
    first_place: of this process.
    """

    views: tuple[View, ...]
    pixels: Pictures
    runs: tuple[ViewRun, ...]
    colour: Colour
    present: Tensor
    clash: Tensor
    first_place: int


def step_seed(seed: int, phase: int, step: int) -> int:
    """Return the seed of everything random in one step: nothing else needs to be stored to resume."""
    high, low = np.random.SeedSequence([seed, phase, step]).generate_state(2, np.uint32).tolist()
    return int(high) << 31 ^ int(low)


def load_step(
    places: PlaceSet,
    batch: Batch,
    phase: PhaseConfig,
    generator: torch.Generator,
    *,
    rank: int = 0,
    world: int = 1,
) -> StepInput:
    """Draw the variation of a global batch, and read and vary this process's share of its images.

    The draw depends on ``generator`` and the batch alone, not on ``rank`` or ``world``.
    """
    views = (View.SATELLITE, *batch.views)
    total = len(batch.places)
    geometry = draw_geometry(phase.augment, views, total, generator)
    colour = draw_colour(phase.augment, len(views), total, generator)
    pick = torch.rand((len(views), total), generator=generator, dtype=torch.float64).numpy()
    # Drawn only where asked for: other trainings keep their random numbers.
    draw = (
        torch.rand(total, generator=generator).numpy() if phase.without_pose else np.ones(total, np.float32)
    )

    parts = [shard(total, r, world) for r in range(world)]
    width = max(part.stop - part.start for part in parts)
    own = parts[rank]
    present = np.zeros((len(views), width), dtype=bool)
    pictures, chosen = [], []
    for v, view in enumerate(views):
        has = places.present[batch.places[own], places.views.index(view)]
        present[v, : len(has)] = has
        at = np.flatnonzero(has) + own.start
        rows = places.rows(batch.places[at], view, pick[v, at])
        if view is View.DRONE:
            bare = places.bare[batch.places[at]]
            rows = np.where((draw[at] < phase.without_pose) & (bare >= 0), bare, rows)
        pictures.append(_varied(places, view, rows, geometry, v, at, phase))
        chosen.append(torch.from_numpy(at + v * total))
    flat = torch.cat(chosen)
    return StepInput(
        views=views,
        pixels=joined(pictures),
        runs=tuple(ViewRun(view, len(part)) for view, part in zip(views, pictures, strict=True)),
        colour=Colour(
            colour.gain.flatten()[flat], colour.tint.flatten(0, 1)[flat], colour.grey.flatten()[flat]
        ),
        present=torch.from_numpy(present),
        clash=torch.from_numpy(_clash(places, batch, phase, parts, width)),
        first_place=rank * width,
    )


def _varied(
    places: PlaceSet,
    view: View,
    rows: NDArray[np.int64],
    geometry: Geometry,
    number: int,
    at: NDArray[np.int64],
    phase: PhaseConfig,
) -> Tensor:
    """Return the rows of a view, (n, 3, H, W), geometrically varied when the phase says so.

    number: of the view in the batch. at: the rows' places in the batch.
    """
    store = places.stores[view]
    pictures, north_up = store.read(rows), store.north_up(rows)
    if not changes_geometry(phase.augment):
        return torch.from_numpy(pictures).permute(0, 3, 1, 2).contiguous()
    if places.raw and view is View.PANORAMA:
        return torch.from_numpy(roll_panoramas(pictures, *geometry.rolls(number, at, north_up)))
    count, size = pictures.shape[:2]
    out = np.empty((count, 3, size, size), np.uint8)
    warp_squares(pictures, geometry.matrices(number, at, north_up), out)
    return torch.from_numpy(out)


def _clash(
    places: PlaceSet, batch: Batch, phase: PhaseConfig, parts: list[slice], width: int
) -> NDArray[np.bool_]:
    """Return which places are no negatives of each other, at the positions they have after gathering."""
    close = places.close_pairs(batch.places, phase.mask_within)
    if len(parts) == 1:
        return close
    position = np.concatenate([np.arange(p.stop - p.start) + r * width for r, p in enumerate(parts)])
    clash = np.zeros((len(parts) * width,) * 2, dtype=bool)
    clash[np.ix_(position, position)] = close
    return clash
