"""Pairs of a satellite tile and street maps of the same ground, as a places table to train and test on."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gleam.errors import GleamError
from gleam.files import atomic_write, read_json, write_json
from gleam.geo import Footprint
from gleam.places.table import PlaceImage, Places
from gleam.progress import track
from gleam.streetmaps.splitting import spaced, split_of
from gleam.views import View

RECORD = "maps.json"
"""What a folder of pairs was made from; a run that was stopped goes on only with the same."""


class Imagery(Protocol):
    """Georeferenced imagery that squares can be cut from, as the atlas opens it."""

    @property
    def record(self) -> Any:
        """Its name, content, bounds, licence and origin."""

    def centres(self, tile_m: float, stride_m: float) -> Sequence[Any]:
        """Centres (lat, lon) of squares that cover it."""

    def read(self, centre: Any, width_m: float, pixels: int) -> tuple[NDArray[np.uint8], float]:
        """Cut a square and tell the share of it that holds data."""


class MapMaker(Protocol):
    """Draws or cuts street maps."""

    styles: tuple[str, ...]
    licence: str | None
    source: str | None

    def identity(self) -> dict[str, Any]:
        """What maps depend on, to compare runs by."""

    def draw(self, lat: float, lon: float, width_m: float, pixels: int) -> list[NDArray[np.uint8]] | None:
        """Return one map per style, or None where there is nothing to see."""


@dataclass(frozen=True)
class PairSettings:
    """How pairs are cut.

    tile_m: side of a tile on the ground; stride_m: step from tile to tile. pixels: side of the pictures.
    least_cover: share of a tile that the imagery must cover. test_share: share of the tiles, the
    easternmost, that become the split ``test``; 0 names no splits.
    """

    tile_m: float = 128.0
    stride_m: float = 128.0
    pixels: int = 256
    least_cover: float = 0.95
    test_share: float = 0.0

    def __post_init__(self) -> None:
        """Refuse settings without meaning."""
        if not (1.0 <= self.tile_m <= 20_000.0 and 1.0 <= self.stride_m <= 20_000.0):
            raise GleamError("--tile-m and --stride-m must lie between 1 and 20000 metres.")
        if not 16 <= self.pixels <= 4096:
            raise GleamError("--pixels must lie between 16 and 4096.")
        if not (0.0 < self.least_cover <= 1.0 and 0.0 <= self.test_share <= 0.5):
            raise GleamError("--least-cover lies above 0 up to 1, --test-share between 0 and 0.5.")


@dataclass
class PairResult:
    """What was made: the table, and how many tiles were left out for which reason."""

    table: Path
    pairs: int
    images: int
    uncovered: int
    empty: int
    between_splits: int
    repeated: int
    splits: dict[str, int] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """The result under its names."""
        return asdict(self)


def make_pairs(
    imagery: Sequence[Imagery],
    maps: MapMaker,
    out: str | os.PathLike[str],
    settings: PairSettings,
    licence: str | None = None,
    source: str | None = None,
) -> PairResult:
    """Write pictures and ``places.parquet`` into ``out``.

    A run that was stopped goes on: pictures that are there are kept, as each appears whole or not at all.

    Args:
        imagery: Satellite imagery.
        maps: What makes the maps.
        out: A folder: new, empty, or of a stopped run with the same settings.
        settings: How tiles are cut.
        licence: Of imagery that does not tell its own.
        source: Who made imagery that does not tell.

    Raises:
        GleamError: ``out`` holds something else, or no tile is covered and mapped.
    """
    folder = Path(out)
    _begin(folder, imagery, maps, settings)
    every = [(s, centre) for s in imagery for centre in s.centres(settings.tile_m, settings.stride_m)]
    if not every:
        raise GleamError("The imagery covers no tile.")
    apart = spaced([c.lat for _, c in every], [c.lon for _, c in every], 0.5 * settings.stride_m)
    tiles = [every[n] for n in apart]
    lons = np.array([centre.lon for _, centre in tiles])
    rows: list[PlaceImage] = []
    result = PairResult(folder / "places.parquet", 0, 0, 0, 0, 0, len(every) - len(tiles))
    for number, (satellite, centre) in enumerate(track(tiles, "drawing pairs")):
        footprint = Footprint.square(centre.lat, centre.lon, settings.tile_m)
        split = split_of(footprint, lons, settings.test_share)
        if split == "":
            result.between_splits += 1
            continue
        made = _pair(folder, number, satellite, centre, maps, settings)
        if made is not None:
            result.uncovered += made == "uncovered"
            result.empty += made == "empty"
            continue
        common = {
            "lat": centre.lat,
            "lon": centre.lon,
            "heading_deg": 0.0,
            "ground_width_m": settings.tile_m,
            "footprint": footprint.to_wkt(),
            "split": split,
        }
        place, record = f"t{number:06d}", satellite.record
        rows.append(
            PlaceImage(
                place,
                View.SATELLITE,
                _satellite_path(number),
                **common,
                source=record.origin or source or record.name,
                licence=record.licence or licence,
                taken=record.date,
            )
        )
        rows += [
            PlaceImage(place, View.MAP, path, **common, source=maps.source, licence=maps.licence)
            for path in _map_paths(number, maps)
        ]
        result.pairs += 1
        if split:
            result.splits[split] = result.splits.get(split, 0) + 1
    if not rows:
        raise GleamError(
            f"None of the {len(tiles)} tiles became a pair: {result.uncovered} are not covered by the "
            f"imagery, {result.empty} have nothing on the map, {result.between_splits} lie between the "
            "splits."
        )
    result.images = len(rows)
    Places(rows, folder).write(result.table)
    return result


def _pair(
    folder: Path, number: int, satellite: Imagery, centre: Any, maps: MapMaker, settings: PairSettings
) -> str | None:
    """Write the pictures of a tile unless they are there; return why not, when it makes no pair."""
    goals = [folder / path for path in (*_map_paths(number, maps), _satellite_path(number))]
    if all(goal.is_file() for goal in goals):
        return None
    left_out = folder / "left_out" / f"{number:06d}.txt"
    if left_out.is_file():
        return left_out.read_text(encoding="utf-8").strip()
    pixels, cover = satellite.read(centre, settings.tile_m, settings.pixels)
    drawn = None
    if cover >= settings.least_cover:
        drawn = maps.draw(centre.lat, centre.lon, settings.tile_m, settings.pixels)
    if drawn is None:
        reason = "uncovered" if cover < settings.least_cover else "empty"
        with atomic_write(left_out) as temporary:
            temporary.write_text(reason + "\n", encoding="utf-8")
        return reason
    for goal, picture in zip(goals, [*drawn, pixels], strict=True):
        with atomic_write(goal) as temporary:
            Image.fromarray(picture).save(temporary, quality=92)
    return None


def _begin(folder: Path, imagery: Sequence[Imagery], maps: MapMaker, settings: PairSettings) -> None:
    """Take a new folder, or one that the same run began."""
    told = {
        "settings": asdict(settings),
        "imagery": [{"name": s.record.name, "sha256": s.record.sha256} for s in imagery],
        "maps": maps.identity(),
    }
    record = folder / RECORD
    if record.is_file():
        if read_json(record) != told:
            raise GleamError(
                f"{folder} holds pairs made from other sources or with other settings (see {RECORD}); "
                "name another --out."
            )
        return
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise GleamError(f"{folder} has content that is no street-map run; name a new or empty folder.")
    write_json(record, told)


def _satellite_path(number: int) -> str:
    return f"satellite/{number:06d}.jpg"


def _map_paths(number: int, maps: MapMaker) -> list[str]:
    return [f"map/{style}/{number:06d}.png" for style in maps.styles]
