"""The head that says whether two pictures show one place, from what the encoder found in each.

It compares the vectors, which tell alike from unlike places, and the regions one by one, which tell what
lies where: two squares laid on the same ground agree region by region.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from gleam.views import QUERY_VIEWS, View


class Look(NamedTuple):
    """What the encoder found in N pictures. vectors: (N, D) unit vectors. cells: (N, C, g, g) regions."""

    vectors: Tensor
    cells: Tensor

    def take(self, index: Tensor) -> Look:
        """Return some of the pictures."""
        return Look(self.vectors[index], self.cells[index])


class Matcher(nn.Module):
    """Two looks in, the log-odds of a match out."""

    def __init__(
        self, dim: int, turns: int, channels: int, grid: int, *, cells: int, hidden: int, dropout: float
    ) -> None:
        super().__init__()
        self.turns = turns
        self.query = nn.ModuleList([nn.Conv2d(channels, cells, 1) for _ in QUERY_VIEWS])
        self.tile = nn.Conv2d(channels, cells, 1)
        self.scale = nn.BatchNorm2d(channels)
        self.regions = nn.Sequential(nn.Conv2d(2 * cells + 1, 32, 3, 1, 1), nn.GELU(), nn.Flatten(1))
        width = 32 * grid * grid + 2 * dim + turns + 1 + len(QUERY_VIEWS)
        self.judge = nn.Sequential(
            nn.Dropout(dropout),
            nn.Linear(width, hidden),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(hidden, hidden),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(hidden, 1),
        )
        # The cosine alone judges well from the start; the rest learns what it misses.
        self.slope = nn.Parameter(torch.full((len(QUERY_VIEWS),), 20.0))
        self.shift = nn.Parameter(torch.full((len(QUERY_VIEWS),), -13.0))
        self.dim = dim

    def forward(self, query: Look, tile: Look, view: Tensor) -> Tensor:
        """Return (N,) log-odds; ``view`` (N,) are positions in ``QUERY_VIEWS``."""
        u, t = query.vectors, tile.vectors
        product = u * t
        by_turn = product.view(len(u), self.turns, -1).sum(-1)
        cosine = by_turn.sum(-1, keepdim=True)
        # An equal share of the vector is of length D ** -0.5: brought to the order of one.
        long = float(self.dim) ** 0.5
        which = functional.one_hot(view, len(QUERY_VIEWS)).to(u.dtype)
        a, b = self._query_cells(self.scale(query.cells), view), self.tile(self.scale(tile.cells))
        alike = functional.cosine_similarity(a, b, dim=1).unsqueeze(1)
        regions = self.regions(torch.cat([a * b, (a - b).abs(), alike], 1))
        known = torch.cat(
            [regions, product * long, (u - t).abs() * long, by_turn * self.turns, cosine, which], 1
        )
        learnt: Tensor = self.judge(known)[:, 0]
        return learnt + self.slope[view] * cosine[:, 0] + self.shift[view]

    def _query_cells(self, cells: Tensor, view: Tensor) -> Tensor:
        out = torch.empty(0)
        for number, layer in enumerate(self.query):
            chosen = view == number
            if bool(chosen.any()):
                part = layer(cells[chosen])
                if not out.numel():
                    out = part.new_zeros((len(cells), *part.shape[1:]))
                out[chosen] = part
        return out


def view_number(view: View) -> int:
    """Return the position of a query view in ``QUERY_VIEWS``."""
    return QUERY_VIEWS.index(view)
