"""What encoders there are, and what one is made of, as plain data."""

from __future__ import annotations

from typing import Any

from gleam.encoder.encoder import Encoder
from gleam.encoder.storage import shipped_encoders


def describe(encoder: Encoder) -> dict[str, Any]:
    """Return what an encoder is made of, as data that becomes a table or JSON."""
    preparation = encoder.preparation.to_dict()
    return {
        "name": encoder.name,
        "fingerprint": encoder.fingerprint,
        "backbone": encoder.config.backbone,
        "head": encoder.config.head,
        "parameters": sum(parameter.numel() for parameter in encoder.model.parameters()),
        "dim": encoder.dim,
        "turns": encoder.config.turns,
        "preparation": {"geometry": encoder.preparation.geometry, **preparation},
        "tells_regions": encoder.tells_regions,
        "calibration_sets": _calibrations(encoder.calibration),
        "origin": encoder.origin,
    }


def shipped() -> list[dict[str, Any]]:
    """Return the descriptions of the encoders inside the package."""
    return [describe(Encoder.from_pretrained(name)) for name in shipped_encoders()]


def _calibrations(calibration: dict[str, Any]) -> list[str]:
    """Return what is calibrated on which data, such as ``answers (cities-9101): drone, map``."""
    views: dict[str, list[str]] = {}
    for what, entries in sorted(calibration.items()):
        for entry in entries if isinstance(entries, list) else []:
            if isinstance(entry, dict):
                told = views.setdefault(f"{what} ({entry.get('name', 'unnamed')})", [])
                told += [str(view) for view in entry.get("views") or ["all views"]]
    return [f"{what}: {', '.join(names)}" for what, names in views.items()]
