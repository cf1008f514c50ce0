"""Teaching the matcher: pairs of pictures that the frozen encoder has looked at."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from gleam.encoder.encoder import Encoder
from gleam.explaining.student.config import MatchConfig, StudentConfig
from gleam.explaining.student.matcher import Look, Matcher
from gleam.explaining.student.pictures import PairTable
from gleam.explaining.student.training.loop import Setting, seed_of, train_part
from gleam.explaining.student.training.sources import Source
from gleam.views import QUERY_VIEWS


class Examples:
    """Pairs of several sources as one: looks of all pictures, and for each pair which two it compares."""

    def __init__(self, sources: Sequence[Source], pairs: Sequence[PairTable]) -> None:
        starts = np.cumsum([0, *(len(s.pictures) for s in sources)])
        self.look = Look(
            torch.cat([s.look.vectors for s in sources]), torch.cat([s.look.cells for s in sources])
        )
        self.query = np.concatenate([p.query + start for p, start in zip(pairs, starts, strict=False)])
        self.tile = np.concatenate([p.tile + start for p, start in zip(pairs, starts, strict=False)])
        self.match = np.concatenate([p.match for p in pairs])
        self.tier = np.concatenate([p.tier for p in pairs])
        names = np.concatenate([s.pictures.places.column("view") for s in sources])
        order = {view.value: number for number, view in enumerate(QUERY_VIEWS)}
        self.view = np.array([order[str(name)] for name in names[self.query]], np.int64)
        self.labels = np.concatenate([s.pictures.labels for s in sources])

    def __len__(self) -> int:
        return len(self.match)

    def with_tiles(self, index: NDArray[np.int64], tiles: NDArray[np.int64]) -> Examples:
        """Return some of the examples with other tiles, which therefore do not match."""
        other = copy.copy(self)
        other.query, other.tile, other.view = self.query[index], tiles, self.view[index]
        other.match, other.tier = np.zeros(len(index), bool), np.full(len(index), "swapped")
        return other


def new_matcher(encoder: Encoder, config: MatchConfig) -> Matcher:
    """Build a matcher for what an encoder finds."""
    return Matcher(
        encoder.dim,
        encoder.config.turns,
        encoder.config.grid_channels,
        encoder.config.grid,
        cells=config.cells,
        hidden=config.hidden,
        dropout=config.dropout,
    )


def draw_examples(sources: Sequence[Source], config: StudentConfig, rounds: int, what: str) -> Examples:
    """Return the pairs of all sources; those of cities are drawn by the seed."""
    return Examples(
        sources, [s.pairs(config, rounds, seed_of(config.seed, what, k)) for k, s in enumerate(sources)]
    )


def train_matcher(matcher: Matcher, examples: Examples, config: MatchConfig, setting: Setting) -> list[float]:
    """Train the matcher on examples, as many matches as not; return the losses of the steps done now."""
    kinds = [torch.from_numpy(np.flatnonzero(examples.match == kind)) for kind in (True, False)]
    half = config.training.batch // 2

    def step(number: int, generator: torch.Generator) -> Tensor:
        index = torch.cat([kind[torch.randint(len(kind), (half,), generator=generator)] for kind in kinds])
        target = torch.from_numpy(examples.match)[index].float()
        odds = judge(matcher, examples, index.numpy())
        return functional.binary_cross_entropy_with_logits(odds.float(), target)

    return train_part("matcher", matcher, config.training, step, setting)


def judge(matcher: Matcher, examples: Examples, index: NDArray[np.int64]) -> Tensor:
    """Return the log-odds (n,) of some examples."""
    query = examples.look.take(torch.from_numpy(examples.query[index]))
    tile = examples.look.take(torch.from_numpy(examples.tile[index]))
    odds: Tensor = matcher(query, tile, torch.from_numpy(examples.view[index]))
    return odds


@torch.inference_mode()
def judge_all(matcher: Matcher, examples: Examples, at_once: int = 512) -> NDArray[np.float64]:
    """Return the log-odds of all examples."""
    parts = [
        judge(matcher, examples, np.arange(k, min(k + at_once, len(examples)))).numpy()
        for k in range(0, len(examples), at_once)
    ]
    return np.concatenate(parts).astype(np.float64)
