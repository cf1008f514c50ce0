"""The network that says what a picture shows: a copy of the encoder's backbone, and one head per attribute.

The heads must know WHERE things lie: with mean pooling the way a street runs is as good as guessed (study:
38 % right, flattened 97 %). So each cell of the feature map keeps its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from gleam.encoder.backbones import make_backbone
from gleam.encoder.normalisation import VIEW_ORDER, RunContext, ViewRun
from gleam.explaining.scene import ATTRIBUTES

GRID = 7
"""Cells per side of the layout that the heads see."""


class Sight(NamedTuple):
    """logits: per attribute (N, values). hidden: (N, H), what they were computed from."""

    logits: list[Tensor]
    hidden: Tensor


class Seer(nn.Module):
    """Pictures in, attributes out. A batch is made of runs of one view each."""

    def __init__(
        self,
        backbone: str,
        options: dict[str, Any],
        *,
        view_statistics: bool,
        cells: int,
        hidden: int,
        dropout: float,
    ) -> None:
        super().__init__()
        self.context = RunContext()
        self.backbone = make_backbone(backbone, options, self.context, view_statistics)
        channels = self.backbone.channels
        self.reduce = nn.Conv2d(channels, cells, 1)
        self.view = nn.Embedding(len(VIEW_ORDER), hidden)
        nn.init.zeros_(self.view.weight)
        self.layout = nn.Linear(cells * GRID * GRID + 2 * channels, hidden)
        self.dropout = nn.Dropout(dropout)
        self.mix = nn.Linear(hidden, hidden)
        self.heads = nn.ModuleList([nn.Linear(hidden, len(a.values)) for a in ATTRIBUTES])

    def normalise(self, pixels: Tensor) -> Tensor:
        """Turn uint8 (N, 3, S, S) prepared squares into the backbone's floats."""
        return self.backbone.normalise(pixels)

    def forward(self, images: Tensor, runs: Sequence[ViewRun]) -> Sight:
        """Look at normalised images (N, 3, S, S); the runs add up to N."""
        self.context.runs = tuple(runs)
        features: Tensor = self.backbone(images)
        cells = functional.adaptive_avg_pool2d(functional.relu(self.reduce(features)), GRID)
        whole = torch.cat([cells.flatten(1), features.mean((2, 3)), features.amax((2, 3))], 1)
        views = torch.cat([torch.full((run.count,), VIEW_ORDER.index(run.view)) for run in runs])
        hidden = functional.gelu(self.layout(whole) + self.view(views.to(whole.device)))
        hidden = hidden + functional.gelu(self.mix(self.dropout(hidden)))
        return Sight([head(self.dropout(hidden)) for head in self.heads], hidden)
