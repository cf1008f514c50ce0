"""The network: backbone and head, with the log-scale of the loss beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from gleam.encoder.backbones import make_backbone
from gleam.encoder.config import EncoderConfig
from gleam.encoder.normalisation import RunContext, ViewRun
from gleam.encoder.pooling import HeadOutput, LayoutHead

__all__ = ["EncoderModel", "ViewRun", "build_model"]


class EncoderModel(nn.Module):
    """One network for all views. Inputs are batches made of runs of one view each."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.context = RunContext()
        self.backbone = make_backbone(
            config.backbone, config.backbone_options, self.context, config.view_statistics
        )
        # What the backbone reports rebuilds it without a hub, even when it was first loaded from one.
        self.config = replace(config, backbone_options=self.backbone.options)
        self.head = LayoutHead(
            self.backbone.channels,
            config.dim,
            config.grid,
            config.grid_channels,
            self.context,
            config.view_statistics,
        )

    def normalise(self, pixels: Tensor) -> Tensor:
        """Turn uint8 (N, 3, S, S) prepared squares into the backbone's floats."""
        return self.backbone.normalise(pixels)

    def forward(self, images: Tensor, runs: Sequence[ViewRun]) -> Tensor:
        """Return (N, dim) unit vectors of normalised images (N, 3, S, S); runs add up to N."""
        return self._run(images, runs, with_regions=False).vector

    def forward_vectors(self, images: Tensor, runs: Sequence[ViewRun]) -> HeadOutput:
        """Return unit vectors alone, in the form of :meth:`forward_regions`."""
        return self._run(images, runs, with_regions=False)

    def forward_regions(self, images: Tensor, runs: Sequence[ViewRun]) -> HeadOutput:
        """Return unit vectors and their (N, grid, grid, dim) regional shares (evaluation mode)."""
        return self._run(images, runs, with_regions=True)

    def _run(self, images: Tensor, runs: Sequence[ViewRun], with_regions: bool) -> HeadOutput:
        if sum(run.count for run in runs) != len(images):
            raise ValueError(f"The runs hold {sum(r.count for r in runs)} images, the batch {len(images)}.")
        self.context.runs = tuple(runs)
        output: HeadOutput = self.head(self.backbone(images), with_regions)
        return output


def build_model(config: EncoderConfig, seed: int | None = None) -> EncoderModel:
    """Build the network with fresh weights, repeatable when ``seed`` is given."""
    if seed is None:
        return EncoderModel(config)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return EncoderModel(config)
