"""Things computed once per scene and kept as long as it lives."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from typing import TypeVar

from gleam.city.scene import Scene

Value = TypeVar("Value")


def once_per_scene(make: Callable[[Scene], Value]) -> Callable[[Scene], Value]:
    """Remember ``make(scene)`` for every living scene. Scenes hold arrays and cannot be dict keys."""
    known: dict[int, tuple[weakref.ref[Scene], Value]] = {}
    lock = threading.Lock()

    def lookup(scene: Scene) -> Value:
        key = id(scene)
        with lock:
            entry = known.get(key)
            if entry is not None and entry[0]() is scene:
                return entry[1]
            value = make(scene)
            known[key] = (weakref.ref(scene, lambda _: known.pop(key, None)), value)
            return value

    lookup.__doc__ = make.__doc__
    return lookup
