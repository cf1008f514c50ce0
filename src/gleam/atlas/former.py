"""Reading the manifest of the former format, whose atlases stay as they are on the disk."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from gleam.atlas.journal import JOURNAL
from gleam.errors import AtlasError

_MANIFEST = "atlas.json"


def to_present(data: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return a manifest of format 1 in the shape of format 2.

    It had one tile size, and its counts were of all imagery together; the journal beside it tells them
    apart.

    Raises:
        AtlasError: It is damaged, or the journal that is needed is lost.
    """
    try:
        kept = ("encoder", "encoder_fingerprint", "dim", "preparation", "pixels")
        recipe = {name: data[name] for name in kept}
        recipe |= {"tile_sizes_m": [data["tile_m"]], "strides_m": [data["stride_m"]], "store": None}
        records = list(data["sources"])
        whole = data["state"] == "complete"
        counts = [(int(data["tiles"]), dict(data["skipped"]))] if len(records) == 1 else None
        counts = counts or [_counted(folder, record["sha256"][:10]) for record in records]
    except (KeyError, TypeError, ValueError, OSError) as error:
        raise AtlasError(
            f"{folder / _MANIFEST} is of the former format 1 and damaged ({error!r}); build the atlas again."
        ) from None
    imagery = [
        {"record": record, "state": "whole", "tiles": tiles, "skipped": skipped}
        if whole
        else {"record": record, "state": "adding", "tiles": 0, "skipped": {}}
        for record, (tiles, skipped) in zip(records, counts, strict=True)
    ]
    return {"state": data["state"], "recipe": recipe, "imagery": imagery}


def _counted(folder: Path, key: str) -> tuple[int, dict[str, int]]:
    tiles, skipped = 0, Counter[str]()
    for line in (folder / JOURNAL).read_text(encoding="utf-8").splitlines():
        unit = json.loads(line)
        if unit["source"] == key:
            tiles += int(unit["stored"])
            skipped.update(unit["skipped"])
    return tiles, dict(skipped)
