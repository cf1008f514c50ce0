"""What a worker of any engine does: open the imagery, load the encoder, turn units into fragments."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gleam.atlas.embedding import SquareEncoder
from gleam.atlas.engines.protocol import EncoderSource, GivenImagery
from gleam.atlas.fragments import Fragments
from gleam.atlas.recipe import describe_encoder
from gleam.atlas.sources import SourceRecord
from gleam.atlas.units import CutUnit, Unit, UnitCutter
from gleam.errors import AtlasError


@dataclass(frozen=True)
class Job:
    """All that a worker has to know, in plain values.

    imagery: what to open. records: of its sources, as the parent found them. encoder: what to load.
    fingerprint: that the encoder must have. pixels: side of the squares cut. folder: the atlas.
    """

    imagery: GivenImagery
    records: tuple[SourceRecord, ...]
    encoder: EncoderSource
    fingerprint: str
    pixels: int
    folder: str


class Worker:
    """Cuts units of a job into fragments, one after the other on one thread.

    Raises:
        AtlasError: The encoder that it finds is not the one of the build.
    """

    def __init__(self, job: Job) -> None:
        encoder = _load(job.encoder)
        if encoder.fingerprint != job.fingerprint:
            raise AtlasError(
                f"A worker found the encoder {describe_encoder(encoder.name, encoder.fingerprint)} where the "
                f"build uses {job.fingerprint[:8]}; give every machine the same encoder."
            )
        self._cutter = UnitCutter(job.imagery.open(job.records), encoder, job.pixels)
        self._fragments = Fragments(Path(job.folder))

    def cut(self, unit: Unit) -> str:
        """Cut a unit and return the name of its fragment."""
        return self._fragments.write(self._cutter.cut(unit))


def taken_in(fragments: Fragments, name: str) -> CutUnit:
    """Return the unit of a fragment that a worker has just written.

    Raises:
        AtlasError: It is not there: the workers see another folder.
    """
    cut = fragments.read(name)
    if cut is None:
        raise AtlasError(
            f"A worker wrote {name}, but it is not in {fragments.path}; the atlas has to lie in a folder "
            "that every machine sees under the same path."
        )
    return cut


def units_left(fragments: Fragments, wanted: set[tuple[str, float, int, int]]) -> Iterator[CutUnit]:
    """Yield the wanted units among the fragments that a killed build left; drop the others."""
    for name in fragments.names():
        cut = fragments.read(name)
        if cut is not None and cut.done.key in wanted:
            yield cut
        else:
            fragments.remove(name)


def _load(source: EncoderSource) -> SquareEncoder:
    if callable(source):
        encoder = source()
    else:
        from gleam.encoder import Encoder

        encoder = Encoder.from_pretrained(source)
    if "torch" in sys.modules:
        import torch

        # Workers fill the cores by their number; more threads would only wait for each other.
        torch.set_num_threads(1)
    return encoder
