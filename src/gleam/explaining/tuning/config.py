"""The recipe of a tuning with LoRA as data: on what, of what, how long."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from gleam.errors import ConfigError
from gleam.explaining.sentences import parse_language
from gleam.views import parse_view

Teach = Literal["label", "explanation", "label+explanation"]
"""One word, a text with its verdict, or both as separate questions."""


@dataclass(frozen=True)
class LoraConfig:
    """Low-rank changes to the layers of the language model.

    rank: of the changes. scale: they are multiplied by ``scale / rank``. dropout: before them.
    """

    rank: int = 16
    scale: int = 32
    dropout: float = 0.05

    def __post_init__(self) -> None:
        """Check the ranges."""
        _require(self.rank >= 1, "lora.rank", self.rank, "1 or more")
        _require(self.scale > 0, "lora.scale", self.scale, "above 0")
        _require(0 <= self.dropout < 1, "lora.dropout", self.dropout, "from 0 to below 1")


@dataclass(frozen=True)
class RunConfig:
    """How long and on what it runs.

    epochs, steps: length; give exactly one. ``epochs: 0`` tunes nothing and only calibrates the base model.
    batch: questions at once on one device. accumulate: batches per step of the optimiser.
    rate: highest learning rate; ``warmup`` is the share of the steps that rises to it, then half a cosine
        falls.
    clip_norm: largest norm of the gradient. weight_decay: of the tuned weights.
    device, precision: ``auto`` takes a GPU and bfloat16 when there is one; see
        :class:`gleam.explaining.local.model.Settings`.
    recompute: keep fewer activations and compute them again, for less memory and more time.
    save_every_steps: steps between checkpoints. workers: processes that load pictures. threads: of torch on a
        CPU; null leaves its own choice.
    """

    epochs: float | None = None
    steps: int | None = None
    batch: int = 2
    accumulate: int = 8
    rate: float = 1e-4
    warmup: float = 0.03
    clip_norm: float = 1.0
    weight_decay: float = 0.0
    device: str = "auto"
    precision: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    recompute: bool = True
    save_every_steps: int = 100
    workers: int = 0
    threads: int | None = None

    def __post_init__(self) -> None:
        """Check the ranges."""
        if (self.epochs is None) == (self.steps is None):
            raise ConfigError("run: give exactly one of epochs and steps.")
        _require((self.epochs or 0) >= 0, "run.epochs", self.epochs, "0 or more")
        _require((self.steps or 0) >= 0, "run.steps", self.steps, "0 or more")
        for name in ("batch", "accumulate", "save_every_steps"):
            _require(getattr(self, name) >= 1, f"run.{name}", getattr(self, name), "1 or more")
        _require(self.threads is None or self.threads >= 1, "run.threads", self.threads, "1 or more")
        _require(self.workers >= 0, "run.workers", self.workers, "0 or more")
        _require(self.rate > 0, "run.rate", self.rate, "above 0")
        _require(0 <= self.warmup < 1, "run.warmup", self.warmup, "from 0 to below 1")
        _require(self.clip_norm > 0, "run.clip_norm", self.clip_norm, "above 0")
        _require(self.weight_decay >= 0, "run.weight_decay", self.weight_decay, "0 or more")


@dataclass(frozen=True)
class TuneConfig:
    """A tuning.

    bench: folder of the benchmark. out: folder of the result.
    model: as after ``local:``, without an adapter.
    teach: ``label`` asks for one word; ``explanation`` for a text with its verdict; ``label+explanation``
        asks both, as separate questions.
    languages: of the questions. views: of the queries; empty takes all.
    balance: repeat the rarer verdict until both are equally frequent, per language and kind of question.
    image_side: pictures are shown with about its square of pixels.
    calibrate_on, evaluate_on: splits; null leaves that out. most_pairs: of each split used; null takes all.
    written_pairs: pairs of ``evaluate_on`` whose written answers are tried (slow).
    seed: of everything random.
    """

    bench: str
    model: str
    kind: Literal["lora"] = "lora"
    name: str = "lora"
    out: str = "runs/lora"
    teach: Teach = "label+explanation"
    languages: list[str] = field(default_factory=lambda: ["en", "zh"])
    views: list[str] = field(default_factory=list)
    balance: bool = True
    image_side: int = 512
    calibrate_on: Literal["val"] | None = "val"
    evaluate_on: Literal["val", "test"] | None = "test"
    most_pairs: int | None = None
    written_pairs: int = 50
    seed: int = 1
    lora: LoraConfig = field(default_factory=LoraConfig)
    run: RunConfig = field(default_factory=lambda: RunConfig(epochs=1))

    def __post_init__(self) -> None:
        """Check the names and ranges."""
        _require(bool(self.languages), "languages", self.languages, "one or more of en, zh")
        for language in self.languages:
            parse_language(language)
        for view in self.views:
            parse_view(view)
        _require(self.image_side >= 28, "image_side", self.image_side, "28 or more")
        _require(self.most_pairs is None or self.most_pairs >= 2, "most_pairs", self.most_pairs, "2 or more")
        _require(self.written_pairs >= 0, "written_pairs", self.written_pairs, "0 or more")


def _require(holds: bool, key: str, value: object, wanted: str) -> None:
    if not holds:
        raise ConfigError(f"{key!r} must be {wanted}, not {value!r}.")
