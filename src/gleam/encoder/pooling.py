"""The head: global pooling beside a grid that keeps the layout, both mapped into one vector.

The identity of a place is its layout, so the head must know WHERE (city study: the spatial head is one
of the two decisions that made retrieval learnable). Because the last map is linear, a vector is the sum
of a share per grid region and a global share; the shares are the additive evidence of a match.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from gleam.encoder.backbones.base import Pooled
from gleam.encoder.normalisation import RunContext, ViewNorm


class HeadOutput(NamedTuple):
    """vector: (N, D) unit vectors. regions: (N, g, g, D) additive shares of them, or None."""

    vector: Tensor
    regions: Tensor | None


def pooled_output(pooled: Pooled) -> HeadOutput:
    """Return a network's own pooled feature at unit length, with the shares of its positions if told."""
    vector = functional.normalize(pooled.vector, dim=1)
    if pooled.shares is None:
        return HeadOutput(vector, None)
    length = pooled.vector.norm(dim=1).clamp(min=1e-12)
    return HeadOutput(vector, pooled.shares / length[:, None, None, None])


class LayoutHead(nn.Module):
    """Generalised-mean pooling plus a ``grid`` x ``grid`` of regions, to a unit vector of ``dim``."""

    def __init__(
        self, channels: int, dim: int, grid: int, grid_channels: int, context: RunContext, per_view: bool
    ) -> None:
        super().__init__()
        self.grid = grid
        self.power = nn.Parameter(torch.tensor(3.0))
        self.reduce = nn.Conv2d(channels, grid_channels, 1)
        self.project = nn.Linear(channels + grid_channels * grid * grid, dim)
        self.norm = ViewNorm(dim, context, per_view)
        self.channels = channels

    def forward(self, features: Tensor, with_regions: bool = False) -> HeadOutput:
        """Map (N, C, h, w) features to unit vectors and, on request, their regional shares."""
        # GeM (Radenovic et al. 2019): power 1 is the mean, large powers the maximum. The power grows
        # in training; without the division by the maximum, 1e-4 to the power 10 falls below the smallest
        # float and the root's gradient there is infinite (a training stopped by it, so it is tested).
        positive = features.clamp(min=1e-4)
        highest = positive.detach().amax((2, 3), keepdim=True)
        share = positive / highest
        learning = self.training or torch.is_grad_enabled()
        raised = share.pow(self.power) if learning else _raised(share, self.power)
        pooled = raised.mean((2, 3), keepdim=True).pow(1.0 / self.power)
        pooled = (pooled * highest)[:, :, 0, 0]
        cells = functional.adaptive_avg_pool2d(self.reduce(features), self.grid)
        joined = torch.cat([pooled, cells.flatten(1)], 1)
        alone = not learning and joined.device.type == "cpu" and not torch.compiler.is_compiling()
        raw = _row_by_row(self.project, joined) if alone else self.project(joined)
        normed = self.norm(raw)
        vector = functional.normalize(normed, dim=1)
        if not with_regions:
            return HeadOutput(vector, None)
        weight = self.project.weight[:, self.channels :].view(-1, cells.shape[1], self.grid, self.grid)
        shares = torch.einsum("ncij,dcij->nijd", cells, weight)
        # The norm in evaluation is a scale per dimension: find it exactly from two probe points.
        zero = self.norm(torch.zeros_like(raw))
        scale = self.norm(torch.ones_like(raw)) - zero
        length = normed.norm(dim=1).clamp(min=1e-12)
        return HeadOutput(vector, shares * scale[:, None, None, :] / length[:, None, None, None])


def _row_by_row(layer: nn.Linear, rows: Tensor) -> Tensor:
    """Return what a layer makes of rows (N, C): the same bits for a row whatever stands beside it.

    A product of matrices adds up in another order when there are few rows; for a thirtieth more of the time
    of a whole square, vectors do not depend on how many are made at once.
    """
    products = torch.bmm(rows[:, None], layer.weight.T.expand(len(rows), -1, -1))[:, 0]
    return products + layer.bias


def _raised(share: Tensor, power: Tensor) -> Tensor:
    """Return shares of a maximum raised to a power, in a tenth of the time that ``pow`` needs.

    Powers too small for a float's full precision would each cost a hundred times as much; beside the maximum,
    which is 1, they count for nothing either way.
    """
    return share.log_().mul_(power).clamp_(min=-80.0).exp_()
