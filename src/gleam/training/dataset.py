"""Places and their prepared squares, gathered from any number of tables into one indexable set."""

from __future__ import annotations

import glob
import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gleam.errors import TableError
from gleam.imagery.preparation import Preparation
from gleam.places.relations import related_places
from gleam.places.table import Places
from gleam.training.images import PreparedImages, prepared_images
from gleam.training.related import Related
from gleam.views import View

EARTH_RADIUS_M = 6_371_008.8


@dataclass
class ImageStore:
    """All squares of one view, over all tables; row numbers run on from table to table."""

    parts: list[PreparedImages] = field(default_factory=list)
    starts: list[int] = field(default_factory=lambda: [0])

    def append(self, part: PreparedImages) -> int:
        """Add the squares of a table; return the number of its first row."""
        self.parts.append(part)
        self.starts.append(self.starts[-1] + len(part.usable))
        return self.starts[-2]

    def read(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Return the squares of ``rows``, (n, S, S, 3)."""
        part_of = np.searchsorted(self.starts, rows, side="right") - 1
        out = np.empty((len(rows), *self.parts[0].pixels.shape[1:]), np.uint8)
        for i, (row, part) in enumerate(zip(rows.tolist(), part_of.tolist(), strict=True)):
            out[i] = self.parts[part].pixels[row - self.starts[part]]
        return out

    def north_up(self, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Tell for each row whether its square is north-up."""
        return self._north_up[rows]

    @cached_property
    def _north_up(self) -> NDArray[np.bool_]:
        return np.concatenate([part.north_up for part in self.parts])


@dataclass(frozen=True)
class PlaceSet:
    """Places with a satellite image, and which squares each view of them has.

    names: ``table-number:place``. views: satellite first. first, count: (P, V) where the squares of a
    place begin in the store of the view, and how many there are. unit: (P, 3) positions on the unit
    sphere, NaN where unknown; a world that is not on Earth lies on a plane of its own, in Earth radii.
    width_m: (P,) width of the satellite tile. bare: (P,) the row of the drone store that shows a place's
    first drone image as if only its heading were known, -1 where there is none. related: places that show
    part of each other. raw: pictures are shown as they were taken, so panoramas are rolled where squares
    are turned. Dropped places and images are told in ``notes``.
    """

    names: list[str]
    views: tuple[View, ...]
    first: NDArray[np.int64]
    count: NDArray[np.int64]
    stores: dict[View, ImageStore]
    unit: NDArray[np.float64]
    width_m: NDArray[np.float64]
    bare: NDArray[np.int64]
    related: Related
    pixels: int
    raw: bool
    notes: tuple[str, ...]
    fingerprint: str

    def __len__(self) -> int:
        """Return the number of places."""
        return len(self.names)

    @property
    def present(self) -> NDArray[np.bool_]:
        """(P, V) whether a place has an image of a view."""
        return self.count > 0

    def rows(
        self, places: NDArray[np.int64], view: View, pick: NDArray[np.float64] | None = None
    ) -> NDArray[np.int64]:
        """Return one row of the view's store per place; ``pick`` in [0, 1) chooses among several."""
        column = self.views.index(view)
        rows: NDArray[np.int64] = self.first[places, column]
        if pick is not None:
            rows = rows + (pick * self.count[places, column]).astype(np.int64)
        return rows

    def close_pairs(self, places: NDArray[np.int64], share: float) -> NDArray[np.bool_]:
        """Return (n, n) which places are no negatives of each other; nothing of a place and itself."""
        close = self.not_negatives(places, np.broadcast_to(places, (len(places), len(places))), share)
        np.fill_diagonal(close, False)
        return close

    def not_negatives(
        self, own: NDArray[np.int64], others: NDArray[np.int64], share: float
    ) -> NDArray[np.bool_]:
        """Return for places (n,) and others (n, k) which pairs are no negatives of each other, (n, k).

        They lie nearer than ``share`` of their tiles' mean width, the data set says that they show part
        of each other, or they are one place.
        """
        # Chords, not arc cosines: exact for small distances in float64.
        chord = np.sqrt(((self.unit[own][:, None] - self.unit[others]) ** 2).sum(-1)) * EARTH_RADIUS_M
        width = 0.5 * (self.width_m[own][:, None] + self.width_m[others])
        with np.errstate(invalid="ignore"):
            near: NDArray[np.bool_] = chord < share * width
        near |= others == own[:, None]
        near |= self.related.holds(own, others)
        return near


def find_tables(patterns: Sequence[str]) -> list[Path]:
    """Return the tables or folders that the patterns name, sorted per pattern, each once.

    Raises:
        TableError: A pattern names nothing.
    """
    found: list[Path] = []
    for pattern in patterns:
        matches = (
            [Path(pattern)]
            if Path(pattern).exists()
            else sorted(map(Path, glob.glob(pattern, recursive=True)))
        )
        if not matches:
            raise TableError(
                f"{pattern}: no such places table or folder; make one with `gleam places import` or "
                "`gleam city make`."
            )
        found += [match for match in matches if match not in found]
    return found


def open_places(
    patterns: Sequence[str],
    split: str | None,
    query_views: Sequence[View],
    preparation: Preparation,
    cache: Path,
    *,
    workers: int = 2,
    skip_bad: bool = False,
    bare_drones: bool = False,
    only: Collection[tuple[int, str]] | None = None,
) -> PlaceSet:
    """Gather the places of all tables, with the satellite view and the query views.

    Places without a usable satellite image, or without any query view, are left out and counted in
    ``notes``. ``bare_drones``: also prepare the drone images as if only their heading were known.
    ``only``: numbers of tables and names of the places wanted; all when left out.

    Raises:
        TableError: A pattern names nothing, no row has the split, or fewer than two places are left.
    """
    views = (View.SATELLITE, *query_views)
    stores = {view: ImageStore() for view in views}
    builder = _Builder(views)
    for number, path in enumerate(find_tables(patterns)):
        table = Places.read(path)
        chosen = table.select(split=split) if split is not None else table
        if only is not None:
            chosen = chosen.select(places=[place for table_number, place in only if table_number == number])
        builder.add_related(number, chosen)
        for column, view in enumerate(views):
            rows = chosen.select(view=view)
            if len(rows) == 0:
                continue
            # Rows of one place must follow each other, so that first and count describe them.
            order = np.argsort(rows.column("place").astype(str), kind="stable")
            rows = rows.take(order)
            prepared = prepared_images(
                rows,
                view,
                preparation,
                cache,
                workers=workers,
                skip_bad=skip_bad,
                title=f"Preparing {view.value} images of {path.name}",
            )
            builder.add(number, column, rows, prepared, stores[view].append(prepared))
            if bare_drones and view is View.DRONE:
                bare = _with_heading_alone(rows)
                title = f"Preparing drone images of {path.name} without their pose"
                prepared = prepared_images(
                    bare, view, preparation, cache, workers=workers, skip_bad=skip_bad, title=title
                )
                builder.add_bare(number, bare, prepared, stores[view].append(prepared))
    where = ", ".join(patterns)
    return builder.finish(stores, preparation, where if split is None else f"{where} (split {split})")


def _with_heading_alone(rows: Places) -> Places:
    """Return the rows as if nothing but the heading were known of their cameras."""
    bare = [replace(row, pitch_deg=None, roll_deg=None, height_m=None, fov_deg=None) for row in rows]
    return Places(bare, rows.root)


def _positions(rows: Places, table: int) -> NDArray[np.float64]:
    """Return (n, 3) positions: on the unit sphere, or on a plane that is the table's own."""
    lat, lon, x, y = (np.array(rows.column(name), np.float64) for name in ("lat", "lon", "x_m", "y_m"))
    lat, lon = np.radians(lat), np.radians(lon)
    sphere = np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], 1)
    plane = np.stack([x / EARTH_RADIUS_M, y / EARTH_RADIUS_M, np.full(len(x), 10.0 + 10.0 * table)], 1)
    return np.where(np.isnan(sphere).any(1, keepdims=True) & ~np.isnan(x)[:, None], plane, sphere)


