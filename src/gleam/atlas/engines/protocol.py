"""What a build asks of an engine, and how the user chooses one."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from gleam.atlas.embedding import SquareEncoder
from gleam.atlas.sources import SourceRecord, TileSource, open_sources
from gleam.atlas.units import UNIT_TILES, CutUnit, Unit

ENGINES = {
    "local": "in this process",
    "processes": "in worker processes of this machine",
    "ray": "in Ray Data actors, on this machine or a cluster",
}
DEFAULT_ENGINE = "local"
COMMIT_TILES = 2048
"""Tiles written to the store at once: few versions and few files, at the price of a little work on a kill."""
COMMIT_AFTER_S = 10.0
"""Tiles wait no longer than this to be written."""

EncoderSource: TypeAlias = str | Callable[[], SquareEncoder]
"""A name or folder for :meth:`gleam.encoder.Encoder.from_pretrained`, or an importable function."""


class Engine(Protocol):
    """Cuts units, in any order."""

    def cut(self, units: Sequence[Unit]) -> Iterator[CutUnit]:
        """Yield every unit once, cut and encoded."""

    def close(self) -> None:
        """End all workers."""


@dataclass(frozen=True)
class GivenImagery:
    """Imagery as the user named it, so that a worker can open it again.

    paths: files and folders. options: those of :func:`gleam.atlas.sources.open_sources`.
    """

    paths: tuple[str, ...]
    options: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(
        cls, paths: str | os.PathLike[str] | Sequence[str | os.PathLike[str]], **options: Any
    ) -> GivenImagery:
        """Take one path or several."""
        several = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
        return cls(tuple(os.fspath(p) for p in several), options)

    def open(self, records: Sequence[SourceRecord] | None = None) -> list[TileSource]:
        """Open the sources; with the records of a first opening nothing is read through again."""
        return open_sources(self.paths, records=records, **self.options)


@dataclass(frozen=True)
class Work:
    """How a build is run; it changes nothing in the atlas.

    engine: a key of ``ENGINES``. workers: how many cut at once; one for each core when not given.
    imagery: what workers open; needed by all engines but the local one. encoder: what workers load; a copy
    of the encoder is saved for them when not given. unit_tiles: tiles per unit. commit_tiles,
    commit_after_s: see ``COMMIT_TILES`` and ``COMMIT_AFTER_S``.
    """

    engine: str = DEFAULT_ENGINE
    workers: int | None = None
    imagery: GivenImagery | None = None
    encoder: EncoderSource | None = None
    unit_tiles: int = UNIT_TILES
    commit_tiles: int = COMMIT_TILES
    commit_after_s: float = COMMIT_AFTER_S
