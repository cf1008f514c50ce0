"""The recipe of a training as data: the network, its phases, and how it runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from gleam.encoder.config import EncoderConfig
from gleam.errors import ConfigError
from gleam.training.config_phase import (
    AugmentConfig,
    HardNegativesConfig,
    LossConfig,
    PhaseConfig,
    all_query_views,
    require,
)
from gleam.views import QUERY_VIEWS, View, parse_view

__all__ = [
    "AugmentConfig",
    "EvaluateConfig",
    "HardNegativesConfig",
    "LoraConfig",
    "LossConfig",
    "PhaseConfig",
    "TrainConfig",
]


@dataclass(frozen=True)
class LoraConfig:
    """Low-rank adapters beside the linear maps of the backbone, which itself then stays as it is.

    rank: of the adapters. alpha: their outputs are multiplied by ``alpha / rank``. dropout: share of the
        adapters' inputs left out in training.
    targets: ``attention`` (its four projections), ``all`` linear maps of the blocks, or a list of their
        names, such as ``[q_proj, v_proj]``.
    """

    rank: int = 16
    alpha: int = 32
    dropout: float = 0.0
    targets: Literal["attention", "all"] | list[str] = "attention"

    def __post_init__(self) -> None:
        """Check the ranges."""
        require(self.rank >= 1, "lora.rank", self.rank, "1 or more")
        require(self.alpha > 0, "lora.alpha", self.alpha, "above 0")
        require(0 <= self.dropout < 1, "lora.dropout", self.dropout, "from 0 to below 1")
        require(bool(self.targets), "lora.targets", self.targets, "a word or a list with at least one name")


@dataclass(frozen=True)
class EvaluateConfig:
    """Recall on held-out places: before the training, after each phase, and every so many epochs.

    places, split, views: as in a phase. max_queries bounds the queries per view; the gallery is always
    the satellite tiles of ALL the held-out places.
    every_epochs: also within the phases; 0 only at their ends.
    """

    places: list[str]
    split: str | None = "test"
    views: list[str] = field(default_factory=all_query_views)
    every_epochs: float = 0
    max_queries: int = 1000

    def __post_init__(self) -> None:
        """Check the ranges."""
        require(bool(self.places), "places", self.places, "a list with at least one table or folder")
        require(self.every_epochs >= 0, "every_epochs", self.every_epochs, "0 or more")
        require(self.max_queries >= 1, "max_queries", self.max_queries, "1 or more")
        for name in self.views:
            parse_view(name)

    @property
    def query_views(self) -> tuple[View, ...]:
        """The query views in the order of :data:`gleam.views.QUERY_VIEWS`."""
        wanted = {parse_view(name) for name in self.views}
        return tuple(view for view in QUERY_VIEWS if view in wanted)


@dataclass(frozen=True)
class TrainConfig:
    """A whole training.

    name: of the encoder that comes out.
    phases: run one after the other, each from the weights of the one before.
    out: folder of the result; relative paths start at the current folder.
    start: an encoder (shipped name, folder or hub id) to start from instead of fresh weights; its own
        configuration must then equal ``encoder``, or ``encoder`` be left out.
    ema_decay: keep and save an exponential average of the weights; 0 saves the last weights.
    lora: train adapters and head only; the published encoder has them added into its weights.
    precision: ``bf16`` runs the network in bfloat16 where that is fast; loss and weights stay float32.
    checkpoint_activations: keep the input of each block only and compute the rest again in the backward
        pass: less memory, about a third more time, the same gradients.
    compile: compile the blocks of the backbone with torch.compile; without a compiler it goes on plainly.
    device: ``auto``, ``cpu`` or ``cuda``.
    threads: CPU threads of the network per process; 0 leaves torch's choice. Bitwise repeatable with 1.
    workers: threads that prepare images.
    cache: folder of prepared squares; null is a folder of the user's cache.
    skip_bad: leave out images that cannot be read, and list them, instead of stopping.
    """

    name: str
    phases: list[PhaseConfig]
    out: str = "training"
    seed: int = 0
    encoder: EncoderConfig = field(default_factory=EncoderConfig)
    start: str | None = None
    loss: LossConfig = field(default_factory=LossConfig)
    evaluate: EvaluateConfig | None = None
    ema_decay: float = 0.0
    lora: LoraConfig | None = None
    precision: Literal["fp32", "bf16"] = "fp32"
    checkpoint_activations: bool = False
    compile: bool = False
    device: Literal["auto", "cpu", "cuda"] = "auto"
    threads: int = 1
    workers: int = 2
    cache: str | None = None
    skip_bad: bool = False
    checkpoint_every_steps: int = 500
    keep_checkpoints: int = 2
    log_every_steps: int = 10

    def __post_init__(self) -> None:
        """Check the ranges and that phase names differ."""
        require(bool(self.phases), "phases", self.phases, "a list with at least one phase")
        names = [phase.name for phase in self.phases]
        if len(set(names)) < len(names):
            raise ConfigError(f"The names of the phases must differ, not {', '.join(names)}.")
        for text in (self.name, *names):
            if not text or "/" in text or "\\" in text or text.startswith("."):
                raise ConfigError(f"The name {text!r} must be usable as a file name.")
        require(0 <= self.seed < 2**31, "seed", self.seed, "from 0 to 2147483647")
        require(0 <= self.ema_decay < 1, "ema_decay", self.ema_decay, "from 0 to below 1")
        require(self.threads >= 0, "threads", self.threads, "0 or more")
        require(self.workers >= 1, "workers", self.workers, "1 or more")
        require(
            self.checkpoint_every_steps >= 1,
            "checkpoint_every_steps",
            self.checkpoint_every_steps,
            "1 or more",
        )
        require(self.keep_checkpoints >= 1, "keep_checkpoints", self.keep_checkpoints, "1 or more")
        require(self.log_every_steps >= 1, "log_every_steps", self.log_every_steps, "1 or more")
