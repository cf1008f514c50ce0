"""The compact backbone as it runs when nothing is learnt: normalisation folded into the convolutions.

With fixed statistics a normalisation after a convolution is a scale and a shift per channel, which the
convolution can do itself (Jacob et al. 2018, section 3.2). In bfloat16 a CPU with matrix units then needs a
quarter of the time; sums are still taken in float32. Vectors stay within a cosine of 0.9999 of the plain
way's (``tests/encoder/test_inference.py``), and do not depend on what else is in the batch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

from gleam.encoder.normalisation import VIEW_ORDER, ViewNorm
from gleam.views import View

if TYPE_CHECKING:
    from gleam.encoder.backbones.compact import Compact, ResidualBlock


AT_ONCE = 16
"""Pictures in one go: what lies between two layers then stays in the cache of a core."""


class FusedCompact:
    """A frozen copy of a compact backbone for pictures of one view."""

    def __init__(self, backbone: Compact, view: View, dtype: torch.dtype) -> None:
        self._dtype = dtype
        self._brightness = backbone.brightness
        self._stem = _over_pixels(_folded(backbone.stem[1], backbone.stem[2], view, dtype))
        self._blocks = [_FusedBlock(block, view, dtype) for block in backbone.stages]

    def __call__(self, pixels: Tensor) -> Tensor:
        """Return the feature maps (N, C, H / 16, W / 16), float32, of uint8 (N, 3, H, W) prepared squares."""
        return torch.cat([self._features(some) for some in torch.split(pixels, AT_ONCE)])

    def _features(self, pixels: Tensor) -> Tensor:
        scale, shift = self._brightness(pixels)
        # Row by row, colours side by side: scaling colour by colour takes three times as long.
        n, colours, height, width = pixels.shape
        rows = pixels.permute(0, 2, 3, 1).reshape(n, height, width * colours)
        scale, shift = (t.view(n, 1, 1, colours).expand(n, 1, width, colours) for t in (scale, shift))
        scale, shift = (t.reshape(n, 1, width * colours) for t in (scale, shift))
        normal = rows.float().mul_(scale).add_(shift).to(self._dtype)
        x = normal.view(n, height, width, colours).permute(0, 3, 1, 2)
        x = functional.relu_(self._stem(x))
        for block in self._blocks:
            x = block(x)
        return x.float()


class _FusedBlock:
    def __init__(self, block: nn.Module, view: View, dtype: torch.dtype) -> None:
        parts: ResidualBlock = block  # type: ignore[assignment]
        self._first = _folded(parts.conv1, parts.norm1, view, dtype)
        self._second = _folded(parts.conv2, parts.norm2, view, dtype)
        self._pool: nn.Module | None = None
        self._beside: nn.Conv2d | None = None
        if isinstance(parts.shortcut, nn.Sequential):
            self._pool = parts.shortcut[0]
            self._beside = _folded(parts.shortcut[1], parts.shortcut[2], view, dtype)

    def __call__(self, x: Tensor) -> Tensor:
        y: Tensor = self._second(functional.relu_(self._first(x)))
        if self._pool is not None and self._beside is not None:
            x = self._beside(self._pool(x))
        return functional.relu_(y.add_(x))


def _folded(convolution: nn.Module, norm: nn.Module, view: View, dtype: torch.dtype) -> nn.Conv2d:
    """Return one convolution that does what a convolution and a normalisation of a view do."""
    assert isinstance(convolution, nn.Conv2d) and isinstance(norm, ViewNorm)
    row = VIEW_ORDER.index(view) if norm.per_view else 0
    scale = norm.weight / torch.sqrt(norm.variance[row] + norm.EPSILON)
    folded = nn.Conv2d(
        convolution.in_channels,
        convolution.out_channels,
        3 if convolution.kernel_size == (3, 3) else 1,
        convolution.stride[0],
        1 if convolution.padding == (1, 1) else 0,
    )
    folded.weight = nn.Parameter(convolution.weight * scale[:, None, None, None], requires_grad=False)
    folded.bias = nn.Parameter(norm.bias - norm.mean[row] * scale, requires_grad=False)
    return folded.to(memory_format=torch.channels_last).to(dtype)  # type: ignore[call-overload,no-any-return]


def _over_pixels(stem: nn.Conv2d) -> nn.Conv2d:
    """Return a 3 x 3 convolution over blocks of 2 x 2 pixels as one of 6 x 6 over the pixels themselves."""
    out, folded, _, _ = stem.weight.shape
    stride = 2 * stem.stride[0]
    direct = nn.Conv2d(folded // 4, out, 6, stride, 2).to(stem.weight.dtype)
    # PixelUnshuffle orders its channels by colour, row within the block, column within the block.
    blocks = stem.weight.view(out, folded // 4, 2, 2, 3, 3)
    weight = blocks.permute(0, 1, 4, 2, 5, 3).reshape(out, folded // 4, 6, 6)
    direct.weight = nn.Parameter(weight.contiguous(memory_format=torch.channels_last), requires_grad=False)
    direct.bias = stem.bias
    return direct
