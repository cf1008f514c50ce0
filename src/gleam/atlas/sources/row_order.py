"""From which side an archive of web-map tiles counts its rows, and what else it says of itself."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from gleam.atlas.sources.tile_index import TileIndex
from gleam.errors import AtlasError

Box: TypeAlias = tuple[float, float, float, float]
_MAX_BYTES = 4_000_000
_LONGEST = 500
_VIEWERS = ("leaflet.html", "openlayers.html", "index.html", "googlemaps.html")


@dataclass(frozen=True, slots=True)
class TileFacts:
    """What lies beside tiles tells of them.

    tms: whether rows count from the south, by a plain statement; None when nothing states it.
    boxes: (west, south, east, north) that the tiles may cover; of older files it is unclear which number
    comes first, so that there may be two. told_by: the file that says so.
    """

    tms: bool | None = None
    boxes: tuple[Box, ...] = ()
    told_by: str = ""
    date: str | None = None
    licence: str | None = None
    origin: str | None = None


def rows_from_south(index: TileIndex, facts: TileFacts, tms: bool | None, name: str) -> bool:
    """Tell whether the rows of tiles, taken as they are named, count from the south.

    Args:
        index: The tiles as they are named.
        facts: What lies beside them.
        tms: What the user says; decides when given.
        name: The archive, for messages.

    Raises:
        AtlasError: Nothing tells; the message shows where the tiles would lie in either case.
    """
    if tms is not None:
        return tms
    by_place = fits_south(index, facts.boxes)
    if by_place is not None:
        return by_place
    if facts.tms is not None:
        return facts.tms
    if set(index.zooms) == {0}:
        return False  # One tile holds the whole world, and there is but one row.
    as_xyz, as_tms = (_middle(i) for i in (index, TileIndex(index.flipped(), name)))
    raise AtlasError(
        f"{name} does not tell how its rows count: from the north (XYZ) it shows {as_xyz}, from the south "
        f"(TMS) {as_tms}; say which by --xyz or --tms (tms=False or tms=True in Python)."
    )


def untold_rows(index: TileIndex, name: str) -> str:
    """Return the note that an archive's rows were taken from the south because nothing tells otherwise.

    Args:
        index: The tiles as they are stored.
        name: The archive.
    """
    as_tms, as_xyz = (_middle(i) for i in (TileIndex(index.flipped(), name), index))
    return (
        f"{name} does not tell which area it shows (no bounds that decide), so its rows were taken from the "
        f"south, as MBTiles specifies: {as_tms}; if it should show {as_xyz}, say --xyz (tms=False in Python)."
    )


def fits_south(index: TileIndex, boxes: tuple[Box, ...]) -> bool | None:
    """Tell which order of rows puts tiles where a stated box lies; None when both or neither does."""
    z = index.zooms[-1]
    _, south, _, north = index.bounds(z)
    for box in boxes:
        fits = [_overlap(s, n, box[1], box[3]) for s, n in ((south, north), (-north, -south))]
        if max(fits) > 0.3 and min(fits) < 0.1:
            return fits[1] > fits[0]
    return None


def read_folder_facts(folder: Path) -> TileFacts:
    """Return what the files beside the zoom folders say: tilemapresource.xml, metadata.json, a viewer."""
    resource = _text(folder / "tilemapresource.xml")
    if resource is not None:
        # Only writers of TMS write this file.
        return TileFacts(True, _resource_boxes(resource), "tilemapresource.xml", **_no_terms())
    for file in ("metadata.json", "tiles.json", "tilejson.json"):
        text = _text(folder / file)
        try:
            values = json.loads(text) if text is not None else None
        except (json.JSONDecodeError, RecursionError):
            raise AtlasError(f"{folder / file} is not JSON; mend it or remove it.") from None
        if isinstance(values, dict):
            return metadata_facts(values, file)
    for file in _VIEWERS:
        text = _text(folder / file) or ""
        match = re.search(r"\btms\s*:\s*(true|false)", text)
        if match:
            return TileFacts(match.group(1) == "true", (), file)
        if "{-y}" in text:
            return TileFacts(True, (), file)
    return TileFacts()


def metadata_facts(values: Mapping[str, Any], told_by: str) -> TileFacts:
    """Return what the metadata of MBTiles, PMTiles or TileJSON says."""
    said = {str(k).lower(): v for k, v in values.items() if isinstance(v, str | int | float | list)}
    scheme = str(said.get("scheme", "")).lower()
    tms = {"tms": True, "xyz": False}.get(scheme)

    def text(*names: str) -> str | None:
        for name in names:
            value = said.get(name)
            plain = plain_text(str(value)) if isinstance(value, str | int) else ""
            if plain:
                return plain
        return None

    return TileFacts(
        tms,
        _box(said.get("bounds")),
        told_by,
        date=text("date", "imagery_date", "acquisition_date", "taken"),
        licence=text("licence", "license", "copyright"),
        origin=text("attribution", "source", "origin", "author"),
    )


def plain_text(value: str) -> str:
    """Return text without HTML tags and line breaks, cut to a sensible length."""
    # Bounded before anything else looks at it; attributions are often links.
    return " ".join(html.unescape(re.sub(r"<[^<>]{0,400}>", " ", value[:4000])).split())[:_LONGEST]


def _no_terms() -> dict[str, None]:
    return {"date": None, "licence": None, "origin": None}


def _box(value: Any) -> tuple[Box, ...]:
    parts = value.split(",") if isinstance(value, str) else value if isinstance(value, list) else []
    try:
        numbers = [float(v) for v in parts]
    except (TypeError, ValueError):
        return ()
    if len(numbers) != 4 or not (-90 <= numbers[1] < numbers[3] <= 90):
        return ()
    west, south, east, north = numbers
    # Writers that know nothing state the whole world, which tells nothing.
    return ((west, south, east, north),) if north - south < 160 else ()


def _resource_boxes(text: str) -> tuple[Box, ...]:
    tag = re.search(r"<BoundingBox\b([^>]{0,1000})>", text)
    found = dict(re.findall(r'\b(min[xy]|max[xy])="([^"]{1,40})"', tag.group(1))) if tag else {}
    try:
        x0, y0, x1, y1 = (float(found[k]) for k in ("minx", "miny", "maxx", "maxy"))
    except (KeyError, ValueError):
        return ()
    # Older gdal2tiles wrote latitudes as x.
    boxes = [(x0, y0, x1, y1), (y0, x0, y1, x1)]
    return tuple(b for b in boxes if -90 <= b[1] < b[3] <= 90 and -181 <= b[0] < b[2] <= 181)


def _overlap(south: float, north: float, box_south: float, box_north: float) -> float:
    """Return the shared length of two intervals as a share of the shorter one."""
    shared = min(north, box_north) - max(south, box_south)
    return max(0.0, shared) / max(min(north - south, box_north - box_south), 1e-9)


def _middle(index: TileIndex) -> str:
    west, south, east, north = index.bounds(index.zooms[-1])
    east += 360 if east < west else 0
    return f"latitude {(south + north) / 2:.3f}, longitude {(west + east) / 2:.3f}"


def _text(path: Path) -> str | None:
    try:
        if not path.is_file() or path.stat().st_size > _MAX_BYTES:
            return None
        return path.read_text(encoding="utf-8-sig", errors="replace")
    except OSError:
        return None
