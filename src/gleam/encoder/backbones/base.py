"""What every backbone promises."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn


class Backbone(nn.Module):
    """A picture becomes a feature map.

    channels: of the feature map.
    options: what rebuilds this backbone without any download; saved in the encoder's config.
    """

    channels: int
    options: dict[str, Any]

    def normalise(self, pixels: Tensor) -> Tensor:
        """Turn uint8 (N, 3, H, W) into the floats this backbone expects."""
        raise TypeError(f"{type(self).__name__} must say how it normalises pictures.")

    def forward(self, x: Tensor) -> Tensor:
        """Return the (N, channels, h, w) feature map of (N, 3, H, W) normalised pictures."""
        raise TypeError(f"{type(self).__name__} must compute a feature map.")
