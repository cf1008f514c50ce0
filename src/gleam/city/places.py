"""Choosing where the places of a city lie: on its roads, apart from each other, within the strips.

The rule is dart throwing: points are drawn along the roads in a fixed random order and one is kept
when no kept point lies nearer than the spacing. The order does not depend on how many places are
wanted, so the first 100 of 200 places are the same places as all of 100.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gleam.city.scene import Edge, RoadClass, Scene
from gleam.errors import GleamError

JUNCTION_SHARE = 0.35
"""Share of the drawn points that lie at a junction rather than anywhere along the road."""

SPACINGS_M = (60.0, 50.0, 42.0, 35.0, 30.0, 25.0, 20.0, 15.0)
"""Least distances between places, tried one after the other until enough places fit."""

SPLIT_GAP_M = 160.0
"""Width left free between two splits: no square of a satellite (64 m half width, 6 m jitter) or map
picture (83 m, 4 m) of one split shows ground that a picture of the next one shows."""

SPLIT_SHARES = (("train", 0.60), ("val", 0.15), ("test", 0.25))
"""The splits from west to east, and how much of the width (gaps left out) each one gets."""

_BATCH = 4096
_SHORTEST_EDGE_M = 30.0


@dataclass(frozen=True)
class Strip:
    """A north-south strip of the city, in local metres, whose places belong to one split."""

    split: str | None
    west_m: float
    east_m: float


@dataclass(frozen=True)
class CityPlaces:
    """The chosen places: positions in local metres, shape (n,) each, and the split of each."""

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    split: tuple[str | None, ...]
    spacing_m: float
    """The least spacing that had to be used."""

    def __len__(self) -> int:
        """Return the number of places."""
        return len(self.x)


def margin_m(size_m: float) -> float:
    """Return how far places stay from the border: 150 m, less in a small city, never under 90 m."""
    return float(np.clip(0.2 * size_m, 90.0, 150.0))


def make_strips(width_m: float, split: str | None = None) -> tuple[Strip, ...]:
    """Divide the city's width into strips for train, val and test with gaps between them.

    With ``split`` everything lies in that one. A city so narrow that the gaps would take half of
    the room is not divided: its single strip has no split.
    """
    margin = margin_m(width_m)
    west, east = margin, width_m - margin
    gaps = SPLIT_GAP_M * (len(SPLIT_SHARES) - 1)
    if split is not None or gaps > (east - west) / 2:
        return (Strip(split, west, east),)
    room = east - west - gaps
    strips = []
    for name, share in SPLIT_SHARES:
        strips.append(Strip(name, west, west + share * room))
        west += share * room + SPLIT_GAP_M
    return tuple(strips)


def choose_places(scene: Scene, count: int, split: str | None = None) -> CityPlaces:
    """Choose ``count`` places on the roads of the city; the same scene gives the same places.

    Raises GleamError when fewer fit even at the tightest spacing, saying how many do.
    """
    strips = make_strips(scene.width_m, split)
    rng = np.random.default_rng([scene.seed, 0x506C61])
    roads = _Roads(scene)
    kept: list[tuple[float, float, int]] = []
    margin = margin_m(scene.height_m)
    length = roads.length_m * max(0.2, sum(s.east_m - s.west_m for s in strips) / scene.width_m)
    spacing = SPACINGS_M[0]
    for spacing in SPACINGS_M:
        grid = _SpacingGrid(spacing, kept)
        draws = int(np.ceil(10 * length / spacing / _BATCH)) if roads.length_m else 0
        for _ in range(draws):
            x, y = roads.draw(rng, _BATCH)
            strip = _strip_of(strips, x)
            inside = (strip >= 0) & (y > margin) & (y < scene.height_m - margin)
            for point in zip(x[inside].tolist(), y[inside].tolist(), strip[inside].tolist(), strict=True):
                if len(kept) < count and grid.add(point[0], point[1]):
                    kept.append(point)
            if len(kept) == count:
                break
        if len(kept) == count:
            break
    if len(kept) < count:
        raise GleamError(
            f"Only {len(kept)} places fit into this city of {scene.width_m / 1000:g} km at "
            f"{SPACINGS_M[-1]:g} m spacing, not {count}: raise --size or ask for fewer --places."
        )
    positions = np.array([point[:2] for point in kept], dtype=np.float64).reshape(-1, 2)
    return CityPlaces(
        positions[:, 0].copy(),
        positions[:, 1].copy(),
        tuple(strips[point[2]].split for point in kept),
        spacing,
    )


def _strip_of(strips: tuple[Strip, ...], x: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the number of the strip each x lies in, -1 for the gaps."""
    number = np.full(len(x), -1, dtype=np.int64)
    for i, strip in enumerate(strips):
        number[(x >= strip.west_m) & (x <= strip.east_m)] = i
    return number


