"""The engine of a single process, which needs nothing but the sources and the encoder at hand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gleam.atlas.units import CutUnit, Unit, UnitCutter


class LocalEngine:
    """Cuts unit after unit; the :class:`~gleam.atlas.engines.protocol.Engine` of small builds."""

    def __init__(self, cutter: UnitCutter) -> None:
        self._cutter = cutter

    def cut(self, units: Sequence[Unit]) -> Iterator[CutUnit]:
        """Yield every unit, in order."""
        for unit in units:
            yield self._cutter.cut(unit)

    def close(self) -> None:
        """Nothing to end: the sources belong to the caller."""
