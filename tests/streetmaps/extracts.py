"""Small OpenStreetMap extracts, written twice: as .osm.pbf by osmium's own writer and as GeoJSON.

A feature is (tags, shape) with a shapely shape in longitude and latitude.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import osmium
import shapely
from osmium.osm import mutable
from rasterio.features import shapes as raster_shapes
from rasterio.transform import Affine

from gleam.city.scene import (
    OBJ_COS,
    OBJ_HX,
    OBJ_HY,
    OBJ_KIND,
    OBJ_SIN,
    OBJ_X,
    OBJ_Y,
    OBJ_Z0,
    SEG_HALF_WIDTH,
    SEG_KIND,
    SEG_X0,
    LandUse,
    ObjectKind,
    RoadClass,
    Scene,
    SegmentKind,
)

Extract = list[tuple[dict[str, str], Any]]

_HIGHWAYS = {
    RoadClass.ALLEY: "service",
    RoadClass.LOCAL: "residential",
    RoadClass.COLLECTOR: "tertiary",
    RoadClass.ARTERIAL: "primary",
}
_LAND = {
    LandUse.PARK: {"leisure": "park"},
    LandUse.SPORT: {"leisure": "sports_centre"},
    LandUse.INDUSTRY: {"landuse": "industrial"},
    LandUse.PARKING: {"amenity": "parking"},
    LandUse.DOWNTOWN: {"landuse": "commercial"},
    LandUse.SQUARE: {"landuse": "retail"},
}


def write_geojson(extract: Extract, file: Path) -> Path:
    """Write a FeatureCollection."""
    features = [
        {"type": "Feature", "properties": tags, "geometry": shapely.geometry.mapping(shape)}
        for tags, shape in extract
    ]
    file.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return file


def write_pbf(extract: Extract, file: Path) -> Path:
    """Write nodes, ways, and a multipolygon relation for every area with holes or several parts."""
    nodes: dict[tuple[float, float], int] = {}
    ways: list[mutable.Way] = []
    relations: list[mutable.Relation] = []

    def way(coordinates: Any, tags: dict[str, str]) -> int:
        refs = [nodes.setdefault((round(x, 7), round(y, 7)), len(nodes) + 1) for x, y in coordinates]
        ways.append(mutable.Way(id=len(ways) + 1, nodes=refs, tags=tags))
        return len(ways)

    for tags, shape in extract:
        if shape.geom_type == "LineString":
            way(shape.coords, tags)
            continue
        parts = list(shapely.get_parts(shape))
        if len(parts) == 1 and not parts[0].interiors:
            way(parts[0].exterior.coords, tags)
            continue
        members = []
        for part in parts:
            members.append(("w", way(part.exterior.coords, {}), "outer"))
            members += [("w", way(hole.coords, {}), "inner") for hole in part.interiors]
        number = len(relations) + 1
        whole = {**tags, "type": "multipolygon"}
        relations.append(mutable.Relation(id=number, members=members, tags=whole))
    with osmium.SimpleWriter(str(file)) as writer:
        for (lon, lat), number in nodes.items():
            writer.add_node(mutable.Node(id=number, location=(lon, lat)))
        for entry in ways:
            writer.add_way(entry)
        for entry in relations:
            writer.add_relation(entry)
    return file


def extract_of(scene: Scene) -> Extract:
    """What a mapper would have drawn of a generated city."""

    def earth(shape: Any) -> Any:
        return shapely.transform(shape, lambda c: np.stack(scene.frame.to_wgs84(*c.T)[::-1], axis=1))

    out: Extract = []
    cells = scene.block_of.astype(np.int32)
    cell = scene.block_cell_m
    for outline, block in raster_shapes(cells, transform=Affine(cell, 0, 0, 0, cell, 0)):
        tags = _LAND.get(LandUse(int(scene.block_use[int(block)])))
        if tags:
            smooth = shapely.geometry.shape(outline).buffer(-2).buffer(2).simplify(cell)
            if smooth.area > 50:
                out.append((tags, earth(smooth)))
    for river in scene.rivers:
        wet = shapely.LineString(river.points).buffer(river.half_width_m)
        out.append(({"natural": "water"}, earth(wet)))
    for rail in scene.rails:
        out.append(({"railway": "rail"}, earth(shapely.LineString(rail.points))))
    paths = scene.segments[scene.segments[:, SEG_KIND] == SegmentKind.PATH]
    for row in paths:
        line = shapely.LineString(row[SEG_X0 : SEG_X0 + 4].reshape(2, 2).astype(float))
        width = f"{2 * row[SEG_HALF_WIDTH]:.1f}"
        out.append(({"highway": "footway", "width": width}, earth(line)))
    for edge in scene.edges:
        tags = {"highway": _HIGHWAYS[edge.road_class], "width": f"{2 * edge.half_width_m:.1f}"}
        if edge.name and edge.road_class != RoadClass.ALLEY:
            tags["name"] = edge.name
        if len(edge.x) > 1:
            out.append((tags, earth(shapely.LineString(np.stack([edge.x, edge.y], axis=1)))))
    for row in scene.objects:
        if int(row[OBJ_KIND]) == ObjectKind.BUILDING and row[OBJ_Z0] == 0 and row[OBJ_HY] > 1.5:
            corners = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]]) * row[[OBJ_HX, OBJ_HY]]
            cos, sin = row[OBJ_COS], row[OBJ_SIN]
            turned = corners @ np.array([[cos, sin], [-sin, cos]]) + row[[OBJ_X, OBJ_Y]]
            out.append(({"building": "yes"}, earth(shapely.Polygon(turned.astype(float)))))
    return out
