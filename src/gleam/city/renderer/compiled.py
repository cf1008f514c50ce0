"""How the renderer's inner functions are compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

Function = TypeVar("Function", bound=Callable[..., Any])


_OPTIONS: dict[str, Any] = {
    "cache": True,
    "fastmath": True,
    "nogil": True,
    "error_model": "numpy",
    # Without numba's reference counting, which costs more than the geometry (atomic counters that
    # two threads fight over). Compiled functions therefore cannot allocate: callers pass work space.
    "_nrt": False,
}


def compiled(function: Function) -> Function:
    """Compile ``function`` with numba on first call, cache it on disk, and let threads run beside it.

    numba decides whether a cached function is stale by its own file alone; clear ``__pycache__``
    after editing a function that others call.
    """
    return cast(Function, numba.njit(**_OPTIONS)(function))


def inlined(function: Function) -> Function:
    """Compile ``function`` into its callers.

    For functions that take a whole :class:`World`: handing it over costs as much as tracing a ray.
    """
    return cast(Function, numba.njit(forceinline=True, **_OPTIONS)(function))