class _Roads:
    """All roads that carry places, laid end to end, so that many points are drawn at once."""

    def __init__(self, scene: Scene) -> None:
        edges = [e for e in scene.edges if e.road_class >= RoadClass.LOCAL and e.length_m > _SHORTEST_EDGE_M]
        self.lengths = np.array([e.length_m for e in edges], dtype=np.float64)
        self.ends = np.cumsum(self.lengths)
        self.length_m = float(self.lengths.sum())
        self.half_width = np.array([e.half_width_m for e in edges], dtype=np.float64)
        vertices = np.array([len(e.x) for e in edges], dtype=np.int64)
        self.first = np.concatenate([[0], np.cumsum(vertices)[:-1]]) if edges else vertices
        self.last = self.first + vertices - 2
        self.x = np.concatenate([e.x for e in edges]) if edges else np.zeros(0)
        self.y = np.concatenate([e.y for e in edges]) if edges else np.zeros(0)
        starts = self.ends - self.lengths
        # Distance from the start of the first road: rising throughout, so searchsorted finds a vertex.
        self.along = np.concatenate([e.along_m + s for e, s in zip(edges, starts, strict=True)] or [[]])
        self.roundabouts = _roundabouts(scene, edges)

    def draw(self, rng: np.random.Generator, n: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Draw n points on the roads, a share of them at junctions, each on one side of the middle."""
        t = rng.random(n) * self.length_m
        at_junction = rng.random(n) < JUNCTION_SHARE
        far_end = rng.random(n) < 0.5
        off = np.abs(rng.normal(0.0, 6.0, n))
        side = np.where(rng.random(n) < 0.5, -1.0, 1.0)
        edge = np.minimum(np.searchsorted(self.ends, t, side="right"), len(self.ends) - 1)
        length = self.lengths[edge]
        s = t - (self.ends[edge] - length)
        s = np.where(at_junction, np.where(far_end, length - off, off), s)
        s = np.clip(s, 0.0, length)
        target = s + self.ends[edge] - length
        vertex = np.searchsorted(self.along, target, side="right") - 1
        vertex = np.clip(vertex, self.first[edge], self.last[edge])
        x0, y0 = self.x[vertex], self.y[vertex]
        dx, dy = self.x[vertex + 1] - x0, self.y[vertex + 1] - y0
        piece = np.maximum(np.hypot(dx, dy), 1e-9)
        along = np.clip(target - self.along[vertex], 0.0, piece)
        dx, dy = dx / piece, dy / piece
        lateral = side * self.half_width[edge] * 0.3
        x, y = x0 + dx * along - dy * lateral, y0 + dy * along + dx * lateral
        return self._around(x, y, self.roundabouts[edge, (s > length / 2).astype(np.int64)])

    @staticmethod
    def _around(
        x: NDArray[np.float64], y: NDArray[np.float64], ring: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Push points that fell inside a roundabout out onto the middle of its carriageway."""
        dx, dy = x - ring[:, 0], y - ring[:, 1]
        distance = np.maximum(np.hypot(dx, dy), 0.1)
        outer, inner = np.maximum(ring[:, 2], ring[:, 3]), np.minimum(ring[:, 2], ring[:, 3])
        stretch = np.where(distance < outer, (outer + inner) / 2 / distance, 1.0)
        return np.where(stretch != 1.0, ring[:, 0] + dx * stretch, x), np.where(
            stretch != 1.0, ring[:, 1] + dy * stretch, y
        )


def _roundabouts(scene: Scene, edges: list[Edge]) -> NDArray[np.float64]:
    """Return (edges, 2 ends, [x, y, radius, radius]); radius -1 where the end is no roundabout."""
    table = np.zeros((len(edges), 2, 4), dtype=np.float64)
    table[:, :, 2:] = -1.0
    for i, edge in enumerate(edges):
        for end, name in enumerate((edge.node_a, edge.node_b)):
            node = scene.nodes.get(name)
            if node is not None and node.roundabout is not None:
                table[i, end] = node.x, node.y, *node.roundabout
    return table


class _SpacingGrid:
    """Points hashed by cells of one spacing, to tell quickly whether a new one is far enough."""

    def __init__(self, spacing_m: float, points: list[tuple[float, float, int]]) -> None:
        self.spacing = spacing_m
        self.cells: dict[tuple[int, int], list[tuple[float, float]]] = {}
        for x, y, _ in points:
            self._insert(x, y)

    def _insert(self, x: float, y: float) -> None:
        cell = int(x // self.spacing), int(y // self.spacing)
        self.cells.setdefault(cell, []).append((x, y))

    def add(self, x: float, y: float) -> bool:
        """Add the point and return True, unless another lies nearer than the spacing."""
        column, row = int(x // self.spacing), int(y // self.spacing)
        least = self.spacing * self.spacing
        for i in (column - 1, column, column + 1):
            for j in (row - 1, row, row + 1):
                for px, py in self.cells.get((i, j), ()):
                    if (x - px) ** 2 + (y - py) ** 2 < least:
                        return False
        self._insert(x, y)
        return True
