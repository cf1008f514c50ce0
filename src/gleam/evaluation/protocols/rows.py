"""Which rows of a places table a protocol asks about and searches, and what it refuses."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gleam.errors import GleamError, TableError, unknown_name
from gleam.evaluation.protocols.definition import Direction, Measure, Protocol
from gleam.evaluation.tables import table_name
from gleam.places.table import Places
from gleam.views import View, parse_view


def directions_of(
    protocol: Protocol, places: Places, views: Iterable[View | str] | None
) -> tuple[list[Direction], list[str]]:
    """The directions that are asked for and can be measured, and a note for each that cannot."""
    offered = {d.query for d in protocol.directions}
    wanted = offered if views is None else {parse_view(v) for v in views}
    for view in sorted(wanted - offered):
        raise unknown_name(f"query view of {protocol.name}", view, offered)
    present, chosen, notes = set(places.views), [], []
    for direction in protocol.directions:
        lacking = [v.value for v in (direction.query, direction.gallery) if v not in present]
        if direction.query not in wanted:
            continue
        if lacking:
            notes.append(f"{direction.name} is left out: the table has no {' and no '.join(lacking)} image.")
        else:
            chosen.append(direction)
    if not chosen:
        raise GleamError(
            f"{table_name(places)} cannot be measured by {protocol.name}: "
            + " ".join(notes)
            + f" Make the table with `gleam places import {protocol.data_set}`."
        )
    return chosen, notes


def split_of(direction: Direction, places: Places, protocol: Protocol, split: str | None) -> str | None:
    """The split to measure: the one asked for, or the first of the protocol's that the table has.

    A table that names no splits at all, as a sample of a set, is measured whole.
    """
    if split is not None or not places.splits:
        return split
    found = [name for name in direction.splits if name in places.splits]
    if found:
        return found[0]
    raise GleamError(
        f"{table_name(places)} has no split {' or '.join(direction.splits)}, which {protocol.name} measures; "
        f"it has {', '.join(places.splits)}. Make it with `gleam places import "
        f"{protocol.data_set}`, or name a split with --split."
    )


def needed_rows(places: Places, chosen: list[Direction], splits: dict[str, str | None]) -> Places:
    """The rows that any direction asks about or searches."""
    keys: set[tuple[str, str, str]] = set()
    for direction in chosen:
        split = splits[direction.name]
        for view, role in ((direction.query, "query"), (direction.gallery, "gallery")):
            some = places.select(view=view, split=split, role=role)
            keys.update(_keys(some))
    mask = np.array([key in keys for key in _keys(places)], bool)
    return places.take(mask)


def parts_of(
    rows: Places, direction: Direction, split: str | None, protocol: Protocol
) -> list[tuple[str, Places, Places]]:
    """Label, queries and gallery of each part that is evaluated by itself."""
    queries = rows.select(view=direction.query, split=split, role="query")
    gallery = rows.select(view=direction.gallery, split=split, role="gallery")
    for what, found in (("query", queries), ("gallery", gallery)):
        if not len(found):
            view = direction.query if what == "query" else direction.gallery
            raise GleamError(
                f"{table_name(rows)} has no {view} {what} image in split {split!r}, which "
                f"{protocol.name} needs for {direction.name}."
            )
    for measure in direction.measures:
        _refuse_lacking(measure, direction, queries, gallery, protocol)
    if direction.group is None:
        return [("", queries, gallery)]
    of_query, of_gallery = direction.group(queries), direction.group(gallery)
    labels = sorted({x for x in (*of_query, *of_gallery) if x is not None}, key=_natural)
    parts = []
    for label in labels:
        some = queries.take(np.array([x is None or x == label for x in of_query], bool))
        among = gallery.take(np.array([x is None or x == label for x in of_gallery], bool))
        if len(some) and len(among):
            parts.append((str(label), some, among))
    return parts


def _refuse_lacking(
    measure: Measure, direction: Direction, queries: Places, gallery: Places, protocol: Protocol
) -> None:
    """Refuse a table that tells nothing of what a measure needs."""
    if measure.optional:
        return
    for name in measure.columns:
        sides = [queries] if name == "semi_positives" else [queries, gallery]
        for rows in sides:
            values = rows.column(name)
            known = (
                np.isfinite(values) if values.dtype != object else np.array([v is not None for v in values])
            )
            if not known.any():
                raise TableError(
                    f"{table_name(queries)}: column {name!r} is empty for all {len(rows)} {rows[0].view} "
                    f"images, but {measure.name} of {protocol.name} ({direction.name}) needs it; make the "
                    f"table with `gleam places import {protocol.data_set}`."
                )


def _natural(label: Any) -> tuple[float, str]:
    """Sort ``90 m`` before ``100 m``."""
    head = str(label).split(" ")[0]
    return (float(head) if head.replace(".", "", 1).isdigit() else np.inf, str(label))


def _keys(rows: Places) -> list[tuple[str, str, str]]:
    columns = [rows.column(name).tolist() for name in ("place", "view", "path")]
    return list(zip(*columns, strict=True))
