"""From the choice of an engine to the engine."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from gleam.atlas.embedding import SquareEncoder
from gleam.atlas.engines.local import LocalEngine
from gleam.atlas.engines.protocol import ENGINES, EncoderSource, Engine, Work
from gleam.atlas.engines.worker import Job
from gleam.atlas.fragments import WORK
from gleam.atlas.sources import TileSource
from gleam.atlas.units import UnitCutter
from gleam.errors import AtlasError, unknown_name


def check_engine(work: Work) -> None:
    """Raise a ``GleamError`` for an engine that does not exist or workers that cannot be."""
    if work.engine not in ENGINES:
        raise unknown_name("engine", work.engine, ENGINES)
    if work.workers is not None and work.workers < 1:
        raise AtlasError(f"--workers is {work.workers}; give at least 1.")


def open_engine(
    work: Work, sources: Sequence[TileSource], encoder: SquareEncoder, pixels: int, folder: Path
) -> Engine:
    """Return the engine of a build of the atlas in ``folder``; the caller closes it.

    Raises:
        AtlasError: The engine is not installed, or lacks what its workers need.
    """
    check_engine(work)
    if work.engine == "local":
        return LocalEngine(UnitCutter(sources, encoder, pixels))
    if work.imagery is None:
        raise AtlasError(
            f"The engine {work.engine!r} needs imagery by path, since its workers open it themselves."
        )
    # Workers may run elsewhere, where a path relative to this folder means nothing.
    path = str(folder.resolve())
    records = tuple(source.record for source in sources)
    job = Job(work.imagery, records, _source_of(encoder, work, folder), encoder.fingerprint, pixels, path)
    workers = work.workers or os.cpu_count() or 1
    if work.engine == "processes":
        from gleam.atlas.engines.processes import ProcessEngine

        return ProcessEngine(job, workers)
    from gleam.atlas.engines.ray import RayEngine

    return RayEngine(job, workers)


def _source_of(encoder: SquareEncoder, work: Work, folder: Path) -> EncoderSource:
    if work.encoder is not None:
        return work.encoder
    save = getattr(encoder, "save", None)
    if save is None:
        raise AtlasError(
            f"Workers of the engine {work.engine!r} cannot load the encoder {encoder.name!r}; save it and "
            "give its folder."
        )
    copy = folder.resolve() / WORK / "encoder"
    save(copy)
    return str(copy)
