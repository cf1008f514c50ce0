"""What every backbone promises."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from gleam.views import View


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

    def inference_form(self, view: View, dtype: torch.dtype) -> Callable[[Tensor], Tensor] | None:
        """Return a faster copy for one view and weights that stand still; None without one.

        It maps uint8 (N, 3, H, W) to what ``forward(normalise(...))`` gives.
        """
        return None
