"""Facts as one flat row of a table."""

from __future__ import annotations

import json
from typing import Any

from gleam.city.facts.words import AREA_NAMES, JUNCTION_KINDS, LAND_USE_NAMES, ROOF_COLOURS, ROOF_KIND_NAMES


def facts_row(facts: dict[str, Any]) -> dict[str, Any]:
    """Flatten the result of :func:`place_facts` into columns of fixed names and types.

    Counts are int, shares and metres float; what does not exist nearby is None. ``streets`` is a list of
    names, nearest first. ``facts`` holds the whole nested statement as JSON.
    """
    row: dict[str, Any] = {"half_m": facts["half_m"]}
    row |= _junction_columns(facts["junctions"])
    row |= _road_columns(facts["roads"], facts["bridges"])
    for column, fact in (("water", _first(facts["water"])), ("railway", _first(facts["railways"]))):
        if column == "water":
            row["water_kind"] = fact.get("kind")
        row[f"{column}_distance_m"] = fact.get("distance_m")
        row[f"{column}_bearing_deg"] = fact.get("bearing_deg")
    row |= _building_columns(facts["buildings"])
    row["trees_count"] = facts["trees"]["count"]
    row["trees_conifers"] = facts["trees"]["conifers"]
    row["trees_canopy"] = float(facts["trees"]["canopy"])
    for name in AREA_NAMES.values():
        row[f"areas_{_column(name)}"] = sum(area["kind"] == name for area in facts["areas"])
    for name in LAND_USE_NAMES.values():
        row[f"land_use_{_column(name)}"] = float(facts["land_use"].get(name, 0.0))
    row["facts"] = json.dumps(facts, ensure_ascii=False, separators=(",", ":"))
    return row


def _column(name: str) -> str:
    return name.lower().replace(" ", "_").replace("-", "_")


def _first(facts: list[dict[str, Any]]) -> dict[str, Any]:
    return facts[0] if facts else {}


def _junction_columns(junctions: list[dict[str, Any]]) -> dict[str, Any]:
    nearest = _first(junctions)
    roundabout = _first([j for j in junctions if j["kind"] == "roundabout"])
    columns: dict[str, Any] = {"junctions_count": len(junctions)}
    for kind in JUNCTION_KINDS:
        columns[f"junctions_{_column(kind)}"] = sum(j["kind"] == kind for j in junctions)
    for name, fact in (("junction", nearest), ("roundabout", roundabout)):
        columns[f"{name}_distance_m"] = fact.get("distance_m")
        columns[f"{name}_bearing_deg"] = fact.get("bearing_deg")
    columns["junction_kind"] = nearest.get("kind")
    columns["junction_roads"] = nearest.get("roads")
    return columns


def _road_columns(roads: list[dict[str, Any]], bridges: list[dict[str, Any]]) -> dict[str, Any]:
    street, bridge = _first(roads), _first(bridges)
    return {
        "street_name": street.get("name"),
        "street_class": street.get("class"),
        "street_axis": street.get("axis"),
        "street_axis_deg": street.get("axis_deg"),
        "streets": [road["name"] for road in roads],
        "bridges_count": len(bridges),
        "bridge_distance_m": bridge.get("distance_m"),
        "bridge_bearing_deg": bridge.get("bearing_deg"),
    }


def _building_columns(buildings: dict[str, Any]) -> dict[str, Any]:
    columns: dict[str, Any] = {
        "buildings_count": buildings["count"],
        "buildings_cover": float(buildings["cover"]),
    }
    for name in ("mean_floors", "max_floors", "mean_height_m", "max_height_m"):
        columns[f"buildings_{name}"] = buildings.get(name)
    for name in ROOF_COLOURS:
        columns[f"roofs_{_column(name)}"] = float(buildings.get("roof_colours", {}).get(name, 0.0))
    for name in ROOF_KIND_NAMES.values():
        columns[f"roofs_{name}"] = float(buildings.get("roof_kinds", {}).get(name, 0.0))
    for which in ("tallest", "largest"):
        fact = buildings.get(which, {})
        for name in ("distance_m", "bearing_deg", "floors", "height_m", "footprint_m2", "roof_colour"):
            columns[f"{which}_{name}"] = fact.get(name)
    return columns