class _Builder:
    """Collects places table by table."""

    def __init__(self, views: tuple[View, ...]) -> None:
        self.views = views
        self.number_of: dict[tuple[int, str], int] = {}
        self.first: list[NDArray[np.int64]] = []
        self.count: list[NDArray[np.int64]] = []
        self.unit: list[tuple[float, float, float]] = []
        self.width: list[float] = []
        self.bare: dict[int, int] = {}
        self.related: list[tuple[tuple[int, str], tuple[int, str]]] = []
        self.problems: list[str] = []
        self.digest = hashlib.sha256()

    def add(self, table: int, column: int, rows: Places, prepared: PreparedImages, start: int) -> None:
        """Note which rows of the view's store each place of a table has."""
        self.problems += prepared.problems
        unit, width = _positions(rows, table), rows.column("ground_width_m")
        for i, place in enumerate(rows.column("place")):
            if not prepared.usable[i]:
                continue
            self.digest.update(f"{table}|{column}|{place}|{i}\n".encode())
            number = self.number_of.setdefault((table, place), len(self.number_of))
            if number == len(self.first):
                self.first.append(np.zeros(len(self.views), np.int64))
                self.count.append(np.zeros(len(self.views), np.int64))
                self.unit.append((np.nan, np.nan, np.nan))
                self.width.append(np.nan)
            if self.count[number][column] == 0:
                self.first[number][column] = start + i
                if column == 0:
                    self.unit[number], self.width[number] = tuple(unit[i]), width[i]
            # A bad image between two good ones of a place ends its run: the later ones are left out.
            if self.first[number][column] + self.count[number][column] == start + i:
                self.count[number][column] += 1

    def add_bare(self, table: int, rows: Places, prepared: PreparedImages, start: int) -> None:
        """Note where the first drone image of each place lies once more, without its pose."""
        for i, place in enumerate(rows.column("place")):
            if prepared.usable[i]:
                self.bare.setdefault(self.number_of[table, place], start + i)

    def add_related(self, table: int, rows: Places) -> None:
        """Note which places of a table show part of each other."""
        for place, others in related_places(rows).items():
            self.related += [((table, place), (table, other)) for other in others]

    def finish(self, stores: dict[View, ImageStore], preparation: Preparation, where: str) -> PlaceSet:
        """Drop what cannot be used and say so."""
        names = [f"{table}:{place}" for table, place in self.number_of]
        count = np.array(self.count).reshape(-1, len(self.views))
        notes = list(self.problems)
        no_tile = int((count[:, 0] == 0).sum())
        no_query = int(((count[:, 0] > 0) & (count[:, 1:].sum(1) == 0)).sum())
        keep = np.flatnonzero((count[:, 0] > 0) & (count[:, 1:].sum(1) > 0))
        if no_tile:
            notes.append(f"{no_tile} places of {where} have no satellite image and are left out.")
        if no_query:
            notes.append(f"{no_query} places of {where} have a satellite image only and are left out.")
        if len(keep) < 2:
            raise TableError(
                f"{where}: {len(keep)} places have a satellite image and one of the views "
                f"{', '.join(self.views[1:])}; at least two are needed."
            )
        width = np.array(self.width, np.float64)[keep]
        return PlaceSet(
            names=[names[i] for i in keep],
            views=self.views,
            first=np.array(self.first)[keep],
            count=count[keep],
            stores=stores,
            unit=np.array(self.unit, np.float64)[keep],
            width_m=np.where(np.isnan(width), preparation.ground_width_m, width),
            related=self._relations(keep),
            bare=np.array([self.bare.get(int(i), -1) for i in keep], np.int64),
            pixels=preparation.pixels,
            raw=preparation.is_raw,
            notes=tuple(notes),
            fingerprint=self.digest.hexdigest()[:32],
        )

    def _relations(self, keep: NDArray[np.int64]) -> Related:
        """Return the relation between the places that are kept, by their new numbers."""
        place = list(self.number_of)
        new = {place[old]: number for number, old in enumerate(keep.tolist())}
        pairs = [(new[a], new[b]) for a, b in self.related if a in new and b in new]
        return Related.from_pairs(pairs, len(keep))
