"""The networks of other projects in plain torch, with their names, as references for conversion.

Written from the paper (Liu et al., "A ConvNet for the 2020s") and the names in published checkpoints.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional


class Norm2d(nn.LayerNorm):
    """Layer norm over the channels of (N, C, H, W)."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class TimmBlock(nn.Module):
    def __init__(self, width: int, conv_mlp: bool) -> None:
        super().__init__()
        self.conv_dw = nn.Conv2d(width, width, 7, padding=3, groups=width)
        self.norm = (Norm2d if conv_mlp else nn.LayerNorm)(width, eps=1e-6)
        self.mlp = nn.Module()
        make = (lambda a, b: nn.Conv2d(a, b, 1)) if conv_mlp else nn.Linear
        self.mlp.fc1, self.mlp.fc2 = make(width, 4 * width), make(4 * width, width)
        self.gamma = nn.Parameter(torch.ones(width))
        self.conv_mlp = conv_mlp

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv_dw(x)
        y = y if self.conv_mlp else y.permute(0, 2, 3, 1)
        y = self.mlp.fc2(functional.gelu(self.mlp.fc1(self.norm(y))))
        y = y if self.conv_mlp else y.permute(0, 3, 1, 2)
        return y * self.gamma[:, None, None] + x


class TimmStage(nn.Module):
    def __init__(self, before: int, width: int, depth: int, first: bool, conv_mlp: bool) -> None:
        super().__init__()
        self.downsample = (
            nn.Identity()
            if first
            else nn.Sequential(Norm2d(before, eps=1e-6), nn.Conv2d(before, width, 2, stride=2))
        )
        self.blocks = nn.Sequential(*(TimmBlock(width, conv_mlp) for _ in range(depth)))

    def forward(self, x: Tensor) -> Tensor:
        return self.blocks(self.downsample(x))


class TimmConvNeXt(nn.Module):
    """timm's names, without classes."""

    def __init__(self, widths=(8, 12, 16, 24), depths=(1, 2, 1, 1), conv_mlp: bool = False) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, widths[0], 4, stride=4), Norm2d(widths[0], eps=1e-6))
        self.stages = nn.Sequential(
            *(
                TimmStage(widths[max(0, i - 1)], widths[i], depths[i], i == 0, conv_mlp)
                for i in range(len(widths))
            )
        )
        self.head = nn.Module()
        self.head.norm = nn.LayerNorm(widths[-1], eps=1e-6)

    def forward(self, x: Tensor) -> Tensor:
        return self.head.norm(self.stages(self.stem(x)).mean((2, 3)))


class OriginalBlock(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.dwconv = nn.Conv2d(width, width, 7, padding=3, groups=width)
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.pwconv1, self.pwconv2 = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.gamma = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        y = self.dwconv(x).permute(0, 2, 3, 1)
        y = self.pwconv2(functional.gelu(self.pwconv1(self.norm(y)))) * self.gamma
        return x + y.permute(0, 3, 1, 2)


class OriginalConvNeXt(nn.Module):
    """The names of the authors of ConvNeXt, with their classes."""

    def __init__(self, widths=(8, 12, 16, 24), depths=(1, 2, 1, 1)) -> None:
        super().__init__()
        stem = nn.Sequential(nn.Conv2d(3, widths[0], 4, stride=4), Norm2d(widths[0], eps=1e-6))
        steps = [
            nn.Sequential(Norm2d(a, eps=1e-6), nn.Conv2d(a, b, 2, stride=2)) for a, b in pairwise(widths)
        ]
        self.downsample_layers = nn.ModuleList([stem, *steps])
        self.stages = nn.ModuleList(
            nn.Sequential(*(OriginalBlock(w) for _ in range(d))) for w, d in zip(widths, depths, strict=True)
        )
        self.norm = nn.LayerNorm(widths[-1], eps=1e-6)
        self.head = nn.Linear(widths[-1], 10)

    def forward(self, x: Tensor) -> Tensor:
        for down, stage in zip(self.downsample_layers, self.stages, strict=True):
            x = stage(down(x))
        return self.norm(x.mean((2, 3)))


def shaken(network: nn.Module, seed: int) -> nn.Module:
    """Give every weight a value that matters: fresh norms and layer scales would hide a wrong mapping."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in network.parameters():
            spread = 0.3 if parameter.ndim == 1 else 1.5 / parameter[0].numel() ** 0.5
            centre = 0.7 if parameter.ndim == 1 else 0.0
            parameter.copy_(centre + spread * torch.randn(parameter.shape, generator=generator))
    return network.eval()
