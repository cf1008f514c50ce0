"""What every backbone promises."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from gleam.views import View


class Pooled(NamedTuple):
    """vector: (N, D), not yet of unit length. shares: (N, h, w, D) or None.

    The shares of the positions and one constant vector add up to the vector. None: the vector is no such
    sum (a class token is not).
    """

    vector: Tensor
    shares: Tensor | None


class Backbone(nn.Module):
    """A picture becomes a feature map.

    channels: of the feature map. width: length of the pooled feature, None where there is none.
    options: what rebuilds this backbone without any download; saved in the encoder's config.
    """

    channels: int
    width: int | None = None
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

    def pooled(self, x: Tensor, with_shares: bool = False) -> Pooled:
        """Return the network's own pooled feature of normalised pictures, after its final norm."""
        raise TypeError(f"{type(self).__name__} has no pooled feature of its own.")


def shares_of_mean(features: Tensor, norm: nn.LayerNorm | None, vector: Tensor) -> Pooled:
    """Return ``vector`` with the shares of the (N, C, h, w) positions it was averaged from.

    Layer norm subtracts the mean over channels, divides by the standard deviation s, then scales and
    shifts. Subtracting, scaling and averaging are linear, and s is one number per picture; so given s the
    positions' shares and the shift add up to the vector exactly. No shares when they do not: the network
    then pools in another way.
    """
    positions = features.permute(0, 2, 3, 1) / (features.shape[2] * features.shape[3])
    shift: Tensor | float = 0.0
    if norm is not None:
        positions = positions - positions.mean(-1, keepdim=True)
        spread = (positions.sum((1, 2)).square().mean(-1) + norm.eps).sqrt()
        positions = positions / spread[:, None, None, None]
        if norm.elementwise_affine:
            positions, shift = positions * norm.weight, norm.bias if norm.bias is not None else 0.0
    total = positions.sum((1, 2)) + shift
    fits = total.shape == vector.shape and torch.allclose(total, vector, rtol=1e-2, atol=1e-3)
    return Pooled(vector, positions if fits else None)
