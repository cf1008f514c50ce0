"""What both sides are given, and how a job says what it took."""

from __future__ import annotations

import resource
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gleam.encoder import EncoderConfig
from gleam.imagery.preparation import Preparation

BACKBONE = "test_convnext"
SIDE, PANORAMA = 64, (64, 128)
RATE, WEIGHT_DECAY, SMOOTHING, TEMPERATURE, CLIP = 1e-3, 0.01, 0.1, 0.07, 100.0
POOL, NEIGHBOURS = 128, 128
"""Look-alikes kept per place, and geographic neighbours: Sample4Geo's own numbers."""


@dataclass(frozen=True)
class Job:
    """What a child process is told."""

    checkout: Path
    work: Path
    seed: int = 1
    epochs: int = 1
    batch: int = 32
    workers: int = 2
    train: int = 240
    test: int = 80
    pictures: str = "city"
    size: int = 0

    @property
    def data(self) -> Path:
        """The folder in VIGOR's layout."""
        return self.work / f"vigor-{self._name}"

    @property
    def table(self) -> Path:
        """The places table that ``gleam places import vigor`` made of it."""
        return self.work / f"vigor-{self._name}.parquet"

    @property
    def _name(self) -> str:
        numbers = f"{self.train}-{self.test}"
        return numbers if self.pictures == "city" else f"{self.pictures}-{numbers}"


def equal_encoder() -> EncoderConfig:
    """Return the network both sides train: raw pictures, timm's own pooling."""
    return EncoderConfig(
        backbone=f"timm/{BACKBONE}",
        head="pooled",
        preparation=Preparation(pixels=SIDE, geometry="raw", panorama_pixels=PANORAMA),
    )


class Clock:
    """Wall and CPU seconds since it was made; the CPU seconds of ended children count."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), _cpu_s()

    def read(self) -> dict[str, Any]:
        """Return both."""
        return {"wall_s": time.perf_counter() - self._wall, "cpu_s": _cpu_s() - self._cpu}


def peak_mb() -> float:
    """Return the peak resident size of this process in MB (Linux reports kilobytes)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _cpu_s() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(part.ru_utime + part.ru_stime for part in used)
