"""The sets without coordinates: a places table of each, ranks of the right tile, and what answers claim."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gleam.atlas import Atlas
from gleam.encoder import Encoder
from gleam.evaluation import metrics
from gleam.evaluation.features import encode_gallery, encode_queries
from gleam.evaluation.relevance import Relevance
from gleam.evaluation.retrieval import Ranking, search
from gleam.geo import Footprint, distance_m
from gleam.locating import Locator, Status
from gleam.places import PlaceImage, Places
from gleam.views import View
from real.geosets import read_rows, write_footprints

HEADINGS = 12
RECALL_AT = (1, 5, 10)
ALL = "all-pairs"
GRID_DEG = 0.02
"""The made-up grid that tiles without coordinates are laid on: 2.2 km apart."""
WRONG_M = 100.0


def university1652(root: Path) -> list[PlaceImage]:
    """Three buildings from the air and from the street, and 68 tiles of other places."""
    rows = []
    for place in sorted(p.name for p in (root / "satellite").iterdir()):
        rows.append(_row(place, View.SATELLITE, f"satellite/{place}/{place}.jpg"))
        for view, folder in ((View.DRONE, "drone"), (View.GROUND, "street")):
            files = sorted((root / folder / place).iterdir())
            rows += [_row(place, view, f"{folder}/{place}/{file.name}") for file in files]
    others = sorted((root / "distractor_satellite").iterdir())
    return rows + [
        _row(f"other-{file.stem}", View.SATELLITE, f"distractor_satellite/{file.name}") for file in others
    ]


def cvact(root: Path) -> list[PlaceImage]:
    """Six panoramas of unknown heading."""
    return _pairs(root, View.PANORAMA, "pano")


def cvcities(root: Path) -> list[PlaceImage]:
    """Two panoramas of unknown heading."""
    return _pairs(root, View.PANORAMA, "pano")


def cvusa(root: Path) -> list[PlaceImage]:
    """Two strips of panoramas and four photos of limited view."""
    rows = []
    for number, row in enumerate(read_rows(root / "pairs.csv")):
        view = View.PANORAMA if row["kind"] == "pano" else View.GROUND
        rows += [_row(str(number), View.SATELLITE, row["sat"]), _row(str(number), view, row["query"])]
    return rows


def dayton(root: Path) -> list[PlaceImage]:
    """Eight photos of seven places; the aerial pictures are turned so that up is where the camera looked."""
    rows = []
    for row in read_rows(root / "pairs.csv"):
        rows.append(_row(row["pano_id"], View.SATELLITE, row["sat"]))
        rows.append(_row(row["pano_id"], View.GROUND, row["ground"], heading_deg=0.0))
    return rows


def ortholoc(root: Path) -> list[PlaceImage]:
    """Two drone photos over orthophotos, and two orthophotos over those of another year."""
    rows = []
    for number, row in enumerate(read_rows(root / "pairs.csv")):
        heading = None if row["kind"] == "uav-ortho" else 0.0
        rows.append(_row(str(number), View.SATELLITE, row["reference"]))
        rows.append(_row(str(number), View.DRONE, row["query"], heading_deg=heading))
    return rows


SETS: dict[str, Callable[[Path], list[PlaceImage]]] = {
    "university1652_samples": university1652,
    "cvact_samples": cvact,
    "cvusa_samples": cvusa,
    "cvcities_samples": cvcities,
    "dayton_ground_sat": dayton,
    "ortholoc_samples": ortholoc,
}


def make_tables(folder: Path, work: Path, skipped: list[str]) -> dict[str, Places]:
    """Write one table per set that is there, ``SET.parquet``, and one of all together."""
    tables, everything = {}, []
    for name, make in SETS.items():
        if not (folder / name).is_dir():
            skipped.append(f"{name}: the folder is absent")
            continue
        rows = make(folder / name)
        tables[name] = Places(rows, folder / name)
        tables[name].write(work / f"{name}.parquet")
        everything += [
            PlaceImage(f"{name}/{r.place}", r.view, f"{name}/{r.path}", heading_deg=r.heading_deg)
            for r in rows
        ]
    if everything:
        tables[ALL] = Places(everything, folder)
        tables[ALL].write(work / f"{ALL}.parquet")
    return tables


def rank_sets(tables: dict[str, Places], encoder: Encoder) -> dict[str, Any]:
    """Return, per set and view, where the right tile stands among the tiles of the set and among all."""
    everything = tables[ALL]
    gallery = everything.select(view=View.SATELLITE)
    gallery_vectors, owners = encode_gallery(encoder, gallery), _owners(gallery)
    out: dict[str, Any] = {}
    for name, table in tables.items():
        for view in table.views:
            if name == ALL or view is View.SATELLITE:
                continue
            queries = everything.select(view=view)
            queries = queries.take(_owners(queries) == name)
            vectors = encode_queries(encoder, queries, view, headings=HEADINGS)
            own = np.flatnonzero(owners == name)
            found = {}
            for among, items in (("own", own), ("all", np.arange(len(gallery)))):
                tiles = gallery.take(items)
                labels = queries.column("place").tolist(), tiles.column("place").tolist()
                ranking = search(
                    vectors.vectors,
                    gallery_vectors[items],
                    Relevance.from_labels(*labels),
                    vectors_per_query=vectors.per_query,
                )
                found[among] = rank_figures(ranking, len(tiles))
            out[f"{name} {view}"] = {
                "queries": len(queries),
                "headings": HEADINGS if vectors.turned else 1,
                **found,
            }
    return out


def rank_figures(ranking: Ranking, tiles: int) -> dict[str, Any]:
    """Return counts and ranks, since with few queries a percentage says little."""
    return {
        "tiles": tiles,
        "found_at": {str(k): int((ranking.best <= k).sum()) for k in RECALL_AT},
        "chance_at": {str(k): round(metrics.chance_at(ranking, k) * len(ranking.best), 1) for k in RECALL_AT},
        "median_rank": float(np.median(ranking.best)),
        "ranks": sorted(int(rank) for rank in ranking.best),
    }


def claims(table: Places, encoder: Encoder, work: Path) -> dict[str, Any]:
    """Locate every query among all tiles, laid on a made-up grid far apart, and count what is claimed.

    Only the grid is made up: the search, the places and the judgement are those of any atlas.
    """
    gallery = table.select(view=View.SATELLITE)
    at = {str(path): _grid(number) for number, path in enumerate(gallery.column("path"))}
    # A picture of unknown scale is taken whole: it gets the width of a tile.
    tile_m = encoder.preparation.ground_width_m
    footprints = [(path, Footprint.square(*at[path], tile_m)) for path in at]
    write_footprints(work / "grid.csv", footprints)
    atlas = Atlas.build(
        table.root, encoder, work / "grid", csv=work / "grid.csv", tile_m=tile_m, stride_m=tile_m
    )
    locator = Locator(encoder, atlas, headings=HEADINGS)
    right_at: dict[str, list[tuple[float, float]]] = {}
    for row in gallery:
        right_at.setdefault(row.place, []).append(at[row.path])
    out: dict[str, Any] = {}
    for row in table:
        if row.view is View.SATELLITE:
            continue
        answer = locator.locate(
            table.path_of(row), row.view, heading=row.heading_deg, use_metadata=False, use_exif=False
        )
        group = out.setdefault(
            f"{row.place.split('/')[0]} {row.view}",
            {
                "queries": 0,
                "status": dict.fromkeys((s.value for s in Status), 0),
                "located_right": 0,
                "confident_wrong": 0,
            },
        )
        group["queries"] += 1
        group["status"][answer.status.value] += 1
        if answer.status is Status.LOCATED and answer.lat is not None and answer.lon is not None:
            miss = min(distance_m(answer.lat, answer.lon, *spot) for spot in right_at[row.place])
            group["located_right" if miss <= WRONG_M else "confident_wrong"] += 1
    return out


def _grid(number: int) -> tuple[float, float]:
    return GRID_DEG * (number // 16), GRID_DEG * (number % 16)


def _owners(rows: Places) -> NDArray[np.str_]:
    return np.array([str(place).split("/")[0] for place in rows.column("place")])


def _pairs(root: Path, view: View, column: str) -> list[PlaceImage]:
    rows = []
    for number, row in enumerate(read_rows(root / "pairs.csv")):
        rows += [_row(str(number), View.SATELLITE, row["sat"]), _row(str(number), view, row[column])]
    return rows


def _row(place: str, view: View, path: str, heading_deg: float | None = None) -> PlaceImage:
    return PlaceImage(place, view, path, heading_deg=heading_deg)
