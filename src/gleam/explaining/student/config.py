"""The recipe of a student as data: from which pictures it learns what, and for how long."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from gleam.errors import ConfigError


@dataclass(frozen=True)
class LengthConfig:
    """How long a part is trained, and how fast.

    steps: optimiser steps. batch: examples per step. rate: highest learning rate, reached after
    ``warmup`` (share of the steps) and lowered along a half cosine to nothing. weight_decay: of matrices.
    """

    steps: int = 1000
    batch: int = 64
    rate: float = 1e-3
    warmup: float = 0.05
    weight_decay: float = 0.02

    def __post_init__(self) -> None:
        """Check the ranges."""
        _require(self.steps >= 1, "steps", self.steps, "1 or more")
        _require(self.batch >= 2, "batch", self.batch, "2 or more")
        _require(self.rate > 0, "rate", self.rate, "above 0")
        _require(0 <= self.warmup < 1, "warmup", self.warmup, "from 0 to below 1")
        _require(self.weight_decay >= 0, "weight_decay", self.weight_decay, "0 or more")


@dataclass(frozen=True)
class SeerConfig:
    """The network that says what a picture shows.

    pixels, ground_width_m: of the squares it looks at. cells: channels kept of each cell of the last
    feature map before it is flattened. hidden: width of the layer before the heads. fine_tune: train the
    copy of the encoder's backbone too, at ``backbone_rate`` times the rate of the heads. dropout: of the
    hidden layer. training: its length.
    """

    pixels: int = 112
    ground_width_m: float = 128.0
    cells: int = 48
    hidden: int = 256
    fine_tune: bool = True
    backbone_rate: float = 0.5
    dropout: float = 0.1
    training: LengthConfig = field(default_factory=lambda: LengthConfig(steps=1500, batch=24))

    def __post_init__(self) -> None:
        """Check the ranges."""
        _require(self.pixels >= 32, "pixels", self.pixels, "32 or more")
        _require(self.ground_width_m > 0, "ground_width_m", self.ground_width_m, "above 0")
        _require(
            min(self.cells, self.hidden) >= 1, "cells and hidden", (self.cells, self.hidden), "1 or more"
        )
        _require(0 <= self.backbone_rate <= 1, "backbone_rate", self.backbone_rate, "from 0 to 1")
        _require(0 <= self.dropout < 1, "dropout", self.dropout, "from 0 to below 1")


@dataclass(frozen=True)
class MatchConfig:
    """The head that says whether two pictures show one place.

    cells: channels kept of each region. hidden: width of its layers. dropout: of them. rounds: how often
    new negatives are drawn for every picture. near_share, alike_share: of the negatives; the rest is random.
    near_m: from and to how many metres away a near one lies. training: its length.
    """

    cells: int = 24
    hidden: int = 256
    dropout: float = 0.2
    rounds: int = 8
    near_share: float = 0.34
    alike_share: float = 0.33
    near_m: tuple[float, float] = (60.0, 250.0)
    training: LengthConfig = field(default_factory=lambda: LengthConfig(steps=1500, batch=256))

    def __post_init__(self) -> None:
        """Check the ranges."""
        _require(
            min(self.cells, self.hidden) >= 1, "cells and hidden", (self.cells, self.hidden), "1 or more"
        )
        _require(0 <= self.dropout < 1, "dropout", self.dropout, "from 0 to below 1")
        _require(self.rounds >= 1, "rounds", self.rounds, "1 or more")
        shares = self.near_share + self.alike_share
        _require(0 <= shares <= 1, "near_share + alike_share", shares, "from 0 to 1")
        _require(0 < self.near_m[0] < self.near_m[1], "near_m", self.near_m, "rising and above 0")


@dataclass(frozen=True)
class TellerConfig:
    """The decoder that puts decisions into words.

    width, layers, heads: of the transformer. vocabulary: most tokens. longest: of a text, in tokens.
    texts: how many texts the vocabulary is made from. training: its length.
    """

    width: int = 160
    layers: int = 4
    heads: int = 4
    vocabulary: int = 2400
    longest: int = 96
    texts: int = 6000
    training: LengthConfig = field(default_factory=lambda: LengthConfig(steps=1200, batch=48))

    def __post_init__(self) -> None:
        """Check the ranges."""
        _require(self.width % self.heads == 0, "width", self.width, f"a multiple of heads ({self.heads})")
        _require(self.layers >= 1, "layers", self.layers, "1 or more")
        _require(self.vocabulary >= 300, "vocabulary", self.vocabulary, "300 or more")
        _require(self.longest >= 16, "longest", self.longest, "16 or more")
        _require(self.texts >= 10, "texts", self.texts, "10 or more")


@dataclass(frozen=True)
class StudentConfig:
    """How a student is made.

    train, val: benchmark folders, or city folders with their facts (pairs are then drawn here). The
    thresholds and the calibration are fitted on ``val`` alone, which lies elsewhere. encoder: on which it
    stands. name: of the weights. calibration_name: what its probabilities are said to be calibrated on.
    stated_true: the share of stated values that must be true on ``val``; an attribute whose head is less
    sure than needed for that is left unstated. precision: ``bf16`` or ``fp32`` of the networks while they
    are trained. checkpoint_steps: a checkpoint is written this often. cache: folder of prepared squares;
    null takes the user's.
    """

    train: list[str]
    val: list[str]
    encoder: str = "city"
    name: str = "student"
    calibration_name: str = "val"
    seed: int = 1
    stated_true: float = 0.94
    precision: str = "bf16"
    threads: int = 1
    checkpoint_steps: int = 200
    cache: Path | None = None
    seer: SeerConfig = field(default_factory=SeerConfig)
    match: MatchConfig = field(default_factory=MatchConfig)
    teller: TellerConfig = field(default_factory=TellerConfig)

    def __post_init__(self) -> None:
        """Check the ranges."""
        _require(bool(self.train), "train", self.train, "at least one folder")
        _require(bool(self.val), "val", self.val, "at least one folder")
        _require(0.5 <= self.stated_true < 1, "stated_true", self.stated_true, "from 0.5 to below 1")
        _require(self.precision in ("bf16", "fp32"), "precision", self.precision, "bf16 or fp32")
        _require(self.threads >= 0, "threads", self.threads, "0 (the library's own) or more")
        _require(self.checkpoint_steps >= 1, "checkpoint_steps", self.checkpoint_steps, "1 or more")


def _require(holds: bool, key: str, value: object, wanted: str) -> None:
    if not holds:
        raise ConfigError(f"{key} is {value!r}; it must be {wanted}.")
