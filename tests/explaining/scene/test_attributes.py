"""Attributes of a place, read from its facts."""

import json
import math

import pytest

from gleam.city.facts import place_facts
from gleam.city.plan import make_scene
from gleam.errors import GleamError
from gleam.explaining.scene import ATTRIBUTE, ATTRIBUTES, attributes_of, seen_in
from gleam.views import View

EMPTY = {
    "junctions": [],
    "roads": [],
    "bridges": [],
    "water": [],
    "railways": [],
    "buildings": {"count": 0, "cover": 0.0},
    "trees": {"count": 0, "conifers": 0, "canopy": 0.0},
    "areas": [],
    "land_use": {},
}


def facts(**parts):
    return {**EMPTY, **parts}


def road(kind="local street", distance=1.0, axis=0.0, width=8.0, length=100.0):
    return {"class": kind, "distance_m": distance, "axis_deg": axis, "width_m": width, "length_m": length}


def test_an_empty_place_has_nothing_and_states_nothing_it_cannot_know():
    values = attributes_of(EMPTY)
    assert list(values) == [a.name for a in ATTRIBUTES]
    assert values["junction"] == values["water"] == values["railway"] == values["bridge"] == "none"
    assert values["buildings"] == values["trees"] == "few" and values["facility"] == "none"
    for name in ("street_axis", "road", "height", "roof_colour", "land_use"):
        assert values[name] is None


@pytest.mark.parametrize(
    ("part", "name", "value"),
    [
        ({"junctions": [{"kind": "T-junction", "distance_m": 5.0}]}, "junction", "t_junction"),
        ({"junctions": [{"kind": "crossroads", "distance_m": 24.0}]}, "junction", "crossroads"),
        ({"junctions": [{"kind": "crossroads", "distance_m": 30.0}]}, "junction", None),
        ({"junctions": [{"kind": "T-junction", "distance_m": 45.0}]}, "junction", "none"),
        ({"junctions": [{"kind": "star junction", "distance_m": 5.0}]}, "junction", None),
        (
            {
                "junctions": [
                    {"kind": "T-junction", "distance_m": 5.0},
                    {"kind": "crossroads", "distance_m": 9.0},
                ]
            },
            "junction",
            None,
        ),
        (
            {"junctions": [{"kind": "roundabout", "distance_m": 30.0, "radius_m": 14.0}]},
            "junction",
            "roundabout",
        ),
        (
            {"junctions": [{"kind": "roundabout", "distance_m": 47.0, "radius_m": 14.0}]},
            "junction",
            None,
        ),
        ({"roads": [road(axis=178.0)]}, "street_axis", "north_south"),
        ({"roads": [road(axis=92.0)]}, "street_axis", "east_west"),
        ({"roads": [road(axis=45.0)]}, "street_axis", "northeast_southwest"),
        ({"roads": [road(axis=135.0)]}, "street_axis", "northwest_southeast"),
        ({"roads": [road(axis=112.0)]}, "street_axis", None),
        ({"roads": [road(axis=90.0), road(axis=0.0, width=8.5)]}, "street_axis", None),
        ({"roads": [road(axis=90.0), road(axis=0.0, width=18.0)]}, "street_axis", "north_south"),
        ({"roads": [road()]}, "road", "local"),
        ({"roads": [road(), road("main road", distance=30.0)]}, "road", "main"),
        ({"roads": [road(), road("main road", distance=60.0)]}, "road", None),
        ({"water": [{"kind": "stream", "distance_m": 20.0}]}, "water", "river"),
        ({"water": [{"kind": "river", "distance_m": 60.0}]}, "water", None),
        ({"water": [{"kind": "fountain", "distance_m": 5.0}]}, "water", None),
        ({"water": [{"kind": "pond", "distance_m": 5.0}]}, "water", "pond"),
        ({"railways": [{"distance_m": 10.0}]}, "railway", "railway"),
        ({"railways": [{"distance_m": 55.0}]}, "railway", None),
        ({"bridges": [{"distance_m": 10.0}]}, "bridge", "bridge"),
        ({"buildings": {"count": 7}}, "buildings", None),
        ({"buildings": {"count": 12}}, "buildings", "several"),
        ({"buildings": {"count": 30}}, "buildings", "many"),
        ({"buildings": {"count": 3, "max_floors": 3}}, "height", "low"),
        ({"buildings": {"count": 3, "max_floors": 4}}, "height", None),
        ({"buildings": {"count": 3, "max_floors": 12}}, "height", "high"),
        (
            {"buildings": {"count": 3, "roof_colours": {"red": 0.4, "dark grey": 0.35, "grey": 0.25}}},
            "roof_colour",
            "grey",
        ),
        ({"buildings": {"count": 3, "roof_colours": {"red": 0.5, "brown": 0.4}}}, "roof_colour", None),
        ({"buildings": {"count": 3, "roof_colours": {"white": 0.8, "red": 0.2}}}, "roof_colour", "light"),
        ({"trees": {"canopy": 0.05}}, "trees", "some"),
        ({"trees": {"canopy": 0.067}}, "trees", None),
        ({"land_use": {"downtown": 0.9, "park": 0.1}}, "land_use", "downtown"),
        ({"land_use": {"downtown": 0.5, "industry": 0.5}}, "land_use", None),
        ({"land_use": {"parking": 1.0}}, "land_use", None),
        ({"areas": [{"kind": "tennis court", "distance_m": 20, "area_m2": 300}]}, "facility", "sports"),
        ({"areas": [{"kind": "swimming pool", "distance_m": 20, "area_m2": 9}]}, "facility", None),
        (
            {
                "areas": [
                    {"kind": "swimming pool", "distance_m": 20, "area_m2": 30},
                    {"kind": "car park", "distance_m": 30, "area_m2": 900},
                ]
            },
            "facility",
            None,
        ),
    ],
)
def test_a_value_is_read_where_the_facts_decide_and_none_where_they_do_not(part, name, value):
    assert attributes_of(facts(**part))[name] == value


def test_the_facts_of_a_city_give_values_of_the_closed_sets_and_survive_json():
    scene = make_scene(3, 900.0)
    seen: dict[str, set[str]] = {}
    for x in range(150, 800, 65):
        for y in range(150, 800, 65):
            told = place_facts(scene, x, y)
            values = attributes_of(told)
            assert values == attributes_of(json.loads(json.dumps(told)))
            for name, value in values.items():
                assert value is None or value in ATTRIBUTE[name].values
                seen.setdefault(name, set()).add(str(value))
    # Every attribute can be undecided or tell places apart; none is the same everywhere.
    assert all(len(values) >= 2 for values in seen.values())
    told = [math.log2(len(v - {"None"}) or 1) for v in seen.values()]
    assert sum(told) > 8, "the attributes together tell many places apart"


def test_a_view_hides_what_it_cannot_show():
    values = {a.name: a.values[-1] for a in ATTRIBUTES}
    assert seen_in(values, View.SATELLITE) == values
    assert seen_in(values, View.MAP)["roof_colour"] is None
    assert seen_in(values, View.GROUND)["road"] == "main"
    assert seen_in(values, View.GROUND)["railway"] is None


@pytest.mark.parametrize("broken", [{}, {**EMPTY, "trees": None}, {**EMPTY, "water": [{}]}])
def test_broken_facts_are_refused_in_one_sentence(broken):
    with pytest.raises(GleamError, match="facts of a place cannot be read"):
        attributes_of(broken)
