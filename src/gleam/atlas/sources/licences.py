"""Which licences, origins and dates the imagery of an atlas has, and where nothing is said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gleam.atlas.sources.protocol import SourceRecord

UNKNOWN = "unknown"


def licence_report(sources: Sequence[SourceRecord]) -> list[dict[str, Any]]:
    """Return one row per licence, origin and date that occur together, those without a licence first.

    Each row holds ``licence``, ``origin``, ``date`` (``"unknown"`` where the imagery does not say),
    ``missing`` (the names of those three that it does not say), ``sources`` (names), ``kinds``, ``images``
    and ``size_bytes``. The order depends on the content alone.
    """
    groups: dict[tuple[str, str, str], list[SourceRecord]] = {}
    for source in sources:
        key = (_said(source.licence), _said(source.origin), _said(source.date))
        groups.setdefault(key, []).append(source)
    rows = [_row(key, members) for key, members in groups.items()]
    return sorted(rows, key=lambda r: (r["licence"] != UNKNOWN, r["licence"], r["origin"], r["date"]))


def _row(key: tuple[str, str, str], members: list[SourceRecord]) -> dict[str, Any]:
    said = dict(zip(("licence", "origin", "date"), key, strict=True))
    return {
        **said,
        "missing": [name for name, value in said.items() if value == UNKNOWN],
        "sources": sorted(m.name for m in members),
        "kinds": sorted({m.kind for m in members}),
        "images": sum(m.images for m in members),
        "size_bytes": sum(m.size_bytes for m in members),
    }


def _said(value: str | None) -> str:
    text = " ".join((value or "").split())
    return text or UNKNOWN
