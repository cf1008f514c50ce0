"""Telling tiles that show nothing, so that no photo is ever answered with them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MIN_VALID_SHARE = 0.5
"""Less of a tile than this inside the imagery: too little layout to match."""
MAX_ONE_COLOUR_SHARE = 0.6
"""More than this in exactly one colour: undeclared no-data (black, white) or a blank sheet."""
MIN_CONTRAST = 1.5
"""Standard deviation of brightness (0..255) below which a tile is an even surface."""

REASONS: dict[str, str] = {
    "no_data": f"less than {MIN_VALID_SHARE:.0%} of the tile lies inside the imagery",
    "one_colour": f"more than {MAX_ONE_COLOUR_SHARE:.0%} of the tile has exactly one colour",
    "even": "the tile shows an even surface",
}


def why_empty(square: NDArray[np.uint8], valid_share: float) -> str | None:
    """Return why a square (H, W, 3) is not worth a tile (a key of ``REASONS``), or None when it is."""
    if valid_share < MIN_VALID_SHARE:
        return "no_data"
    flat = square[::2, ::2].reshape(-1, 3).astype(np.uint32)
    codes = (flat[:, 0] << 16) | (flat[:, 1] << 8) | flat[:, 2]
    _, counts = np.unique(codes, return_counts=True)
    if counts.max() > MAX_ONE_COLOUR_SHARE * len(codes):
        return "one_colour"
    if float(square.mean(-1).std()) < MIN_CONTRAST:
        return "even"
    return None
