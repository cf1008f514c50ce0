"""A phase of a training as data: what is shown, how it is varied, which loss, at which rate."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from gleam.errors import ConfigError
from gleam.views import QUERY_VIEWS, View, parse_view


def all_query_views() -> list[str]:
    """Return the names of all query views."""
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
        require(self.temperature > 0, "temperature", self.temperature, "above 0")
        require(self.max_scale > 0, "max_scale", self.max_scale, "above 0")
        require(0 <= self.label_smoothing < 1, "label_smoothing", self.label_smoothing, "from 0 to below 1")
        require(self.other_pairs >= 0, "other_pairs", self.other_pairs, "0 or more")
        for name, weight in self.view_weights.items():
            parse_view(name)
            require(weight >= 0, f"view_weights.{name}", weight, "0 or more")


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
        require(0 <= self.scale < 1, "scale", self.scale, "from 0 to below 1")
        require(0 <= self.shift < 1, "shift", self.shift, "from 0 to below 1")
        require(0 <= self.grey <= 1, "grey", self.grey, "from 0 to 1")
        require(self.gain >= 0, "gain", self.gain, "0 or more")
        require(self.tint >= 0, "tint", self.tint, "0 or more")
        for name, degrees in self.rotate_deg.items():
            parse_view(name)
            require(0 <= degrees <= 180, f"rotate_deg.{name}", degrees, "from 0 to 180")


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
        require(self.every_epochs >= 1, "every_epochs", self.every_epochs, "1 or more")
        require(self.from_epoch >= 0, "from_epoch", self.from_epoch, "0 or more")
        require(self.pool >= 1, "pool", self.pool, "1 or more")
        require(self.per_seed >= 2, "per_seed", self.per_seed, "2 or more")
        require(self.nearest >= 0, "nearest", self.nearest, "0 or more")
        require(self.index_above >= 0, "index_above", self.index_above, "0 or more")
        require(self.probes >= 1, "probes", self.probes, "1 or more")


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
    views: list[str] = field(default_factory=all_query_views)
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
        require((self.epochs or self.steps or 0) > 0, "epochs or steps", self.epochs or self.steps, "above 0")
        require(bool(self.places), "places", self.places, "a list with at least one table or folder")
        require(self.batch >= 2, "batch", self.batch, "2 or more: a place alone has no negatives")
        require(self.rate > 0, "rate", self.rate, "above 0")
        require(0 <= self.warmup < 1, "warmup", self.warmup, "a share of the phase from 0 to below 1")
        require(0 <= self.final_rate_share <= 1, "final_rate_share", self.final_rate_share, "from 0 to 1")
        require(self.weight_decay >= 0, "weight_decay", self.weight_decay, "0 or more")
        require(self.clip_norm >= 0, "clip_norm", self.clip_norm, "0 or more")
        require(self.mask_within >= 0, "mask_within", self.mask_within, "0 or more")
        require(self.chunk >= 0, "chunk", self.chunk, "0 or more")
        require(0 <= self.without_pose <= 1, "without_pose", self.without_pose, "a share from 0 to 1")
        require(bool(self.query_views), "views", self.views, "at least one query view")

    @property
    def query_views(self) -> tuple[View, ...]:
        """The query views in the order of :data:`gleam.views.QUERY_VIEWS`."""
        wanted = {parse_view(name) for name in self.views}
        return tuple(view for view in QUERY_VIEWS if view in wanted)


def require(ok: bool, key: str, value: object, wanted: str) -> None:
    """Raise a ``ConfigError`` that names the key and what it must be, unless ``ok``."""
    if not ok:
        raise ConfigError(f"{key} must be {wanted}, not {value!r}.")
