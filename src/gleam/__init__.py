"""GLEAM: find where a picture was taken, and say why.

>>> from gleam import Atlas, Encoder, Explainer, Locator

Importing this package is instant: the four classes, and torch with them, are loaded when first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gleam.atlas import Atlas
    from gleam.encoder import Encoder
    from gleam.explaining import Explainer
    from gleam.locating import Locator

    __version__: str

__all__ = ["Atlas", "Encoder", "Explainer", "Locator", "__version__"]

_HOMES = {
    "Atlas": "gleam.atlas",
    "Encoder": "gleam.encoder",
    "Explainer": "gleam.explaining",
    "Locator": "gleam.locating",
}


def __getattr__(name: str) -> object:
    """Load a public class on first use."""
    if name in _HOMES:
        value = getattr(import_module(_HOMES[name]), name)
    elif name == "__version__":
        from importlib.metadata import PackageNotFoundError, version

        try:
            value = version("gleam-geo")
        except PackageNotFoundError:  # run from a source tree that was never installed
            value = "0+unknown"
    else:
        raise AttributeError(f"module 'gleam' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
