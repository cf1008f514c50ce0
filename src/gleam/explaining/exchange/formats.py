"""Formats by name."""

from __future__ import annotations

from types import ModuleType

from gleam.errors import unknown_name
from gleam.explaining.exchange import hf, sharegpt, swift, trl
from gleam.explaining.exchange.manifest import Format

FORMATS: dict[Format, ModuleType] = {"hf": hf, "trl": trl, "sharegpt": sharegpt, "swift": swift}
"""Each module has ``write(selection, folder)`` and ``read(folder, manifest)``, which gives rows back."""


def parse_format(name: str) -> Format:
    """Return a format by its name; raise a ``GleamError`` that lists them for any other."""
    for known in FORMATS:
        if known == name.strip().lower():
            return known
    raise unknown_name("format", name, FORMATS)
