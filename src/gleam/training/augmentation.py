"""Varying prepared squares.

The world is turned and mirrored for all views of a place alike; each single image then differs a little
in cut, scale, turn and colour, as another camera and another day would make it.

Parameters are drawn apart from being applied, for the GLOBAL batch: every process draws the same numbers
and uses its share, so the number of processes does not change the images.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gleam.encoder.ragged import Pictures, Ragged
from gleam.training.config import AugmentConfig
from gleam.views import View

QUARTER_COSINE = np.array([1.0, 0.0, -1.0, 0.0])
QUARTER_SINE = np.array([0.0, 1.0, 0.0, -1.0])


@dataclass(frozen=True)
class Geometry:
    """How B places in V views are turned, cut and scaled.

    quarter: (B,) quarter turns and mirror: (B,) flips of the world. angle (radians), zoom, shift_x,
    shift_y (half widths): (V, B).
    """

    quarter: NDArray[np.int64]
    mirror: NDArray[np.int64]
    angle: NDArray[np.float64]
    zoom: NDArray[np.float64]
    shift_x: NDArray[np.float64]
    shift_y: NDArray[np.float64]

    def matrices(
        self, view: int, places: NDArray[np.int64], north_up: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        """Return the (n, 2, 3) maps from output to input coordinates of one view of some places.

        Images that are not north-up are mirrored with the world but not turned: a photo shown as it
        was taken does not change when the world turns under the camera.
        """
        quarter, flip = self.quarter[places] * north_up, 1.0 - 2.0 * self.mirror[places]
        # Quarter turns by table: they must hit the pixel centres exactly.
        cosine, sine = QUARTER_COSINE[quarter], QUARTER_SINE[quarter]
        world = np.stack([np.stack([flip * cosine, -flip * sine], 1), np.stack([sine, cosine], 1)], 1)
        angle, zoom = self.angle[view, places], self.zoom[view, places]
        across, along = zoom * np.cos(angle), zoom * np.sin(angle)
        own = np.stack([np.stack([across, -along], 1), np.stack([along, across], 1)], 1)
        shift = np.stack([self.shift_x[view, places], self.shift_y[view, places]], 1)
        return np.concatenate([own @ world, shift[:, :, None]], 2)

    def rolls(
        self, view: int, places: NDArray[np.int64], north_up: NDArray[np.bool_]
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Return how raw panoramas turn with the same world, as ``roll_panoramas`` takes it.

        They are not scaled or shifted: both would tear the circle.
        """
        world = 90.0 * self.quarter[places] * north_up
        return np.stack([world, np.degrees(self.angle[view, places])], 1), self.mirror[places] == 1


@dataclass(frozen=True)
class Colour:
    """How the colours of N images change: gain (N,), tint (N, 3) and grey (N,) bool; or (V, B, ...)."""

    gain: Tensor
    tint: Tensor
    grey: Tensor

    def to(self, device: torch.device) -> Colour:
        """Return the same on another device."""
        return Colour(self.gain.to(device), self.tint.to(device), self.grey.to(device))

    def only(self, span: slice) -> Colour:
        """Return the changes of some of N images."""
        return Colour(self.gain[span], self.tint[span], self.grey[span])


def draw_geometry(
    config: AugmentConfig, views: Sequence[View], places: int, generator: torch.Generator
) -> Geometry:
    """Draw how a batch of ``places`` in ``views`` is turned, cut and scaled."""

    def even(half_width: float) -> NDArray[np.float64]:
        drawn = torch.rand((len(views), places), generator=generator, dtype=torch.float64)
        return (drawn.numpy() * 2.0 - 1.0) * half_width

    turn = np.radians([config.rotate_deg.get(view.value, 0.0) for view in views])
    quarter = torch.randint(4, (places,), generator=generator).numpy()
    mirror = torch.randint(2, (places,), generator=generator).numpy()
    return Geometry(
        quarter=quarter * int(config.dihedral),
        mirror=mirror * int(config.dihedral),
        angle=even(1.0) * turn[:, None],
        zoom=1.0 + even(config.scale),
        # A shift by a share of the width is twice that in half widths.
        shift_x=even(2.0 * config.shift),
        shift_y=even(2.0 * config.shift),
    )


def draw_colour(config: AugmentConfig, views: int, places: int, generator: torch.Generator) -> Colour:
    """Draw the colour changes of a batch, each field (V, B, ...)."""
    return Colour(
        gain=1.0 + config.gain * torch.randn((views, places), generator=generator),
        tint=config.tint * torch.randn((views, places, 3), generator=generator),
        grey=torch.rand((views, places), generator=generator) < config.grey,
    )


@overload
def recolour(images: Tensor, colour: Colour) -> Tensor: ...


@overload
def recolour(images: Ragged, colour: Colour) -> Ragged: ...


def recolour(images: Pictures, colour: Colour) -> Pictures:
    """Apply colour changes to normalised images (N, 3, S, S): gain and tint, then some without colour."""
    if isinstance(images, Ragged):
        ends = np.cumsum([len(part) for part in images.parts]).tolist()
        spans = [slice(end - len(part), end) for end, part in zip(ends, images.parts, strict=True)]
        return Ragged(
            [recolour(part, colour.only(span)) for part, span in zip(images.parts, spans, strict=True)]
        )
    images = torch.addcmul(colour.tint[:, :, None, None], images, colour.gain[:, None, None, None])
    chosen = colour.grey.nonzero()[:, 0]
    if len(chosen):
        images[chosen] = images[chosen].mean(1, keepdim=True)
    return images


def changes_geometry(config: AugmentConfig) -> bool:
    """Tell whether any geometric part is switched on."""
    return config.dihedral or any((config.scale, config.shift, *config.rotate_deg.values()))


def changes_colour(config: AugmentConfig) -> bool:
    """Tell whether any colour part is switched on."""
    return any((config.gain, config.tint, config.grey))
