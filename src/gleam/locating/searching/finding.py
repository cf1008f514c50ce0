"""From a photo to ranked places: search in every size of tile, merge, fuse the sizes, look closer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gleam.atlas import Atlas, Region
from gleam.atlas.embedding import SquareEncoder
from gleam.atlas.hits import Hits, left_over
from gleam.atlas.tiles import Hit
from gleam.geo import Box, Circle, distance_m
from gleam.imagery.decode import load_image
from gleam.locating.query import HEADINGS, Query, query_of
from gleam.locating.searching.between import Between
from gleam.locating.searching.ground import Spread
from gleam.locating.searching.places import SAME_PLACE_SHARE, Place, merge_into_places
from gleam.locating.searching.prior import EDGE_STRIDES, enough_around, grown, moved_inside, rivals_of
from gleam.locating.searching.refine import refine_places
from gleam.locating.searching.surface import Surface
from gleam.views import Pose, View

REFINED = 10
"""Places looked at more closely and judged by, however many are returned. On a city, 10 instead of 5
found a third more drone photos where the first look was poor."""
_WITH_GROUND = 2
"""So many times that where the photo shows ground to scale: an encoder often finds its place, but not as one
of the first."""
_HITS_PER_PLACE = 12
"""Overlapping tiles fetched for each place wanted: the eight neighbours at half a tile, and some."""
_OTHERS = 3
"""Places that only another size of tile found are taken in, so many of each size."""
_LEAST_LEAD = 0.001


@dataclass(frozen=True)
class Found:
    """What a search gave.

    query: the photo as the main size of tile sees it. places: best first. surface: of scores around the
    first place; None when nothing was looked at closely. tiles: how many of the main size were searched.
    queries: the photo for every size of tile, for those who search with it again. weights: how much each size
    of tile counts. spread: of the correlations of the photo's ground by chance, None without any. region: the
    one searched, None for the whole atlas. rivals: what the first place competes with, best first, where that
    is more than the other places; compared: the tiles those were found among, where that is more than tiles.
    """

    query: Query
    places: list[Place]
    surface: Surface | None
    tiles: int
    queries: Mapping[float, Query] = field(default_factory=dict)
    weights: Mapping[float, float] = field(default_factory=dict)
    spread: Spread | None = None
    region: Region | None = None
    rivals: Sequence[Place] | None = None
    compared: int | None = None

    @property
    def ranked(self) -> list[Place]:
        """The first place, and all that it competes with, best first."""
        return [*self.places[:1], *(self.places[1:] if self.rivals is None else self.rivals)]


class Finder:
    """Searches one atlas with one encoder, through every size of tile the atlas has.

    Raises:
        AtlasError: The atlas was built with another encoder.
    """

    def __init__(self, encoder: SquareEncoder, atlas: Atlas, headings: int = HEADINGS) -> None:
        self.encoder = encoder
        self.atlas = atlas
        self.headings = headings
        atlas.check_encoder(encoder)
        self._between = Between(atlas, encoder)

    def warm(self, stopped: Callable[[], bool] = lambda: False) -> None:
        """Make ready what the closer look at places needs, see :meth:`Between.warm`."""
        self._between.warm(stopped)

    def queries(self, photo: Any, view: View, pose: Pose, *, or_reversed: bool = False) -> dict[float, Query]:
        """Return the photo made ready for every size of tile, the main size first.

        Raises:
            ImageError: The photo cannot be read.
        """
        sizes = self.atlas.tile_sizes_m
        preparations = [self.atlas.preparation(self.encoder, size) for size in sizes]
        pixels = load_image(photo, target=4 * preparations[0].pixels)
        return {
            size: query_of(
                self.encoder, p, pixels, view, pose, headings=self.headings, or_reversed=or_reversed
            )
            for size, p in zip(sizes, preparations, strict=True)
        }

    def search(
        self,
        queries: dict[float, Query],
        region: Region | None,
        k: int,
        *,
        fuse: bool = True,
        refine: int = REFINED,
        without: Circle | None = None,
        weights: Mapping[float, float] | None = None,
        spread: Spread | None = None,
    ) -> Found:
        """Return the ``k`` best places.

        Args:
            queries: From :meth:`queries`.
            region: Where to search.
            k: Places wanted.
            fuse: Weigh overlapping tiles into one position.
            refine: So many of the best are looked at closely; twice as many by a photo that shows ground to
                scale.
            without: Tiles centred here count as missing: how a calibration makes photos from elsewhere.
            weights: How much each size of tile counts; found out when not given.
            spread: Of the correlations of the photo's ground by chance, likewise.
        """
        main = self.atlas.tile_m
        query = queries[main]
        tiles = self._count(region)
        if not query.shows_something:
            return Found(query, [], None, tiles, queries, region=region)
        looked_at = refine if query.ground is None else _WITH_GROUND * refine
        wanted = max(k, looked_at)
        hits = {
            size: self._hits(size, q.vectors, wanted * _HITS_PER_PLACE, region, without)
            for size, q in queries.items()
        }
        places = merge_into_places(hits[main], main, self.atlas.stride_of(main), wanted, fuse=fuse)
        counts: Mapping[float, float] = weights or {main: 1.0}
        if len(hits) > 1:
            places, counts = self._fused(places, queries, hits, region, without, wanted, fuse, weights)
        refined = refine_places(
            self.atlas,
            self._between,
            query.vectors,
            places,
            hits[main],
            looked_at,
            query.headings,
            query,
            spread,
        )
        return Found(
            query,
            refined.places[:k],
            refined.surface,
            tiles,
            queries,
            counts,
            refined.spread or spread,
            region,
        )

    def search_area(
        self, queries: dict[float, Query], area: Circle | Box, k: int, least: int, **how: Any
    ) -> Found:
        """Return the ``k`` best places inside an area, however small it is.

        Where it holds few tiles, the places around it are told as rivals, and positions are moved inside.

        Args:
            queries: From :meth:`queries`.
            area: Where to search.
            k: Places wanted.
            least: With so many tiles the first place has to be compared.
            how: The rest of what :meth:`search` takes.
        """
        stride = self.atlas.stride_of(self.atlas.tile_m)
        wide = enough_around(area, stride, least, self._count, self._count(None))
        if wide is None:
            found = self.search(queries, Region.around(area), k, **how)
            return replace(found, places=[moved_inside(place, area) for place in found.places])
        own = Region.around(grown(area, EDGE_STRIDES * stride))
        if not self._count(own):
            return self.search(queries, own, k, **how)
        around = self.search(queries, wide, k, **how)
        found = self.search(queries, own, k, **how, spread=around.spread)
        places = [moved_inside(place, area) for place in found.places]
        if not places:  # the photo shows nothing
            return found
        rivals = rivals_of(places[0], places[1:], around.places, self.atlas.tile_m)
        inside = self._count(Region.around(area)) or found.tiles
        return replace(found, places=places, tiles=inside, rivals=rivals, compared=around.tiles)

    def joined_scores(
        self, found: Found, hits: Sequence[Hit], rows: NDArray[np.intp], region: Region | None
    ) -> NDArray[np.float64]:
        """Return what all sizes of tile together say (N,) of tiles of the main size.

        Args:
            found: By the search that the tiles are of; it tells how much each size counts.
            hits: N tiles of the main size with their own scores.
            rows: (N,) which query vector found each.
            region: Where was searched.
        """
        own = Hits.of(hits).scores
        if len(found.queries) < 2 or not len(hits):
            return own
        places = [Place(h.tile.lat, h.tile.lon, h, int(r), 1) for h, r in zip(hits, rows, strict=True)]
        total = found.weights[self.atlas.tile_m] * own
        for size, query in found.queries.items():
            if size != self.atlas.tile_m and found.weights[size]:
                theirs = self.atlas.search(query.vectors, len(hits), region, tile_m=size)
                total += found.weights[size] * _scores_at(places, theirs, size / 4)
        return np.asarray(total / sum(found.weights.values()))

    def _count(self, region: Region | None) -> int:
        if len(self.atlas.tile_sizes_m) == 1:
            return self.atlas.store.count(region)
        return self.atlas.store.count(region, width_m=self.atlas.tile_m)

    def _hits(
        self,
        size: float,
        vectors: NDArray[np.float32],
        k: int,
        region: Region | None,
        without: Circle | None,
    ) -> Sequence[Sequence[Hit]]:
        if without is None:
            return self.atlas.search(vectors, k, region, tile_m=size)
        gone = int(self.atlas.store.count(Region.around(without)))
        found = left_over(self.atlas.search(vectors, k + gone, region, tile_m=size), without.contains)
        return [row[:k] for row in found]

    def _fused(
        self,
        places: list[Place],
        queries: dict[float, Query],
        hits: Mapping[float, Sequence[Sequence[Hit]]],
        region: Region | None,
        without: Circle | None,
        k: int,
        fuse: bool,
        weights: Mapping[float, float] | None,
    ) -> tuple[list[Place], Mapping[float, float]]:
        """Order places by the mean of what all sizes of tile think of them; return the weights too.

        A size counts as much as its best place leads its second: one that the encoder cannot see much in
        finds all places alike.
        """
        main = self.atlas.tile_m
        leads = {main: _lead(places)}
        for size, found in hits.items():
            if size == main:
                continue
            theirs = merge_into_places(found, size, self.atlas.stride_of(size), _OTHERS, fuse=fuse)
            leads[size] = _lead(theirs)
            for other in theirs:
                if not _near(places, other, SAME_PLACE_SHARE * main):
                    places = places + self._as_main(other, queries[main], region, without)
        counts = weights or leads
        own = np.array([p.best.score for p in places])
        mean = counts[main] * own
        for size, found in hits.items():
            if size != main:
                mean += counts[size] * _scores_at(places, found, size / 4)
        mean /= sum(counts.values())
        fused = [replace(p, bonus=float(m - p.best.score)) for p, m in zip(places, mean, strict=True)]
        return sorted(fused, key=lambda p: (-p.score, p.best.tile.id))[:k], counts

    def _as_main(
        self, other: Place, query: Query, region: Region | None, without: Circle | None
    ) -> list[Place]:
        """Return a place that another size found as the best tile of the main size there; or nothing."""
        main = self.atlas.tile_m
        around = Region.around(Circle(other.lat, other.lon, self.atlas.stride_of(main)))
        row = query.vectors[other.row : other.row + 1]
        (found,) = self.atlas.search(row, 4, around, tile_m=main)
        for hit in found:
            at = (hit.tile.lat, hit.tile.lon)
            if (region is None or bool(region.contains(*at))) and not (without and without.contains(*at)):
                return [Place(other.lat, other.lon, hit, other.row, 1)]
        return []


def _lead(places: Sequence[Place]) -> float:
    return max(places[0].best.score - places[1].best.score, _LEAST_LEAD) if len(places) > 1 else _LEAST_LEAD


def _near(places: Sequence[Place], other: Place, reach_m: float) -> bool:
    if not places:
        return False
    away = distance_m(other.lat, other.lon, [p.lat for p in places], [p.lon for p in places])
    return bool((np.asarray(away) <= reach_m).any())


def _scores_at(places: Sequence[Place], hits: Sequence[Sequence[Hit]], reach_m: float) -> NDArray[np.float64]:
    """Return the best score (N,) of the tiles near each place under its heading.

    Where the search returned none there, the lowest score it returned stands for it: no tile that it left
    out can be better.
    """
    out = np.zeros(len(places))
    for i, place in enumerate(places):
        row = Hits.of(hits[place.row])
        if not len(row):
            continue
        near = row.scores[distance_m(place.lat, place.lon, row.lats, row.lons) <= reach_m]
        out[i] = near.max() if len(near) else row.scores[-1]
    return out
