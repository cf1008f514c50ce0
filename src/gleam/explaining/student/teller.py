"""The decoder: a small transformer that puts decisions into words. It never sees a picture.

Each attribute is one token of the prefix: the sum of its value in the query, its value in the tile, and
whether the two are to be called alike or different. One more token holds verdict, language and view.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from gleam.explaining.scene import ATTRIBUTES
from gleam.explaining.student.saying import FLAGS, HEADS, MOST_VALUES, Sayings

PREFIX = len(ATTRIBUTES) + 1
Cache = list[tuple[Tensor, Tensor] | None]


class Block(nn.Module):
    """Causal self-attention and a feed-forward layer, each beside a shortcut."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.before, self.between = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.out = nn.Linear(width, width, bias=False)
        self.feed = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(
        self, x: Tensor, past: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Return the output for (N, T, width), and keys and values to go on from."""
        n, length, width = x.shape
        parts = self.qkv(self.before(x)).view(n, length, 3, self.heads, width // self.heads)
        q, k, v = parts.permute(2, 0, 3, 1, 4)
        if past is not None:
            k, v = torch.cat([past[0], k], 2), torch.cat([past[1], v], 2)
        mixed = functional.scaled_dot_product_attention(q, k, v, is_causal=length > 1)
        x = x + self.out(mixed.transpose(1, 2).reshape(n, length, width))
        return x + self.feed(self.between(x)), (k, v)


class Teller(nn.Module):
    """Sayings in, token probabilities out."""

    def __init__(self, vocabulary: int, width: int, layers: int, heads: int, longest: int) -> None:
        super().__init__()
        kinds = len(ATTRIBUTES)
        self.longest = longest
        self.sides = nn.Parameter(torch.randn(2, kinds, MOST_VALUES + 1, width) * 0.02)
        self.flags = nn.Parameter(torch.randn(kinds, len(FLAGS), width) * 0.02)
        self.heads = nn.ParameterList([nn.Parameter(torch.randn(n, width) * 0.02) for n in HEADS])
        self.places = nn.Parameter(torch.randn(PREFIX + longest, width) * 0.02)
        self.words = nn.Embedding(vocabulary, width)
        nn.init.normal_(self.words.weight, std=0.02)
        self.blocks = nn.ModuleList([Block(width, heads) for _ in range(layers)])
        self.norm = nn.LayerNorm(width)

    def prefix(self, values: Tensor, heads: Tensor) -> Tensor:
        """Return (N, PREFIX, width) of numbers as in :class:`Sayings`."""
        kinds = torch.arange(values.shape[1])
        each = (
            self.sides[0][kinds, values[:, :, 0]]
            + self.sides[1][kinds, values[:, :, 1]]
            + self.flags[kinds, values[:, :, 2]]
        )
        whole = sum(table[heads[:, k]] for k, table in enumerate(self.heads))
        assert isinstance(whole, Tensor)
        return torch.cat([each, whole[:, None]], 1)

    def forward(self, values: Tensor, heads: Tensor, tokens: Tensor) -> Tensor:
        """Return (N, T, vocabulary) logits of what follows the prefix and each but the last of T tokens."""
        x = torch.cat([self.prefix(values, heads), self.words(tokens[:, :-1])], 1)
        x = x + self.places[: x.shape[1]]
        for block in self.blocks:
            x, _ = block(x)
        return functional.linear(self.norm(x[:, PREFIX - 1 :]), self.words.weight)

    @torch.inference_mode()
    def tell(
        self, sayings: Sayings, end: int, warmth: Sequence[float] = (), seed: int = 0
    ) -> list[list[int]]:
        """Return tokens for each saying, up to the end mark or the longest.

        warmth: per saying the temperature at which tokens are drawn, by ``seed``; 0, also when left out,
        takes the most probable ones.
        """
        warm = torch.tensor(list(warmth) or [0.0] * len(sayings.values))
        dice = torch.Generator().manual_seed(seed)
        values, heads = torch.from_numpy(sayings.values), torch.from_numpy(sayings.heads)
        x = self.prefix(values, heads) + self.places[:PREFIX]
        past: Cache = [None] * len(self.blocks)
        done = torch.zeros(len(values), dtype=torch.bool)
        told: list[Tensor] = []
        for position in range(PREFIX, PREFIX + self.longest):
            for number, block in enumerate(self.blocks):
                x, past[number] = block(x, past[number])
            logits = functional.linear(self.norm(x[:, -1]), self.words.weight)
            drawn = torch.multinomial(
                (logits / warm.clamp(min=1e-3)[:, None]).softmax(-1), 1, generator=dice
            )[:, 0]
            best = torch.where(warm > 0, drawn, logits.argmax(-1))
            best = torch.where(done, end, best)
            told.append(best)
            done = done | (best == end)
            if bool(done.all()):
                break
            x = self.words(best)[:, None] + self.places[position]
        return torch.stack(told, 1).tolist() if told else []
