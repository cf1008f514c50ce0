"""The settings of input preparation; they are part of an encoder's fingerprint."""

from __future__ import annotations

import math
from dataclasses import dataclass

from gleam.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Preparation:
    """How images become squares for the encoder.

    pixels: side of the square.
    ground_width_m: ground that the square spans, for every view that can be brought to scale.
    metric_share: in the polar square of panoramas and ground photos, the share of the half width
        that shows ground to scale; beyond it follow walls and sky.
    rim_elevation_deg: elevation shown at the middle of the square's edges (corners go on at the same rate).
    camera_height_m: height assumed for panoramas and ground photos of unknown height.
    ground_fov_deg: horizontal field of view assumed for ground photos that do not tell theirs.
    """

    pixels: int = 64
    ground_width_m: float = 128.0
    metric_share: float = 0.6
    rim_elevation_deg: float = 21.5
    camera_height_m: float = 2.0
    ground_fov_deg: float = 75.0

    def __post_init__(self) -> None:
        """Refuse settings without meaning, naming the key."""
        limits = {
            "pixels": (1, 4096),
            "ground_width_m": (1.0, 1e5),
            "metric_share": (0.05, 0.95),
            "rim_elevation_deg": (0.0, 89.0),
            "camera_height_m": (0.1, 100.0),
            "ground_fov_deg": (1.0, 175.0),
        }
        for key, (low, high) in limits.items():
            value = getattr(self, key)
            if not (math.isfinite(value) and low <= value <= high):
                raise ConfigError(f"preparation.{key} is {value!r}; choose a value from {low:g} to {high:g}.")
