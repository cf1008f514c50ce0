"""The built-in backbone: a small residual network that trains on a CPU."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from gleam.encoder.backbones.base import Backbone
from gleam.encoder.backbones.compact_fused import FusedCompact
from gleam.encoder.normalisation import RunContext, ViewNorm
from gleam.errors import ConfigError
from gleam.views import View


class ResidualBlock(nn.Module):
    """Two 3 x 3 convolutions beside a shortcut; starts as the identity (zero last scale)."""

    def __init__(self, c_in: int, c_out: int, stride: int, context: RunContext, per_view: bool) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(c_in, c_out, 3, stride, 1, bias=False)
        self.norm1 = ViewNorm(c_out, context, per_view)
        self.conv2 = nn.Conv2d(c_out, c_out, 3, 1, 1, bias=False)
        self.norm2 = ViewNorm(c_out, context, per_view)
        nn.init.zeros_(self.norm2.weight)
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or c_in != c_out:
            self.shortcut = nn.Sequential(
                # Average before the 1 x 1: a strided 1 x 1 would drop three pixels in four.
                nn.AvgPool2d(2, ceil_mode=True) if stride == 2 else nn.Identity(),
                nn.Conv2d(c_in, c_out, 1, bias=False),
                ViewNorm(c_out, context, per_view),
            )

    def forward(self, x: Tensor) -> Tensor:
        """Return the block's output."""
        y = functional.relu(self.norm1(self.conv1(x)))
        return functional.relu(self.shortcut(x) + self.norm2(self.conv2(y)))


class Compact(Backbone):
    """Stem of stride 4, then three stages; the feature map has 1/16 of the side of the picture.

    stem: channels of the stem. It folds 2 x 2 pixels into channels before its one strided
        convolution: a convolution over three channels at full size is slow on a CPU (measured).
    channels: of the three stages.
    blocks: residual blocks of the three stages.
    """

    def __init__(
        self,
        context: RunContext,
        per_view: bool,
        stem: int = 32,
        channels: Sequence[int] = (32, 96, 192),
        blocks: Sequence[int] = (1, 1, 1),
    ) -> None:
        super().__init__()
        if len(blocks) != 3 or len(channels) != 3 or min(blocks) < 1 or min(channels) < 1 or stem < 1:
            raise ConfigError(
                f"The compact backbone takes a stem, three channel counts and three block counts, all at "
                f"least 1, not stem={stem}, channels={list(channels)}, blocks={list(blocks)}."
            )
        self.options = {"stem": stem, "channels": list(channels), "blocks": list(blocks)}
        self.stem = nn.Sequential(
            nn.PixelUnshuffle(2),
            nn.Conv2d(12, stem, 3, 2, 1, bias=False),
            ViewNorm(stem, context, per_view),
            nn.ReLU(),
        )
        stages: list[nn.Module] = []
        c_in = stem
        for stage, (c_out, count) in enumerate(zip(channels, blocks, strict=True)):
            for block in range(count):
                stride = 2 if stage > 0 and block == 0 else 1
                stages.append(ResidualBlock(c_in, c_out, stride, context, per_view))
                c_in = c_out
        self.stages = nn.Sequential(*stages)
        self.channels = c_in

    def normalise(self, pixels: Tensor) -> Tensor:
        """Mix absolute brightness with a picture's own mean and contrast (weather, sensors)."""
        scale, shift = self.brightness(pixels)
        return torch.addcmul(shift, pixels.float(), scale)

    @staticmethod
    def brightness(pixels: Tensor) -> tuple[Tensor, Tensor]:
        """Return the scale and shift, (N, 3, 1, 1) each, that normalise uint8 pictures."""
        # One pixel in sixteen tells mean and contrast well enough, at a tenth of the time.
        sample = pixels[:, :, ::4, ::4].float() / 255.0
        mean = sample.mean((2, 3), keepdim=True)
        gain = 0.5 / (sample.std((2, 3), keepdim=True) + 0.08)
        # (x - 0.45) * 2.4 + (x - mean) * gain, as one multiplication and one addition.
        return (2.4 + gain) / 255.0, -(0.45 * 2.4 + mean * gain)

    def forward(self, x: Tensor) -> Tensor:
        """Return the feature map, (N, channels[-1], H / 16, W / 16)."""
        y: Tensor = self.stages(self.stem(x.contiguous(memory_format=torch.channels_last)))
        return y

    def inference_form(self, view: View, dtype: torch.dtype) -> FusedCompact:
        """Return a copy with the normalisation of a view folded into the convolutions."""
        with torch.no_grad():
            return FusedCompact(self, view, dtype)
