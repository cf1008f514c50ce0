"""The settings of input preparation; they are part of an encoder's fingerprint."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, Literal

from gleam.errors import ConfigError
from gleam.views import View


@dataclass(frozen=True, slots=True)
class Preparation:
    """How images become what the encoder is shown.

    pixels: side of the square.
    ground_width_m: ground that the square spans, for every view that can be brought to scale.
    metric_share: in the polar square of panoramas and ground photos, the share of the half width
        that shows ground to scale; beyond it follow walls and sky.
    rim_elevation_deg: elevation shown at the middle of the square's edges (corners go on at the same rate).
    camera_height_m: height assumed for panoramas and ground photos of unknown height.
    ground_fov_deg: horizontal field of view assumed for ground photos that do not tell theirs.
    geometry: ``birdseye`` brings every view towards the bird's view by what is known of the camera;
        ``raw`` shows the whole picture as it was taken, only resized, as the peers' networks want it.
    panorama_pixels: (height, width) of raw panoramas; None makes them squares like the rest.
    """

    pixels: int = 64
    ground_width_m: float = 128.0
    metric_share: float = 0.6
    rim_elevation_deg: float = 21.5
    camera_height_m: float = 2.0
    ground_fov_deg: float = 75.0
    geometry: Literal["birdseye", "raw"] = "birdseye"
    panorama_pixels: tuple[int, int] | None = None

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
        if self.geometry not in ("birdseye", "raw"):
            raise ConfigError(f"preparation.geometry is {self.geometry!r}; choose birdseye or raw.")
        if self.panorama_pixels is not None:
            object.__setattr__(self, "panorama_pixels", self._checked_panorama(self.panorama_pixels))

    def _checked_panorama(self, given: object) -> tuple[int, int]:
        """Return (height, width); JSON and YAML bring a list."""
        if self.geometry != "raw":
            raise ConfigError(
                "preparation.panorama_pixels is for geometry raw; birdseye panoramas are square."
            )
        sides = list(given) if isinstance(given, list | tuple) else []
        if len(sides) != 2 or not all(type(side) is int and 1 <= side <= 8192 for side in sides):
            raise ConfigError(
                f"preparation.panorama_pixels is {given!r}; give height and width from 1 to 8192, "
                "such as [384, 768]."
            )
        return sides[0], sides[1]

    @property
    def is_raw(self) -> bool:
        """Whether pictures are shown as they were taken."""
        return self.geometry == "raw"

    def size(self, view: View) -> tuple[int, int]:
        """Return the (height, width) that pictures of ``view`` are brought to."""
        if view is View.PANORAMA and self.panorama_pixels is not None:
            return self.panorama_pixels
        return self.pixels, self.pixels

    def to_dict(self) -> dict[str, Any]:
        """Return plain data; keys younger than the first encoders only where they differ from the default.

        So the fingerprints of encoders, atlases and caches made before stay what they were.
        """
        values = asdict(self)
        if self.geometry == "birdseye":
            del values["geometry"]
        sides = values.pop("panorama_pixels")
        return values if sides is None else {**values, "panorama_pixels": list(sides)}
