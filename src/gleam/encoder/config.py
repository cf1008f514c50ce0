"""What an encoder is made of, as data that is saved beside its weights."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any

from gleam.errors import ConfigError, EncoderError
from gleam.imagery.preparation import Preparation


@dataclass(frozen=True)
class EncoderConfig:
    """Recipe of the network and of the picture it is shown.

    backbone: a name of :func:`gleam.encoder.backbones.backbone_names`.
    backbone_options: what that backbone understands (the compact one: ``stem``, ``channels`` and ``blocks``;
        a transformers one: the fields of its configuration, or ``pretrained`` with a hub id or folder).
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

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON-ready data."""
        return asdict(self)

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
