"""The recipe of a training as data: what is shown to the network, in which phases, at which rate."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from gleam.encoder.config import EncoderConfig
from gleam.errors import ConfigError
from gleam.views import QUERY_VIEWS, View, parse_view


def _all_query_views() -> list[str]:
    return [view.value for view in QUERY_VIEWS]


@dataclass(frozen=True)
class LossConfig:
    """Symmetric InfoNCE.

    temperature: at the start; the logits are multiplied by its inverse.
    learnable: whether that scale is trained, up to ``max_scale``.
    label_smoothing: share of the target spread over the allowed places of the batch.
    anchor: ``satellite`` compares every view with the satellite tile only (the paper's star), ``all``
        compares all pairs of views.
    other_pairs: weight of a pair without the satellite view when ``anchor`` is ``all``.
    view_weights: weight of single query views, 1 where not given.
    """

    temperature: float = 0.07
    learnable: bool = True
    max_scale: float = 100.0
    label_smoothing: float = 0.0
    anchor: Literal["satellite", "all"] = "satellite"
    other_pairs: float = 1.0
    view_weights: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check the ranges."""
        _require(self.temperature > 0, "temperature", self.temperature, "above 0")
        _require(self.max_scale > 0, "max_scale", self.max_scale, "above 0")
        _require(0 <= self.label_smoothing < 1, "label_smoothing", self.label_smoothing, "from 0 to below 1")
        _require(self.other_pairs >= 0, "other_pairs", self.other_pairs, "0 or more")
        for name, weight in self.view_weights.items():
            parse_view(name)
            _require(weight >= 0, f"view_weights.{name}", weight, "0 or more")


@dataclass(frozen=True)
class AugmentConfig:
    """How prepared squares are varied; zero switches a part off.

    dihedral: turn by quarter turns and mirror the WORLD: all views of a place alike.
    scale, shift: largest change of scale and of position (share of the width), per image.
    rotate_deg: largest extra turn of single views, per image.
    gain, tint: standard deviation of the contrast factor and of the offset per channel, in units of
        normalised pixels.
    grey: share of images without colour.
    """

    dihedral: bool = True
    scale: float = 0.08
    shift: float = 0.04
    rotate_deg: dict[str, float] = field(default_factory=dict)
    gain: float = 0.2
    tint: float = 0.15
    grey: float = 0.15

    def __post_init__(self) -> None:
        """Check the ranges."""
        _require(0 <= self.scale < 1, "scale", self.scale, "from 0 to below 1")
        _require(0 <= self.shift < 1, "shift", self.shift, "from 0 to below 1")
        _require(0 <= self.grey <= 1, "grey", self.grey, "from 0 to 1")
        _require(self.gain >= 0, "gain", self.gain, "0 or more")
        _require(self.tint >= 0, "tint", self.tint, "0 or more")
        for name, degrees in self.rotate_deg.items():
            parse_view(name)
            _require(0 <= degrees <= 180, f"rotate_deg.{name}", degrees, "from 0 to 180")


@dataclass(frozen=True)
class HardNegativesConfig:
    """Batches of look-alikes: seeds, each beside places that the network confuses with it.

    every_epochs: mine anew this often, beginning with ``from_epoch`` (the first epoch is 0).
    pool: most similar places kept per place; some of them are drawn for each batch.
    per_seed: places per group, the seed included.
    nearest: this many geographically nearest places join the pool where coordinates are known.
    search: how similar tiles are looked for: ``exact``, ``indexed`` (FAISS, extra ``train``; finds nearly
        all of them, and the log says which share), or ``auto``: indexed above ``index_above`` places.
    probes: cells of the index that are looked into; more find more and take longer.
    """

    every_epochs: int = 4
    from_epoch: int = 1
    pool: int = 32
    per_seed: int = 4
    nearest: int = 0
    search: Literal["auto", "exact", "indexed"] = "auto"
    index_above: int = 200_000
    probes: int = 32

    def __post_init__(self) -> None:
        """Check the ranges."""
        _require(self.every_epochs >= 1, "every_epochs", self.every_epochs, "1 or more")
        _require(self.from_epoch >= 0, "from_epoch", self.from_epoch, "0 or more")
        _require(self.pool >= 1, "pool", self.pool, "1 or more")
        _require(self.per_seed >= 2, "per_seed", self.per_seed, "2 or more")
        _require(self.nearest >= 0, "nearest", self.nearest, "0 or more")
        _require(self.index_above >= 0, "index_above", self.index_above, "0 or more")
        _require(self.probes >= 1, "probes", self.probes, "1 or more")


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
        _require(self.rank >= 1, "lora.rank", self.rank, "1 or more")
        _require(self.alpha > 0, "lora.alpha", self.alpha, "above 0")
        _require(0 <= self.dropout < 1, "lora.dropout", self.dropout, "from 0 to below 1")
        _require(bool(self.targets), "lora.targets", self.targets, "a word or a list with at least one name")


@dataclass(frozen=True)
class PhaseConfig:
    """One phase of a training.

    places: places tables, city folders, or glob patterns of them.
    split: rows of this split only; null takes all rows.
    views: query views to learn; the satellite view always belongs to it.
    epochs, steps: length; give exactly one.
    batch: places per global batch (over all processes).
    views_per_batch: ``all`` views of a place together, or ``one`` query view at a time.
    equal_views: repeat the rarer views until each is seen equally often per epoch.
    rate: highest learning rate; ``warmup`` is the share of the phase that rises to it, then a half
        cosine falls to ``final_rate_share`` of it.
    clip_norm: largest norm of the gradient; 0 leaves it alone.
    mask_within: places nearer than this share of a tile's width are no negatives of each other.
    chunk: images in the network at once, with exact gradients (gradient caching); 0 takes the batch whole.
    freeze: parameters whose names begin so are not trained.
    freeze_statistics: keep the running statistics of batch normalisation as they are.
    without_pose: share of the drone images shown as if nothing but their heading were known, so that
        photos that tell no pitch and height are found too.
    """

    name: str
    places: list[str]
    split: str | None = "train"
    views: list[str] = field(default_factory=_all_query_views)
    epochs: float | None = None
    steps: int | None = None
    batch: int = 48
    views_per_batch: Literal["all", "one"] = "all"
    equal_views: bool = True
    rate: float = 1e-3
    warmup: float = 0.05
    final_rate_share: float = 0.0
    schedule: Literal["cosine", "constant"] = "cosine"
    weight_decay: float = 0.05
    betas: tuple[float, float] = (0.9, 0.98)
    clip_norm: float = 2.0
    mask_within: float = 0.25
    chunk: int = 0
    hard_negatives: HardNegativesConfig | None = None
    augment: AugmentConfig = field(default_factory=AugmentConfig)
    loss: LossConfig | None = None
    freeze: list[str] = field(default_factory=list)
    freeze_statistics: bool = False
    without_pose: float = 0.0

    def __post_init__(self) -> None:
        """Check the ranges and that the length is given once."""
        if (self.epochs is None) == (self.steps is None):
            raise ConfigError(f"Phase {self.name!r} needs either 'epochs' or 'steps', exactly one of them.")
        _require(
            (self.epochs or self.steps or 0) > 0, "epochs or steps", self.epochs or self.steps, "above 0"
        )
        _require(bool(self.places), "places", self.places, "a list with at least one table or folder")
        _require(self.batch >= 2, "batch", self.batch, "2 or more: a place alone has no negatives")
        _require(self.rate > 0, "rate", self.rate, "above 0")
        _require(0 <= self.warmup < 1, "warmup", self.warmup, "a share of the phase from 0 to below 1")
        _require(0 <= self.final_rate_share <= 1, "final_rate_share", self.final_rate_share, "from 0 to 1")
        _require(self.weight_decay >= 0, "weight_decay", self.weight_decay, "0 or more")
        _require(self.clip_norm >= 0, "clip_norm", self.clip_norm, "0 or more")
        _require(self.mask_within >= 0, "mask_within", self.mask_within, "0 or more")
        _require(self.chunk >= 0, "chunk", self.chunk, "0 or more")
        _require(0 <= self.without_pose <= 1, "without_pose", self.without_pose, "a share from 0 to 1")
        _require(bool(self.query_views), "views", self.views, "at least one query view")

    @property
    def query_views(self) -> tuple[View, ...]:
        """The query views in the order of :data:`gleam.views.QUERY_VIEWS`."""
        wanted = {parse_view(name) for name in self.views}
        return tuple(view for view in QUERY_VIEWS if view in wanted)


@dataclass(frozen=True)
class EvaluateConfig:
    """Recall on held-out places: before the training, after each phase, and every so many epochs.

    places, split, views: as in a phase. max_queries bounds the queries per view; the gallery is always
    the satellite tiles of ALL the held-out places.
    every_epochs: also within the phases; 0 only at their ends.
    """

    places: list[str]
    split: str | None = "test"
    views: list[str] = field(default_factory=_all_query_views)
    every_epochs: float = 0
    max_queries: int = 1000

    def __post_init__(self) -> None:
        """Check the ranges."""
        _require(bool(self.places), "places", self.places, "a list with at least one table or folder")
        _require(self.every_epochs >= 0, "every_epochs", self.every_epochs, "0 or more")
        _require(self.max_queries >= 1, "max_queries", self.max_queries, "1 or more")
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
        _require(bool(self.phases), "phases", self.phases, "a list with at least one phase")
        names = [phase.name for phase in self.phases]
        if len(set(names)) < len(names):
            raise ConfigError(f"The names of the phases must differ, not {', '.join(names)}.")
        for text in (self.name, *names):
            if not text or "/" in text or "\\" in text or text.startswith("."):
                raise ConfigError(f"The name {text!r} must be usable as a file name.")
        _require(0 <= self.seed < 2**31, "seed", self.seed, "from 0 to 2147483647")
        _require(0 <= self.ema_decay < 1, "ema_decay", self.ema_decay, "from 0 to below 1")
        _require(self.threads >= 0, "threads", self.threads, "0 or more")
        _require(self.workers >= 1, "workers", self.workers, "1 or more")
        _require(
            self.checkpoint_every_steps >= 1,
            "checkpoint_every_steps",
            self.checkpoint_every_steps,
            "1 or more",
        )
        _require(self.keep_checkpoints >= 1, "keep_checkpoints", self.keep_checkpoints, "1 or more")
        _require(self.log_every_steps >= 1, "log_every_steps", self.log_every_steps, "1 or more")


def _require(ok: bool, key: str, value: object, wanted: str) -> None:
    if not ok:
        raise ConfigError(f"{key} must be {wanted}, not {value!r}.")
