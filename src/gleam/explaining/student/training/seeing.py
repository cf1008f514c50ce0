"""Teaching the seer: squares of all views, turned and mirrored, with what is true of their places."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from gleam.encoder.encoder import Encoder
from gleam.encoder.normalisation import ViewRun
from gleam.explaining.scene import ATTRIBUTES
from gleam.explaining.student.config import SeerConfig
from gleam.explaining.student.seer import Seer, Sight
from gleam.explaining.student.training.loop import Setting, autocast, train_part
from gleam.explaining.student.training.sources import Source
from gleam.training.augmentation import draw_colour, draw_geometry, recolour
from gleam.training.config import AugmentConfig
from gleam.training.warp import warp_squares
from gleam.views import View

AUGMENT = AugmentConfig(dihedral=True, scale=0.05, shift=0.03, gain=0.15, tint=0.08, grey=0.0)
"""Colours change little: the colour of roofs is one of the things to be told."""

AXIS = next((k for k, a in enumerate(ATTRIBUTES) if a.name == "street_axis"), -1)
_AXES: tuple[str, ...] = ATTRIBUTES[AXIS].values if AXIS >= 0 else ()
_QUARTER = {
    "north_south": "east_west",
    "east_west": "north_south",
    "northeast_southwest": "northwest_southeast",
    "northwest_southeast": "northeast_southwest",
}
_MIRROR = {
    "north_south": "north_south",
    "east_west": "east_west",
    "northeast_southwest": "northwest_southeast",
    "northwest_southeast": "northeast_southwest",
}


def new_seer(encoder: Encoder, config: SeerConfig) -> Seer:
    """Build a seer whose backbone begins as the encoder's."""
    seer = Seer(
        encoder.config.backbone,
        encoder.config.backbone_options,
        view_statistics=encoder.config.view_statistics,
        cells=config.cells,
        hidden=config.hidden,
        dropout=config.dropout,
    )
    seer.backbone.load_state_dict(encoder.model.backbone.state_dict())
    return seer


def train_seer(seer: Seer, sources: Sequence[Source], config: SeerConfig, setting: Setting) -> list[float]:
    """Train the seer on all pictures of the sources; return the losses of the steps done now."""
    stock = [(view, _Stock(view, sources)) for view in View]
    stock = [(view, kept) for view, kept in stock if len(kept)]
    share = config.backbone_rate if config.fine_tune else 0.0

    def step(number: int, generator: torch.Generator) -> Tensor:
        return _loss(seer, stock, config.training.batch, generator)

    return train_part("seer", seer, config.training, step, setting, slower=[(seer.backbone, share)])


def turned_axis(label: int, quarter: int, mirror: int) -> int:
    """Return the way a street runs (value number) once the world is mirrored and turned by quarters."""
    if label < 0:
        return label
    name = _AXES[label]
    if mirror:
        name = _MIRROR[name]
    if quarter % 2:
        name = _QUARTER[name]
    return _AXES.index(name)


@torch.inference_mode()
def see(seer: Seer, squares: NDArray[np.uint8], view: View, at_once: int = 128) -> Sight:
    """Look at prepared squares (N, S, S, 3) of one view."""
    parts: list[Sight] = []
    for k in range(0, len(squares), at_once):
        pixels = torch.from_numpy(np.array(squares[k : k + at_once])).permute(0, 3, 1, 2)
        parts.append(seer(seer.normalise(pixels), (ViewRun(view, len(pixels)),)))
    logits = [torch.cat([p.logits[a] for p in parts]) for a in range(len(ATTRIBUTES))]
    return Sight(logits, torch.cat([p.hidden for p in parts]))


class _Stock:
    """All squares of one view over the sources, with the labels that can be seen in that view."""

    def __init__(self, view: View, sources: Sequence[Source]) -> None:
        held = [(s, s.squares[view]) for s in sources if view in s.squares]
        self.arrays = [squares for _, (_, squares, _) in held]
        sizes = [len(a) for a in self.arrays]
        self.source = np.repeat(np.arange(len(sizes)), sizes)
        self.within = np.concatenate([np.arange(n) for n in sizes]) if sizes else np.zeros(0, np.int64)
        self.labels = np.zeros((0, len(ATTRIBUTES)), np.int64)
        if held:
            self.labels = np.concatenate([s.pictures.labels[rows] for s, (rows, _, _) in held])
            north = np.concatenate([up for _, (_, _, up) in held])
            for k, attribute in enumerate(ATTRIBUTES):
                if view not in attribute.views:
                    self.labels[:, k] = -1
            if AXIS >= 0:
                self.labels[~north, AXIS] = -1

    def __len__(self) -> int:
        return len(self.source)

    def draw(self, index: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Return squares by number."""
        return np.stack([self.arrays[self.source[i]][self.within[i]] for i in index])


def _loss(seer: Seer, stock: Sequence[tuple[View, _Stock]], batch: int, generator: torch.Generator) -> Tensor:
    views = [view for view, _ in stock]
    geometry = draw_geometry(AUGMENT, views, batch, generator)
    colour = draw_colour(AUGMENT, len(views), batch, generator)
    images, labels = [], []
    everyone = np.arange(batch)
    for number, (_, kept) in enumerate(stock):
        index = torch.randint(len(kept), (batch,), generator=generator).numpy()
        squares = kept.draw(index)
        out = np.empty((batch, 3, *squares.shape[1:3]), np.uint8)
        warp_squares(squares, geometry.matrices(number, everyone, np.ones(batch, bool)), out)
        images.append(torch.from_numpy(out))
        truth = kept.labels[index].copy()
        if AXIS >= 0:
            truth[:, AXIS] = [
                turned_axis(int(label), int(quarter), int(mirror))
                for label, quarter, mirror in zip(
                    truth[:, AXIS], geometry.quarter, geometry.mirror, strict=True
                )
            ]
        labels.append(torch.from_numpy(truth))
    with torch.no_grad(), autocast(False):
        pixels = seer.normalise(torch.cat(images))
        flat = type(colour)(colour.gain.flatten(), colour.tint.flatten(0, 1), colour.grey.flatten())
        pixels = recolour(pixels, flat)
    sight = seer(pixels, tuple(ViewRun(view, batch) for view in views))
    truth_all = torch.cat(labels)
    losses = []
    for k, logits in enumerate(sight.logits):
        known = truth_all[:, k] >= 0
        if bool(known.any()):
            losses.append(functional.cross_entropy(logits[known].float(), truth_all[known, k]))
    return torch.stack(losses).mean()
