"""Photos from elsewhere: can the confidence tell them, and how often is one claimed to be located?

A confidence is any number that should be higher for photos from the area than for others. Ties never
favour it. See Fawcett, *An introduction to ROC analysis* (2006).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gleam.errors import GleamError


def auroc(here: ArrayLike, elsewhere: ArrayLike) -> float:
    """Chance that a photo from the area (N,) has a higher confidence than one from elsewhere (M,).

    Equal ones count half, as is usual: a constant confidence gives 0.5.
    """
    inside, outside = _checked(here, "here"), np.sort(_checked(elsewhere, "elsewhere"))
    below = np.searchsorted(outside, inside, side="left")
    not_above = np.searchsorted(outside, inside, side="right")
    return float((below + not_above).mean() / (2 * len(outside)))


def threshold_at_coverage(here: ArrayLike, coverage: float) -> float:
    """Largest threshold at which at least ``coverage`` of the photos from the area are answered."""
    inside = np.sort(_checked(here, "here"))[::-1]
    if not 0 < coverage <= 1:
        raise GleamError(f"A coverage of {coverage} is impossible; give a share above 0 and up to 1.")
    return float(inside[int(np.ceil(coverage * len(inside) - 1e-9)) - 1])


def false_locate_rate(here: ArrayLike, elsewhere: ArrayLike, coverage: float = 0.8) -> float:
    """Share of the photos from elsewhere answered at the threshold that answers ``coverage`` of the others.

    With ``coverage`` 0.95 this is FPR@95TPR.
    """
    outside = _checked(elsewhere, "elsewhere")
    return float((outside >= threshold_at_coverage(here, coverage)).mean())


def pooled_false_locate_rate(
    here: Sequence[ArrayLike], elsewhere: Sequence[ArrayLike], coverage: float = 0.8
) -> float:
    """Return what :func:`false_locate_rate` does of several kinds of photos under one threshold.

    Args:
        here: Confidences of the photos from the area, for each kind.
        elsewhere: The same of others; every kind counts alike, however many there are of it.
        coverage: Share of all photos from the area that is answered.
    """
    threshold = threshold_at_coverage(np.concatenate([_checked(kind, "here") for kind in here]), coverage)
    return float(np.mean([(_checked(kind, "elsewhere") >= threshold).mean() for kind in elsewhere]))


def _checked(values: ArrayLike, what: str) -> NDArray[np.float64]:
    array = np.asarray(values, np.float64)
    if array.ndim != 1 or not len(array):
        raise GleamError(f"There is no confidence of photos from {what}; at least one is needed.")
    if np.isnan(array).any():
        raise GleamError(f"{int(np.isnan(array).sum())} confidences of photos from {what} are NaN.")
    return array
