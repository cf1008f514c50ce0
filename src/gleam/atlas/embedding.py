"""From a cut square of imagery to what an atlas keeps of it: a vector and a thumbnail."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gleam.imagery.preparation import Preparation, prepare
from gleam.imagery.preparation.square import OVERSAMPLING
from gleam.views import Pose, View

THUMBNAIL_PIXELS = 192
"""Sharp enough to recognise a place beside the photo, at about 10 kB per tile."""
THUMBNAIL_QUALITY = 82


class SquareEncoder(Protocol):
    """The part of :class:`gleam.encoder.Encoder` that an atlas needs."""

    name: str

    @property
    def fingerprint(self) -> str:
        """Hash of weights, config and preparation."""

    @property
    def preparation(self) -> Preparation:
        """The picture geometry the encoder was trained with."""

    @property
    def dim(self) -> int:
        """Length of a vector."""

    def embed(self, prepared: NDArray[np.uint8], view: View | str) -> NDArray[np.float32]:
        """Return (N, D) unit vectors of squares (N, S, S, 3)."""


def preparation_for(encoder: SquareEncoder, tile_m: float) -> Preparation:
    """Return the encoder's preparation with squares as wide on the ground as the atlas's tiles.

    An atlas may be cut finer or coarser than the encoder was trained with; tiles and queries then have
    to be brought to the same width, or no layout would match.
    """
    own = encoder.preparation
    return own if own.ground_width_m == tile_m else replace(own, ground_width_m=tile_m)


def cut_pixels(encoder: SquareEncoder) -> int:
    """Return the side of the squares that are cut: a multiple of the encoder's, at least a thumbnail's."""
    side = encoder.preparation.pixels
    return side * max(1, -(-THUMBNAIL_PIXELS // side))


def prepare_tile(square: NDArray[np.uint8], tile_m: float, preparation: Preparation) -> NDArray[np.uint8]:
    """Bring a north-up square of ``tile_m`` metres to the encoder's (S, S, 3) input."""
    if is_plain_mean(len(square), tile_m, preparation) and square.shape[0] == square.shape[1]:
        # The same bytes as in the general way below, in a twentieth of the time.
        return np.asarray(Image.fromarray(square).reduce(OVERSAMPLING))
    pose = Pose(heading_deg=0.0, ground_width_m=tile_m)
    return prepare(square, View.SATELLITE, pose, preparation).pixels


def is_plain_mean(side: int, tile_m: float, preparation: Preparation) -> bool:
    """Tell whether every pixel of a prepared tile is the plain mean of a block of ``OVERSAMPLING`` pixels.

    So it is with stored pictures (``side`` pixels wide) and the shipped encoder: each sample is a pixel.
    """
    fits = side == preparation.pixels * OVERSAMPLING and preparation.ground_width_m == tile_m
    return fits and not preparation.is_raw


def embed_tiles(encoder: SquareEncoder, squares: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
    """Return (N, D) vectors of prepared satellite squares."""
    return encoder.embed(np.stack(squares), View.SATELLITE)


def thumbnail(square: NDArray[np.uint8]) -> bytes:
    """Return the square as a small JPEG, the same bytes every time."""
    image = Image.fromarray(square)
    if image.width != THUMBNAIL_PIXELS:
        image = image.resize((THUMBNAIL_PIXELS, THUMBNAIL_PIXELS), Image.Resampling.BOX)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=THUMBNAIL_QUALITY, optimize=False)
    return buffer.getvalue()
