"""Cosine similarities that are exact, so that no rank depends on how they were computed.

Floating-point sums depend on the order of their terms, and matrix libraries choose that order by the
size of the matrix, the position in it and the processor. Two identical gallery vectors can then differ
in the last bit, which breaks a tie for or against the model by accident, and another chunk size gives
another rank. Here every vector is scaled to length one and rounded to multiples of 2^-26 (an error of
7.5e-9 per number, less than float32 has). Products are then multiples of 2^-52, and by
Cauchy-Schwarz all partial sums stay below 2, so float64 holds each of them exactly, in any order.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gleam.errors import GleamError

GRID = 2.0**-26
"""Step of the numbers in a vector; ``2 / GRID**2 == 2**53`` is the most float64 holds exactly."""

_ROWS_AT_ONCE = 4096
_SHOWN = 10


def check_vectors(vectors: NDArray[Any], what: str, names: Sequence[object] | None = None) -> None:
    """Refuse vectors that have no direction.

    Args:
        vectors: Real numbers (N, D), not necessarily of length one.
        what: Says in messages what the rows are, such as ``"query"``.
        names: Names of the N rows for messages; their numbers when not given.

    Raises:
        GleamError: The array is not (N, D), or rows hold NaN or infinity or only zeros; they are named.
    """
    if vectors.ndim != 2 or vectors.shape[1] == 0:
        shape = tuple(vectors.shape)
        raise GleamError(f"The {what} vectors have the shape {shape}, but (number, dimensions) is needed.")
    bad: list[int] = []
    zero: list[int] = []
    for start in range(0, len(vectors), _ROWS_AT_ONCE):
        block = vectors[start : start + _ROWS_AT_ONCE]
        bad += (start + np.flatnonzero(~np.isfinite(block).all(axis=1))).tolist()
        zero += (start + np.flatnonzero(~block.any(axis=1))).tolist()
    if bad:
        raise GleamError(f"NaN or infinity in {_named(bad, len(vectors), what, names)}.")
    if zero:
        raise GleamError(f"Only zeros, and so no direction, in {_named(zero, len(vectors), what, names)}.")


def exact_unit_vectors(vectors: NDArray[Any]) -> NDArray[np.float64]:
    """Return checked ``vectors`` (N, D) scaled to length one on the grid, float64.

    The result of a row depends on that row alone.
    """
    unit = np.array(vectors, np.float64, order="C")
    if len(unit) == 0:
        return unit
    # Scaling by the largest number first keeps the squares from overflowing or vanishing.
    unit /= np.abs(unit).max(axis=1, keepdims=True)
    unit /= np.sqrt(np.square(unit).sum(axis=1, keepdims=True))
    unit /= GRID
    np.rint(unit, out=unit)
    unit *= GRID
    return unit


def _named(rows: list[int], total: int, what: str, names: Sequence[object] | None) -> str:
    shown = ", ".join(str(names[r]) if names is not None else f"{what} {r}" for r in rows[:_SHOWN])
    more = f" and {len(rows) - _SHOWN} more" if len(rows) > _SHOWN else ""
    return f"the vectors of {len(rows)} of {total} {what} items: {shown}{more}"
