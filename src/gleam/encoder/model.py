"""The network: backbone and head, with the log-scale of the loss beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import overload

import torch
from torch import Tensor, nn

from gleam.encoder.backbones import make_backbone
from gleam.encoder.config import EncoderConfig
from gleam.encoder.normalisation import RunContext, ViewRun, runs_within
from gleam.encoder.pooling import HeadOutput, LayoutHead, pooled_output
from gleam.encoder.ragged import Pictures, Ragged
from gleam.errors import ConfigError

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
        if config.head == "layout":
            self.head = LayoutHead(
                self.backbone.channels,
                config.dim,
                config.grid,
                config.grid_channels,
                self.context,
                config.view_statistics,
            )
        elif self.backbone.width is None:
            raise ConfigError(
                f"encoder.head is pooled, but the backbone {config.backbone} has no pooled feature of its "
                "own; use head layout."
            )
        else:
            self.config = replace(self.config, dim=self.backbone.width)

    @overload
    def normalise(self, pixels: Tensor) -> Tensor: ...

    @overload
    def normalise(self, pixels: Ragged) -> Ragged: ...

    def normalise(self, pixels: Pictures) -> Pictures:
        """Turn uint8 (N, 3, S, S) prepared squares into the backbone's floats."""
        if isinstance(pixels, Ragged):
            return pixels.map(self.backbone.normalise)
        return self.backbone.normalise(pixels)

    def forward(self, images: Pictures, runs: Sequence[ViewRun]) -> Tensor:
        """Return (N, dim) unit vectors of normalised images (N, 3, S, S); runs add up to N.

        A batch of several sizes goes through in its parts; no image sees another's size.
        """
        if not isinstance(images, Ragged):
            return self._run(images, runs, with_regions=False).vector
        vectors, begun = [], 0
        for part in images.parts:
            span = slice(begun, begun + len(part))
            vectors.append(self._run(part, runs_within(runs, span), with_regions=False).vector)
            begun = span.stop
        return torch.cat(vectors)

    def forward_vectors(self, images: Tensor, runs: Sequence[ViewRun]) -> HeadOutput:
        """Return unit vectors alone, in the form of :meth:`forward_regions`."""
        return self._run(images, runs, with_regions=False)

    def forward_regions(self, images: Tensor, runs: Sequence[ViewRun]) -> HeadOutput:
        """Return unit vectors and their (N, grid, grid, dim) regional shares (evaluation mode).

        Of a pooled head the positions of the last map; None where the vector is no sum of them.
        """
        return self._run(images, runs, with_regions=True)

    def _run(self, images: Tensor, runs: Sequence[ViewRun], with_regions: bool) -> HeadOutput:
        if sum(run.count for run in runs) != len(images):
            raise ValueError(f"The runs hold {sum(r.count for r in runs)} images, the batch {len(images)}.")
        self.context.runs = tuple(runs)
        if self.config.head == "pooled":
            return pooled_output(self.backbone.pooled(images, with_regions))
        output: HeadOutput = self.head(self.backbone(images), with_regions)
        return output


def build_model(config: EncoderConfig, seed: int | None = None) -> EncoderModel:
    """Build the network with fresh weights, repeatable when ``seed`` is given."""
    if seed is None:
        return EncoderModel(config)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return EncoderModel(config)
