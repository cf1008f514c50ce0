"""Writing an export."""

from __future__ import annotations

import os
from pathlib import Path

from gleam.explaining.benchmark.folder import Bench
from gleam.explaining.exchange.formats import FORMATS, parse_format
from gleam.explaining.exchange.manifest import Manifest, manifest_of, write_manifest
from gleam.explaining.exchange.selection import Wish, select
from gleam.files import atomic_folder


def export(bench: Bench, kind: str, out: str | os.PathLike[str], wish: Wish | None = None) -> Manifest:
    """Export a benchmark; the folder appears whole or not at all.

    Args:
        bench: The benchmark.
        kind: ``hf``, ``trl``, ``sharegpt`` or ``swift``.
        out: Folder to make; it must be empty or not there.
        wish: What to export; everything when not told.

    Returns:
        What was exported.

    Raises:
        GleamError: An unknown format, nothing to export, a picture has vanished, or the folder has content.
    """
    form = parse_format(kind)
    selection = select(bench, wish or Wish())
    manifest = manifest_of(selection, form)
    with atomic_folder(Path(out)) as folder:
        FORMATS[form].write(selection, folder)
        write_manifest(folder, manifest)
    return manifest
