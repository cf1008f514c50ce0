"""The errors a user sees: one sentence that says what was wrong, where, and what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class GleamError(Exception):
    """A problem the user can mend. The command line prints the message alone and exits with 2."""


class ImageError(GleamError):
    """An image file could not be used; the message names the file and the cause.

    kind: ``too_large`` or ``format`` where the cause is one that programs tell apart, else None.
    """

    def __init__(self, message: str, kind: str | None = None) -> None:
        super().__init__(message)
        self.kind = kind


class RasterError(GleamError):
    """A georeferenced raster could not be used; the message names the file and the cause."""


class TableError(GleamError):
    """A places table is wrong; the message names the file, the row and the column."""


class ConfigError(GleamError):
    """A configuration is wrong; the message names the file and the key."""


class EncoderError(GleamError):
    """Encoder weights could not be found, read or matched."""


class AtlasError(GleamError):
    """An atlas could not be built, opened or searched."""


class BenchError(GleamError):
    """A benchmark folder is wrong; the message names the file, the row or line, and the field."""


def unknown_name(kind: str, name: object, choices: Iterable[str]) -> GleamError:
    """Build the error for a name that is none of ``choices``, listing them and the closest one."""
    known = sorted(choices)
    near = difflib.get_close_matches(str(name), known, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    offer = f"Choose one of: {', '.join(known)}." if known else "There is none to choose from."
    return GleamError(f"Unknown {kind} {str(name)!r}.{hint} {offer}")
