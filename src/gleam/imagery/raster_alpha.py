"""Is a band that a raster calls its opacity one? GDAL calls the fourth band so whatever it holds.

Writers that are told nothing of the bands mark near infrared as opacity, and then most of the ground would
count as transparent. The opacity of imagery is nearly everywhere full or none; near infrared nearly nowhere.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from rasterio.windows import Window

_LOOKS = 6
"""Patches along each side of the raster that are looked at."""
_PATCH = 32
_FULL = 0.9
_NONE = 0.03
"""Of full opacity: below it what lossy compression leaves of none."""


def is_opacity(dataset: Any, band: int) -> bool:
    """Tell whether a band marked as opacity can be that, by patches spread over an opened raster.

    It can unless more than half of what is not fully transparent is not opaque either.
    """
    kind = np.dtype(dataset.dtypes[band - 1])
    most = float(np.iinfo(kind).max) if kind.kind in "iu" else 1.0
    opaque = seen = 0
    for row in _starts(dataset.height):
        for column in _starts(dataset.width):
            window = Window(column, row, min(_PATCH, dataset.width), min(_PATCH, dataset.height))
            share = dataset.read(band, window=window).astype(np.float64) / most
            # Deep bands are hardly ever compressed with losses, and of deep infrared all may be this low.
            seen += int((share > (_NONE if most == 255.0 else 0.0)).sum())
            opaque += int((share >= _FULL).sum())
    return 2 * opaque >= seen


def _starts(length: int) -> list[int]:
    return sorted({int(v) for v in np.linspace(0, max(0, length - _PATCH), _LOOKS)})
