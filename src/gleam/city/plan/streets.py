"""From the road graph to streets on the site: widths, names, roundabouts, crossings, segments."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gleam.city.plan.dice import Dice
from gleam.city.plan.graph import Link
from gleam.city.plan.names import street_names
from gleam.city.plan.occupancy import Taken
from gleam.city.plan.palettes import BRONZE, STONE
from gleam.city.plan.selection import Street, select_streets
from gleam.city.plan.site import Body, Placed, Site
from gleam.city.scene import (
    FLAG_BRIDGE,
    FLAG_CROSSING_A,
    FLAG_CROSSING_B,
    FLAG_MEDIAN,
    Edge,
    Facade,
    Ground,
    Node,
    RoadClass,
    SegmentKind,
    Shape,
)

HALF_WIDTH_M = {RoadClass.ARTERIAL: 9.0, RoadClass.COLLECTOR: 6.3, RoadClass.LOCAL: 4.2, RoadClass.ALLEY: 2.2}
SIDEWALK_M = {RoadClass.ARTERIAL: 4.0, RoadClass.COLLECTOR: 3.0, RoadClass.LOCAL: 2.2, RoadClass.ALLEY: 0.0}
ROUNDABOUT_PRIORITY, JUNCTION_PRIORITY = 90, 80


@dataclass(frozen=True)
class Network:
    """The finished streets."""

    edges: tuple[Edge, ...]
    nodes: dict[int, Node]


def lay_streets(site: Site, ends: NDArray[np.float64], links: list[Link], dice: Dice) -> Network:
    """Bend the links, drop what cannot be built, and put roads on the site."""
    streets = select_streets(site, ends, links, dice)
    classes: dict[int, list[RoadClass]] = {}
    for street in streets:
        for number in (street.link.a, street.link.b):
            classes.setdefault(number, []).append(street.link.road_class)
    nodes = _nodes(site, ends, classes, dice)
    edges = _edges(site, streets, nodes, classes, dice)
    for node in nodes.values():
        if node.roundabout is not None:
            _build_roundabout(site, node, node.roundabout, dice)
    _widen_junctions(site, nodes, classes, dice)
    return Network(tuple(edges), nodes)


def _nodes(
    site: Site, ends: NDArray[np.float64], classes: dict[int, list[RoadClass]], dice: Dice
) -> dict[int, Node]:
    """Make the junctions and choose which of them become roundabouts."""
    x, y = site.warp.points(ends[:, 0], ends[:, 1])
    nodes = {}
    for number, roads in classes.items():
        px, py = float(x[number]), float(y[number])
        radii = None
        if not site.occupancy.at(px, py) & (Taken.WATER | Taken.RAIL):
            radii = _roundabout(max(roads), len(roads), dice)
        nodes[number] = Node(px, py, len(roads), radii)
    return nodes


def _roundabout(highest: RoadClass, degree: int, dice: Dice) -> tuple[float, float] | None:
    """Return outer and island radius where a junction is to be a roundabout."""
    if degree < 3:
        return None
    if highest == RoadClass.ARTERIAL:
        share, radius, lanes_m = (0.35 if degree >= 4 else 0.0), 24.0, 11.0
    elif highest == RoadClass.COLLECTOR:
        share, radius, lanes_m = 0.10, 17.0, 7.0
    else:
        share, radius, lanes_m = (0.05 if degree >= 4 else 0.0), 12.0, 7.0
    if not dice.chance(share):
        return None
    radius += 4 * dice.unit()
    return radius, radius - lanes_m


def _edges(
    site: Site,
    streets: list[Street],
    nodes: dict[int, Node],
    classes: dict[int, list[RoadClass]],
    dice: Dice,
) -> list[Edge]:
    """Finish the streets and put them on the site as segments."""
    highest: dict[int, RoadClass] = {}
    for street in streets:
        number = street.link.street
        highest[number] = max(highest.get(number, RoadClass.ALLEY), street.link.road_class)
    names = dict(zip(highest, street_names(list(highest.values()), dice), strict=True))

    def clear(number: int) -> float:
        node = nodes[number]
        if node.roundabout is not None:
            return node.roundabout[0]
        return max(HALF_WIDTH_M[c] for c in classes[number]) * 1.15 if node.degree >= 3 else 0.0

    def crossing(number: int, rank: RoadClass) -> bool:
        node = nodes[number]
        if node.degree < 3 or rank == RoadClass.ALLEY:
            return False
        likely = 0.85 if rank >= RoadClass.COLLECTOR else 0.4
        return node.roundabout is not None or dice.chance(likely)

    edges: list[Edge] = []
    for street in streets:
        a, b, rank, number = street.link
        flags = FLAG_CROSSING_A * crossing(a, rank) | FLAG_CROSSING_B * crossing(b, rank)
        flags |= FLAG_BRIDGE * street.bridge
        flags |= FLAG_MEDIAN * (rank == RoadClass.ARTERIAL and dice.chance(0.4))
        along = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(street.x), np.diff(street.y)))])
        edge = Edge(
            node_a=a,
            node_b=b,
            road_class=rank,
            x=street.x,
            y=street.y,
            along_m=along,
            half_width_m=HALF_WIDTH_M[rank] * dice.between(0.94, 1.06),
            clear_m=(clear(a), clear(b)),
            flags=flags,
            name=names[number],
        )
        _lay(site, edge, len(edges), dice.unit())
        edges.append(edge)
    return edges


def _lay(site: Site, edge: Edge, number: int, seed: float) -> None:
    """Put one edge on the site."""
    sidewalk = SIDEWALK_M[edge.road_class]
    x, y = edge.x.tolist(), edge.y.tolist()
    start = edge.along_m.tolist()
    for k in range(len(x) - 1):
        site.segments.append(
            (
                SegmentKind.ROAD, x[k], y[k], x[k + 1], y[k + 1], edge.half_width_m, edge.road_class,
                start[k], start[-1], *edge.clear_m, edge.flags, seed, sidewalk, number,
            )
        )  # fmt: skip
    site.occupancy.mark_street(edge.x, edge.y, edge.half_width_m + 0.5, edge.half_width_m + sidewalk)


def _build_roundabout(site: Site, node: Node, radii: tuple[float, float], dice: Dice) -> None:
    """Lay a roundabout: the ring of road and an island with trees, one tree or a monument."""
    radius, island = radii
    x, y = node.x, node.y
    seed = dice.unit()
    site.areas.append(
        (Ground.ISLAND, x, y, 1, 0, radius, island, Shape.ROUNDABOUT, seed, 0, ROUNDABOUT_PRIORITY)
    )
    site.occupancy.mark_rectangle(x, y, 1.0, 0.0, radius + 3, radius + 3, int(Taken.ROAD))
    u = dice.unit()
    if u < 0.5:
        count = int(island * island / 14) if u < 0.35 else 1
        turn = 2 * math.pi * dice.units(count)
        off = np.sqrt(dice.units(count)) * (island - 2.5) if u < 0.35 else np.zeros(count)
        radii_m = 2.0 + 1.2 * dice.units(count)
        site.add_trees_world(x + off * np.cos(turn), y + off * np.sin(turn), radii_m, blocked_by=0)
    else:
        plinth = Body(0, 1.2, STONE, STONE, Facade.PLAIN)
        statue = Body(1.2, dice.between(5, 8), BRONZE, BRONZE, Facade.PLAIN)
        site.stack(Placed(x, y, 0, 1.4, 1.4), plinth)
        site.stack(Placed(x, y, 0.3, 0.5, 0.5), statue)


def _widen_junctions(
    site: Site, nodes: dict[int, Node], classes: dict[int, list[RoadClass]], dice: Dice
) -> None:
    """Round off the corners of junctions of three or more streets."""
    for number, node in nodes.items():
        if node.degree < 3 or node.roundabout is not None:
            continue
        ranks: Sequence[RoadClass] = sorted(classes[number])
        widths = sorted(HALF_WIDTH_M[c] for c in ranks if c > RoadClass.ALLEY)
        if len(widths) >= 3:
            radius, rank = widths[-2] * 1.3, ranks[-2]
            site.areas.append(
                (
                    Ground.ROAD, node.x, node.y, 1, 0, radius, 0, Shape.JUNCTION,
                    dice.unit(), rank, JUNCTION_PRIORITY,
                )
            )  # fmt: skip
