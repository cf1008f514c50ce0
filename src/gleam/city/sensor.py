"""From light to a picture: exposure, white balance, tone, colour, vignette, sharpness, noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gleam.city.renderer.compiled import compiled
from gleam.views import View

_CURVE_STEPS = 2048
_CURVE_END = 6.0


@dataclass(frozen=True)
class Sensor:
    """How one camera develops its pictures.

    exposure: factor on linear light. balance: factor per channel. gamma, contrast, lift: of the
    tone curve. saturation: 1 keeps colours. vignette: share of light lost in the corners.
    blur: share of a neighbour mixed into a pixel, negative sharpens. noise: standard deviation,
    full scale 1. noise_seed: which noise.
    """

    exposure: float
    balance: tuple[float, float, float]
    gamma: float
    contrast: float
    lift: float
    saturation: float
    vignette: float
    blur: float
    noise: float
    noise_seed: int

    def exposed_for(self, image: NDArray[np.float32]) -> Sensor:
        """Return this sensor with its exposure metered on ``image`` (linear), highlights held."""
        light = image[::2, ::2, 1].ravel()
        middle, bright = np.partition(light, (int(0.55 * light.size), int(0.93 * light.size)))[
            [int(0.55 * light.size), int(0.93 * light.size)]
        ]
        metered = (0.27 / (float(middle) + 1e-3)) ** 0.8
        held = 1.1 / (float(bright) + 1e-3)
        exposure = min(metered, held) * self.exposure
        values = {**self.__dict__, "exposure": exposure}
        return Sensor(**values)


def sample_sensor(rng: np.random.Generator, view: View) -> Sensor:
    """Draw a camera; its exposure is relative until :meth:`Sensor.exposed_for` meters a scene."""
    aerial = view is View.SATELLITE
    red, green, blue = (float(v) for v in 1.0 + rng.normal(0.0, 0.05, 3))
    soft = rng.random() < (0.5 if aerial else 0.25)
    return Sensor(
        exposure=float(rng.uniform(0.82, 1.2)),
        balance=(red, green, blue),
        gamma=float(rng.uniform(1.95, 2.3)),
        contrast=float(rng.uniform(0.9, 1.12)),
        lift=float(rng.uniform(-0.03, 0.03)),
        saturation=float(rng.uniform(0.72, 1.15)),
        vignette=0.0 if aerial or view is View.PANORAMA else float(rng.uniform(0.0, 0.16)),
        blur=float(rng.uniform(0.03, 0.12)) if soft else float(rng.uniform(-0.12, 0.0)),
        noise=float(rng.uniform(0.003, 0.018)),
        noise_seed=int(rng.integers(0, 2**31)),
    )


def develop(
    image: NDArray[np.float32], sensor: Sensor, origin: tuple[int, int] = (0, 0)
) -> NDArray[np.uint8]:
    """Develop linear radiance (H, W, 3) into 8-bit sRGB-like pixels.

    ``origin``: (row, column) of the image within a larger mosaic, so that noise does not repeat.
    """
    out, toned = np.empty(image.shape, np.uint8), np.empty(image.shape, np.float32)
    settings = np.array(
        [sensor.exposure, *sensor.balance, sensor.saturation, sensor.vignette, sensor.blur, sensor.noise]
    )
    _develop(image, settings, _curve(sensor), sensor.noise_seed, *origin, toned, out)
    return out


def _curve(sensor: Sensor) -> NDArray[np.float32]:
    """Tabulate the tone curve: filmic toe and shoulder, gamma, contrast.

    The film is K. Narkowicz's fit of the ACES curve (2015).
    """
    light = np.linspace(0.0, _CURVE_END, _CURVE_STEPS)
    film = light * (2.51 * light + 0.03) / (light * (2.43 * light + 0.59) + 0.14)
    tone = np.clip(film, 0.0, 1.0) ** (1.0 / sensor.gamma)
    return np.asarray(0.5 + (tone - 0.5) * sensor.contrast + sensor.lift, np.float32)


@compiled
def _toned(
    image: NDArray[np.float32],
    settings: NDArray[np.float64],
    curve: NDArray[np.float32],
    toned: NDArray[np.float32],
) -> None:
    """Expose, balance, tone, saturate, vignette."""
    height, width = image.shape[0], image.shape[1]
    scale = (len(curve) - 1) / 6.0
    last = len(curve) - 1
    for j in range(height):
        dy = 2.0 * (j + 0.5) / height - 1.0
        for i in range(width):
            dx = 2.0 * (i + 0.5) / width - 1.0
            r = curve[min(last, int(image[j, i, 0] * settings[0] * settings[1] * scale))]
            g = curve[min(last, int(image[j, i, 1] * settings[0] * settings[2] * scale))]
            b = curve[min(last, int(image[j, i, 2] * settings[0] * settings[3] * scale))]
            grey = (r + g + b) / 3.0
            keep = 1.0 - settings[5] * 0.5 * (dx * dx + dy * dy)
            toned[j, i, 0] = (grey + (r - grey) * settings[4]) * keep
            toned[j, i, 1] = (grey + (g - grey) * settings[4]) * keep
            toned[j, i, 2] = (grey + (b - grey) * settings[4]) * keep


@compiled
def _develop(
    image: NDArray[np.float32], settings: NDArray[np.float64], curve: NDArray[np.float32],
    seed: int, row: int, column: int, toned: NDArray[np.float32], out: NDArray[np.uint8],
) -> None:  # fmt: skip
    """Tone, then blur or sharpen, then add noise and round."""
    height, width = image.shape[0], image.shape[1]
    _toned(image, settings, curve, toned)
    blur, noise = settings[6], settings[7] * 2.449
    for j in range(height):
        up, down = max(0, j - 1), min(height - 1, j + 1)
        for i in range(width):
            left, right = max(0, i - 1), min(width - 1, i + 1)
            state = (seed + (row + j) * 668265263 + (column + i) * 374761393) & 0xFFFFFFFF
            for c in range(3):
                around = toned[up, i, c] + toned[down, i, c] + toned[j, left, c] + toned[j, right, c]
                value = toned[j, i, c] + blur * (around - 4.0 * toned[j, i, c])
                state = ((state ^ (state >> 15)) * 2246822519 + 3266489917) & 0xFFFFFFFF
                mixed = ((state ^ (state >> 13)) * 3266489917) & 0xFFFFFFFF
                grain = ((mixed & 0xFFFF) + (mixed >> 16)) / 65536.0 - 1.0
                value = (value + noise * grain) * 255.0 + 0.5
                out[j, i, c] = np.uint8(min(255.0, max(0.0, value)))
