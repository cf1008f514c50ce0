"""From places tables to places that pairs can be made of: a tile from above and pictures of other views."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from gleam.errors import BenchError, GleamError
from gleam.explaining.benchmark.pair import Split
from gleam.geo import check_lat_lon
from gleam.imagery.decode import load_image
from gleam.places.table import PlaceImage, Places
from gleam.progress import say, track
from gleam.views import View

_PROBE_PIXELS = 64
"""A picture that can be decoded at this size can be decoded."""


@dataclass(frozen=True)
class Shot:
    """One picture: its row, its file, and the number of its row in its table."""

    row: PlaceImage
    path: Path
    number: int


@dataclass
class Site:
    """A place of one of the tables.

    key: its name, unique over all tables. width_m: the widest ground that
    one of its overhead pictures shows. told: the split that the table gives it.
    """

    key: str
    table: int
    tiles: list[Shot]
    queries: dict[View, list[Shot]]
    lat: float | None
    lon: float | None
    width_m: float
    told: str | None
    split: Split = field(default="train")

    @property
    def has_position(self) -> bool:
        """Whether distances from here can be told."""
        return self.lat is not None and self.lon is not None


DEFAULT_WIDTH_M = 128.0
"""Taken where a table does not tell how wide its tiles are."""


def gather(tables: Sequence[Places]) -> list[Site]:
    """Return every place with a tile and a picture of another view, in the order of the tables.

    Raises:
        BenchError: No place has both.
    """
    sites = [site for number, table in enumerate(tables) for site in _sites(number, table, len(tables) > 1)]
    if not sites:
        raise BenchError(
            "No place has both a satellite picture and one of another view; see `gleam places check`."
        )
    return sites


def keep_readable(sites: Sequence[Site]) -> tuple[list[Site], int]:
    """Drop pictures that are missing or damaged, and places that lose their tile or all else.

    Returns:
        The places left, and how many pictures were dropped; each is named on stderr.
    """
    dropped = 0
    kept: list[Site] = []
    for site in track(sites, "Checking pictures"):
        tiles = [shot for shot in site.tiles if _readable(shot)]
        queries = {view: [s for s in shots if _readable(s)] for view, shots in site.queries.items()}
        before = len(site.tiles) + sum(map(len, site.queries.values()))
        dropped += before - len(tiles) - sum(map(len, queries.values()))
        site.tiles, site.queries = tiles, {view: shots for view, shots in queries.items() if shots}
        if site.tiles and site.queries:
            kept.append(site)
    return kept, dropped


def _readable(shot: Shot) -> bool:
    try:
        load_image(shot.path, target=_PROBE_PIXELS)
    except GleamError as error:
        say(f"left out: {error}")
        return False
    return True


def _sites(number: int, table: Places, several: bool) -> list[Site]:
    by_place: dict[str, list[Shot]] = {}
    for index, row in enumerate(table):
        by_place.setdefault(row.place, []).append(Shot(row, table.path_of(row), index))
    sites = []
    for place, shots in by_place.items():
        tiles = [shot for shot in shots if shot.row.view is View.SATELLITE]
        queries: dict[View, list[Shot]] = {}
        for shot in shots:
            if shot.row.view is not View.SATELLITE:
                queries.setdefault(shot.row.view, []).append(shot)
        if not tiles or not queries:
            continue
        lat, lon = tiles[0].row.lat, tiles[0].row.lon
        if lat is not None and lon is not None:
            check_lat_lon(np.array(lat), np.array(lon), f"place {place!r}")
        widths = [shot.row.ground_width_m for shot in shots if shot.row.ground_width_m is not None]
        key = f"{number}:{place}" if several else place
        split = next((shot.row.split for shot in shots if shot.row.split is not None), None)
        sites.append(Site(key, number, tiles, queries, lat, lon, max(widths, default=DEFAULT_WIDTH_M), split))
    return sites
