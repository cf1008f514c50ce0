"""From a checkpoint of another project to an encoder that gives the same vectors."""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from torch import Tensor

from gleam.encoder.config import EncoderConfig
from gleam.encoder.convert.checkpoint import read_checkpoint
from gleam.encoder.convert.convnext import OTHER_CONSTANTS, options_of, renamed
from gleam.encoder.convert.kinds import Kind, kind_of
from gleam.encoder.encoder import Encoder
from gleam.encoder.model import EncoderModel, build_model
from gleam.errors import EncoderError
from gleam.files import sha256_of
from gleam.imagery.preparation import Preparation

_SHOWN = 5


@dataclass(frozen=True)
class Conversion:
    """encoder: with the weights. used: how many tensors. dropped: what was left out, and what it was.

    notes: what was taken off or assumed.
    """

    encoder: Encoder
    used: int
    dropped: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for ``--json``."""
        config = self.encoder.config
        return {
            "name": self.encoder.name,
            "fingerprint": self.encoder.fingerprint,
            "backbone": config.backbone,
            "dim": self.encoder.dim,
            "preparation": config.preparation.to_dict(),
            "tensors": self.used,
            "dropped": self.dropped,
            "notes": list(self.notes),
        }


def convert(
    kind: str,
    file: str | Path,
    *,
    name: str | None = None,
    backbone: str | None = None,
    pixels: int | None = None,
    panorama: tuple[int, int] | None = None,
    tile_m: float = 100.0,
    keep_timm: bool = False,
) -> Conversion:
    """Read a checkpoint and return the encoder that computes what its network computed.

    A ConvNeXt becomes the backbone ``convnext``, which needs no timm; every other network stays
    ``timm/NAME``. Pictures are shown whole, as the projects do.

    Args:
        kind: A name of :data:`KINDS`.
        file: The checkpoint.
        name: Of the encoder; the kind when not given.
        backbone: timm's name of the network, when it is not the project's usual one.
        pixels: Side of the pictures; the project's when not given.
        panorama: (height, width) of panoramas; the project's when not given.
        tile_m: Ground width of the tiles that an atlas is cut into, unless told otherwise.
        keep_timm: Keep ``timm/NAME`` for a ConvNeXt, too.

    Raises:
        GleamError: The kind is unknown or not plain.
        EncoderError: The file cannot be read, or any name or shape in it does not fit; names them.
    """
    chosen, path = kind_of(kind), Path(file)
    weights, notes = read_checkpoint(path)
    own, dropped = _parted(weights, chosen, path)
    network = backbone or chosen.backbone
    side = pixels or chosen.pixels
    wide = panorama or _scaled(chosen.panorama, side, chosen.pixels)
    preparation = Preparation(pixels=side, ground_width_m=tile_m, geometry="raw", panorama_pixels=wide)
    core = None if keep_timm or any(part in network for part in OTHER_CONSTANTS) else _core(own, chosen)
    if core is not None:
        fitted, options = core
        config = EncoderConfig("convnext", options, head="pooled", preparation=preparation)
    elif chosen.layout == "original":
        raise EncoderError(
            f"{path} is not the ConvNeXt that {chosen.title} trains: {_list(sorted(own))} do not fit it."
        )
    else:
        fitted = own
        options = _timm_options(network, side)
        config = EncoderConfig(f"timm/{network}", options, head="pooled", preparation=preparation)
    model = build_model(config)
    _load(model, {f"backbone.model.{key}": tensor for key, tensor in fitted.items()}, path, network)
    origin = {
        "kind": kind,
        "project": chosen.title,
        "source": chosen.source,
        "licence_of_code": chosen.licence,
        "network": network,
        "file": path.name,
        "sha256": sha256_of(path),
    }
    encoder = Encoder(model, name or kind, origin=origin)
    return Conversion(encoder, len(own), dropped, tuple(notes))


def _parted(weights: dict[str, Tensor], kind: Kind, path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Return the network's own weights without their prefix, and what is left out; refuse all else."""
    own, dropped, strange = {}, {}, []
    for key, tensor in weights.items():
        reason = next((what for names, what in kind.dropped.items() if fnmatchcase(key, names)), None)
        if reason is not None:
            dropped[key] = reason
        elif key.startswith(kind.prefix):
            own[key.removeprefix(kind.prefix)] = tensor
        else:
            strange.append(key)
    if strange or not own:
        wanted = f"names that begin with {kind.prefix!r}" if kind.prefix else "names of a network"
        raise EncoderError(
            f"{path} is not what {kind.title} saves: of its {len(weights)} tensors {len(own)} have {wanted}, "
            f"{len(dropped)} are known and not needed, and {len(strange)} are unknown ({_list(strange)})."
            f"{_hint(strange)}"
        )
    return own, dropped


def _hint(strange: list[str]) -> str:
    if any(key.startswith(("model1.", "model2.")) for key in strange):
        return " It holds two networks, one per view; an encoder is one network for all views."
    return ""


def _core(own: dict[str, Tensor], kind: Kind) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
    """Return the weights and options of the backbone ``convnext``; None when they are no such network."""
    fitted, unknown = renamed(own, kind.layout)
    options = options_of(fitted) if not unknown else None
    return None if options is None else (fitted, options)


def _timm_options(network: str, side: int) -> dict[str, Any]:
    from gleam.encoder.backbones.timm import takes

    return {"img_size": side} if takes(network, "img_size") else {}


def _scaled(panorama: tuple[int, int] | None, side: int, usual: int) -> tuple[int, int] | None:
    return (
        None if panorama is None else (round(panorama[0] * side / usual), round(panorama[1] * side / usual))
    )


def _load(model: EncoderModel, weights: dict[str, Tensor], path: Path, network: str) -> None:
    wanted = model.state_dict()
    missing = sorted(set(wanted) - set(weights))
    extra = sorted(set(weights) - set(wanted))
    shapes = [
        f"{key} {tuple(weights[key].shape)} for {tuple(wanted[key].shape)}"
        for key in sorted(set(wanted) & set(weights))
        if wanted[key].shape != weights[key].shape
    ]
    if missing or extra or shapes:
        parts = [
            f"{len(keys)} {what}: {_list(keys)}"
            for what, keys in (("missing", missing), ("not expected", extra), ("of another shape", shapes))
            if keys
        ]
        raise EncoderError(
            f"{path} does not fit the network {network} ({'; '.join(parts)} of {len(wanted)} tensors); "
            "name the network it was trained with by --backbone and its picture size by --img-size."
        )
    model.load_state_dict(weights, strict=True)


def _list(keys: list[str]) -> str:
    shown = ", ".join(keys[:_SHOWN])
    return shown + (f" and {len(keys) - _SHOWN} more" if len(keys) > _SHOWN else "")
