"""Satellite mosaics of the whole city at two dates: strips of an orthophoto, kept until they are used."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gleam.city.raster_file import BLOCK
from gleam.city.scene import Scene
from gleam.city.sensor import Sensor
from gleam.city.shots import latitude_of, mosaic_sensor, render_ortho
from gleam.city.weather import Weather, sample_weather
from gleam.progress import progress
from gleam.views import View

_STREAM = 0x4D6F73
"""Marks the random stream of the mosaics; places use numbers below it."""


_LEAST_DAYS_APART = 180


@dataclass(frozen=True)
class Mosaic:
    """An orthophoto of the whole city, north up, its first row at the northern border.

    Strips of ``BLOCK`` rows lie in ``folder`` as arrays; the last one may have fewer rows.
    """

    scene: Scene
    weather: Weather
    sensor: Sensor
    m_per_px: float
    folder: Path

    @property
    def name(self) -> str:
        """Name of the raster: ``satellite_2022-06-14``."""
        return f"satellite_{self.weather.date.isoformat()}"

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) in pixels: enough to cover the city, the last pixel perhaps in part."""
        # A little slack, so that 2000 m of 0.1 m pixels are 20000 and not, by rounding, 20001.
        return (
            int(np.ceil(self.scene.height_m / self.m_per_px - 1e-6)),
            int(np.ceil(self.scene.width_m / self.m_per_px - 1e-6)),
        )

    @property
    def strip_count(self) -> int:
        """Number of strips."""
        return -(-self.size[0] // BLOCK)

    def strip(self, number: int) -> NDArray[np.uint8]:
        """Return a strip (rows, width, 3), mapped from its file."""
        strip: NDArray[np.uint8] = np.load(self._file(number), mmap_mode="r", allow_pickle=False)
        return strip

    def strips(self) -> Iterator[NDArray[np.uint8]]:
        """Yield all strips from north to south."""
        return (self.strip(number) for number in range(self.strip_count))

    def window(self, row: int, column: int, height: int, width: int) -> NDArray[np.uint8]:
        """Return pixels (height, width, 3); the window must lie within the mosaic."""
        first, last = row // BLOCK, (row + height - 1) // BLOCK
        rows = [self.strip(number)[:, column : column + width] for number in range(first, last + 1)]
        start = row - first * BLOCK
        return np.ascontiguousarray(np.concatenate(rows)[start : start + height])

    def render(self, workers: int) -> None:
        """Render the strips that are not there yet."""
        self.folder.mkdir(parents=True, exist_ok=True)
        title = f"Rendering the satellite mosaic of {self.weather.date.isoformat()}"
        missing = [n for n in range(self.strip_count) if not self._file(n).is_file()]
        with progress(title, self.strip_count) as bar, ThreadPoolExecutor(workers) as pool:
            bar.advance(self.strip_count - len(missing))
            try:
                for _ in pool.map(self._render_strip, missing):
                    bar.advance()
            except BaseException:
                pool.shutdown(wait=True, cancel_futures=True)
                raise

    def _file(self, number: int) -> Path:
        return self.folder / f"{self.name}_{number:04d}.npy"

    def _render_strip(self, number: int) -> None:
        height, width = self.size
        first, last = number * BLOCK, min((number + 1) * BLOCK, height)
        top = self.scene.height_m
        strip = render_ortho(
            self.scene,
            0.0,
            top - last * self.m_per_px,
            width * self.m_per_px,
            top - first * self.m_per_px,
            self.m_per_px,
            self.weather,
            self.sensor,
        )
        data = io.BytesIO()  # numpy's own writing to files hides from the caller that a disk is full
        np.save(data, strip, allow_pickle=False)
        temporary = self._file(number).with_suffix(".partial")
        temporary.write_bytes(data.getbuffer())
        os.replace(temporary, self._file(number))


def plan_mosaics(scene: Scene, m_per_px: float, folder: Path) -> tuple[Mosaic, Mosaic]:
    """Return the older and the newer mosaic: two clear days of different seasons.

    They lie half a year or more apart, and the newer one, which the web-map tiles show, has no snow.
    """
    rng = np.random.default_rng([scene.seed, _STREAM])
    latitude = latitude_of(scene)

    def clear_day() -> Weather:
        while True:
            weather = sample_weather(rng, View.SATELLITE, latitude_deg=latitude)
            if not weather.overcast:
                return weather

    while True:
        older, newer = sorted((clear_day(), clear_day()), key=lambda weather: weather.date)
        apart = (newer.date - older.date).days >= _LEAST_DAYS_APART
        if apart and older.season != newer.season and newer.snow == 0.0:
            break
    made = [Mosaic(scene, w, mosaic_sensor(scene, w, rng), m_per_px, folder) for w in (older, newer)]
    return made[0], made[1]
