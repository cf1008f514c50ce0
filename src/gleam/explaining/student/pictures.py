"""The pictures a student learns from, with what is true of each: read from cities and benchmarks alike."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gleam.errors import GleamError
from gleam.explaining.benchmark import Bench, Pair
from gleam.explaining.scene import ATTRIBUTES, attributes_of
from gleam.places.table import PlaceImage, Places
from gleam.views import View

FACTS = "facts.parquet"


@dataclass(frozen=True)
class PairTable:
    """Pairs of rows of a table of pictures.

    query, tile: (n,) row numbers. match: (n,) bool. tier: (n,) how the tile was chosen.
    """

    query: NDArray[np.int64]
    tile: NDArray[np.int64]
    match: NDArray[np.bool_]
    tier: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.query)

    def take(self, index: NDArray[Any]) -> PairTable:
        """Return some of the pairs."""
        return PairTable(self.query[index], self.tile[index], self.match[index], self.tier[index])


@dataclass(frozen=True)
class Pictures:
    """Pictures of one source.

    places: one row per picture, queries and tiles. labels: (n, attributes) value numbers of the place of
    each, -1 where it is not decided. pairs: those of a benchmark; None where they are still to be drawn.
    """

    places: Places
    labels: NDArray[np.int64]
    pairs: PairTable | None

    def __len__(self) -> int:
        return len(self.places)


def read_pictures(folder: str | Path, split: str) -> Pictures:
    """Read a benchmark folder (its pairs of ``split``) or a city folder (all of its places).

    Raises:
        GleamError: It is neither, or a city without facts.
    """
    root = Path(folder)
    if (root / "bench.json").is_file():
        return _of_bench(Bench.open(root), split)
    if not (root / FACTS).is_file():
        raise GleamError(
            f"{root} is neither a benchmark (bench.json) nor a city with facts ({FACTS}); make one with "
            "`gleam bench make` or `gleam city make`."
        )
    places = Places.read(root)
    known = _facts_of(root / FACTS)
    return Pictures(places, label_table(row_labels(places, known)), None)


def label_table(rows: Iterable[Mapping[str, str | None]]) -> NDArray[np.int64]:
    """Return (n, attributes) value numbers, -1 where a value is None."""
    table = [
        [-1 if row[a.name] is None else a.values.index(str(row[a.name])) for a in ATTRIBUTES] for row in rows
    ]
    return np.array(table, np.int64).reshape(-1, len(ATTRIBUTES))


def row_labels(
    places: Sequence[PlaceImage], known: Mapping[str, dict[str, str | None]]
) -> Iterable[dict[str, str | None]]:
    """Yield the attributes of the place of each row; nothing is known of a place without facts."""
    nothing: dict[str, str | None] = {attribute.name: None for attribute in ATTRIBUTES}
    for row in places:
        yield known.get(row.place, nothing)


def _facts_of(file: Path) -> dict[str, dict[str, str | None]]:
    import pyarrow.parquet as pq

    columns = pq.read_table(file, columns=["place", "facts"]).to_pydict()
    return {
        place: attributes_of(json.loads(facts))
        for place, facts in zip(columns["place"], columns["facts"], strict=True)
    }


def _of_bench(bench: Bench, split: str) -> Pictures:
    chosen = bench.pairs(split)
    if not chosen:
        raise GleamError(f"{bench.root} has no pairs of the split {split!r}.")
    rows: list[PlaceImage] = []
    number: dict[tuple[str, str, str], int] = {}

    def row_of(place: str, sha: str, view: View, make: Any) -> int:
        key = (place, sha, view.value)
        if key not in number:
            number[key] = len(rows)
            rows.append(make(str(bench.image_path(sha).relative_to(bench.root))))
        return number[key]

    query = [
        row_of(p.query_place, p.query_image, p.view, lambda path, p=p: _query_row(p, path)) for p in chosen
    ]
    tile = [
        row_of(p.tile_place, p.tile_image, View.SATELLITE, lambda path, p=p: _tile_row(p, path))
        for p in chosen
    ]
    known: dict[str, dict[str, str | None]] = {}
    for place in {row.place for row in rows}:
        facts = bench.facts(place)
        if facts is not None:
            known[place] = attributes_of(facts)
    pairs = PairTable(
        np.array(query, np.int64),
        np.array(tile, np.int64),
        np.array([p.match for p in chosen], bool),
        np.array([p.tier for p in chosen], str),
    )
    places = Places(rows, root=bench.root)
    return Pictures(places, label_table(row_labels(places, known)), pairs)


def _query_row(pair: Pair, path: str) -> PlaceImage:
    return PlaceImage(
        place=pair.query_place,
        view=pair.view,
        path=path,
        lat=pair.query_lat,
        lon=pair.query_lon,
        heading_deg=pair.heading_deg,
        pitch_deg=pair.pitch_deg,
        roll_deg=pair.roll_deg,
        fov_deg=pair.fov_deg,
        height_m=pair.height_m,
        ground_width_m=pair.ground_width_m,
    )


def _tile_row(pair: Pair, path: str) -> PlaceImage:
    return PlaceImage(
        place=pair.tile_place,
        view=View.SATELLITE,
        path=path,
        lat=pair.tile_lat,
        lon=pair.tile_lon,
        heading_deg=0.0,
        ground_width_m=pair.tile_width_m,
    )
