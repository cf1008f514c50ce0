"""What an encoder is made of, as data that is saved beside its weights."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

from gleam.errors import ConfigError, EncoderError
from gleam.imagery.preparation import Preparation


@dataclass(frozen=True)
class EncoderConfig:
    """Recipe of the network and of the picture it is shown.

    backbone: a name of :func:`gleam.encoder.backbones.backbone_names`, or ``timm/NAME``.
    backbone_options: what that backbone understands (the compact one: ``stem``, ``channels`` and ``blocks``;
        a transformers one: the fields of its configuration, or ``pretrained`` with a hub id or folder; a
        timm one: the arguments of ``timm.create_model``).
    head: ``layout`` keeps the layout in regions beside global pooling; ``pooled`` takes the network's own
        pooled feature as it is, unprojected, like the encoders of the peers. Then ``dim`` is the network's
        width, whatever is written here, and the keys of the layout head mean nothing.
    dim: length of the vector.
    grid: the head keeps the layout in ``grid`` x ``grid`` regions beside global pooling.
    grid_channels: channels of each region.
    turns: quarter turns under which a finished encoder looks at each square: 1 takes it as it is; 4 looks
        at all four and joins the vectors, which then are four times as long (training ignores it). Four
        looks answer better for four times the time, since training shows all turns but the network
        does not treat them alike.
    view_statistics: separate normalisation statistics per view; the weights are always shared.
    preparation: size and ground width of the square every view is brought to.
    """

    backbone: str = "compact"
    backbone_options: dict[str, Any] = field(default_factory=dict)
    dim: int = 128
    grid: int = 4
    grid_channels: int = 48
    turns: int = 1
    head: Literal["layout", "pooled"] = "layout"
    view_statistics: bool = True
    preparation: Preparation = field(default_factory=Preparation)

    def __post_init__(self) -> None:
        """Refuse what cannot be built, naming the key."""
        for key in ("dim", "grid", "grid_channels"):
            value = getattr(self, key)
            if not isinstance(value, int) or value < 1:
                raise ConfigError(f"encoder.{key} must be a whole number of at least 1, not {value!r}.")
        if self.turns not in (1, 2, 4):
            raise ConfigError(f"encoder.turns must be 1, 2 or 4, not {self.turns!r}.")
        if self.head not in ("layout", "pooled"):
            raise ConfigError(f"encoder.head must be layout or pooled, not {self.head!r}.")
        if self.turns != 1 and self.preparation.is_raw:
            raise ConfigError(
                f"encoder.turns is {self.turns}, but pictures shown as they were taken (preparation.geometry "
                "raw) have no squares to turn; set turns to 1."
            )

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON-ready data; younger keys only where they differ from the default.

        The fingerprint is made from it, so encoders made before keep theirs.
        """
        values = {**asdict(self), "preparation": self.preparation.to_dict()}
        if self.head == "layout":
            del values["head"]
        return values

    @classmethod
    def from_dict(cls, data: dict[str, Any], where: str = "encoder config") -> EncoderConfig:
        """Rebuild from :meth:`to_dict` data; an unknown key is refused by name."""
        known = {f.name for f in fields(cls)}
        for key in data:
            if key not in known:
                raise EncoderError(f"{where}: unknown key {key!r}; it knows: {', '.join(sorted(known))}.")
        values = dict(data)
        if "preparation" in values:
            prepared_keys = {f.name for f in fields(Preparation)}
            unknown = sorted(set(values["preparation"]) - prepared_keys)
            if unknown:
                raise EncoderError(
                    f"{where}: unknown preparation key {unknown[0]!r}; "
                    f"it knows: {', '.join(sorted(prepared_keys))}."
                )
            values["preparation"] = Preparation(**values["preparation"])
        return cls(**values)
