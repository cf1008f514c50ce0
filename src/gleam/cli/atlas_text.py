"""What ``gleam atlas`` prints for people."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gleam.atlas.changing import Added

_STATES = {"adding": ", being added", "removing": ", being removed"}


def described(about: dict[str, Any]) -> str:
    """Return the lines of ``gleam atlas show`` from ``Atlas.describe()``."""
    grids = zip(about["tile_sizes_m"], about["strides_m"], strict=True)
    sizes = " and ".join(f"{size:g} m, {stride:g} m apart" for size, stride in grids)
    box = about["bounds"]
    lines = [
        f"{Path(about['path']).name}: {about['tiles']} tiles of {sizes}"
        + ("" if about["state"] == "complete" else " (build not finished)"),
        f"  area     {box['south']:.5f}..{box['north']:.5f} N, {box['west']:.5f}..{box['east']:.5f} E",
        f"  encoder  {about['encoder']['name']} ({about['encoder']['fingerprint'][:8]})",
        f"  skipped  {_skipped(about['skipped'])}",
        f"  on disk  {about['size_bytes'] / 1e6:.1f} MB"
        + (f", store {about['store']}" if about["store"] else ""),
    ]
    for source in about["sources"]:
        terms = f"date {source['date'] or 'unknown'}, licence {source['licence'] or 'unknown'}"
        counted = f"{source['tiles']} tiles" + _STATES.get(source["state"], "")
        lines.append(
            f"  imagery  {source['name']} ({source['key']}): {counted}; {source['pixel_m']:.2f} m/px, {terms}"
        )
    return "\n".join(lines)


def added(path: str, result: Added) -> str:
    """Return what an addition did, one line per imagery."""
    lines = [f"{record.name} is already in {path}; nothing to do." for record in result.already]
    if result.new:
        names = ", ".join(record.name for record in result.new)
        lines.append(f"{names}: {result.tiles} tiles added, skipped {_skipped(result.skipped)}.")
    return "\n".join(lines)


def added_data(path: str, result: Added) -> dict[str, Any]:
    """Return the same as plain data."""
    return {
        "path": path,
        "added": [{"name": r.name, "key": r.key} for r in result.new],
        "already": [{"name": r.name, "key": r.key} for r in result.already],
        "tiles": result.tiles,
        "skipped": result.skipped,
    }


def licences(rows: Sequence[dict[str, Any]]) -> str:
    """Return one paragraph per licence from :func:`gleam.atlas.sources.licences.licence_report`."""
    return "\n".join(
        f"licence {row['licence']}, origin {row['origin']}, date {row['date']}: {', '.join(row['sources'])} "
        f"({row['images']} images, {row['size_bytes'] / 1e6:.1f} MB)"
        for row in rows
    )


def _skipped(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {reason}" for reason, count in counts.items()) or "none"
