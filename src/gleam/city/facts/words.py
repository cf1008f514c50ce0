"""Words for what the vectors say: colours, directions, kinds."""

from __future__ import annotations

import math

from gleam.city.scene import Ground, LandUse, RoadClass, Roof

ROAD_CLASS_NAMES = {
    RoadClass.ALLEY: "path",
    RoadClass.LOCAL: "local street",
    RoadClass.COLLECTOR: "collector road",
    RoadClass.ARTERIAL: "main road",
}
LAND_USE_NAMES = {
    LandUse.DOWNTOWN: "downtown",
    LandUse.OLD_TOWN: "old town",
    LandUse.SLABS: "apartment slabs",
    LandUse.DETACHED: "detached houses",
    LandUse.INDUSTRY: "industry",
    LandUse.PARK: "park",
    LandUse.SQUARE: "square",
    LandUse.PARKING: "parking",
    LandUse.SPORT: "sports ground",
    LandUse.CAMPUS: "campus",
}
ROOF_KIND_NAMES = {Roof.FLAT: "flat", Roof.GABLE: "gable", Roof.HIP: "hip"}
AREA_NAMES = {
    Ground.PARKING: "car park",
    Ground.SOCCER: "football pitch",
    Ground.TENNIS: "tennis court",
    Ground.TRACK: "running track",
    Ground.POOL: "swimming pool",
    Ground.SAND: "playground",
    Ground.BALL_COURT: "ball court",
}
ROOF_COLOURS = ("red", "brown", "dark grey", "grey", "light grey", "white", "green", "blue")
AXIS_NAMES = ("north-south", "north-east to south-west", "east-west", "north-west to south-east")
JUNCTION_KINDS = ("roundabout", "T-junction", "crossroads", "star junction")


def colour_name(red: float, green: float, blue: float) -> str:
    """Name a roof colour given as linear albedo."""
    most, least = max(red, green, blue), min(red, green, blue)
    if most - least < 0.06 or (most - least) / most < 0.18:
        mean = (red + green + blue) / 3
        if mean < 0.27:
            return "dark grey"
        if mean < 0.50:
            return "grey"
        return "light grey" if mean < 0.66 else "white"
    if red == most:
        return "red" if (red - green) / red > 0.42 else "brown"
    return "green" if green == most else "blue"


def bearing_of(dx: float, dy: float) -> float:
    """Return the bearing of an offset (east, north) in degrees clockwise from north, 0 <= b < 360."""
    return math.degrees(math.atan2(dx, dy)) % 360.0


def axis_name(axis_deg: float) -> str:
    """Name the axis of a line from its bearing; both directions give the same."""
    return AXIS_NAMES[round(axis_deg % 180.0 / 45.0) % 4]


def junction_kind(roads: int, roundabout: bool) -> str:
    """Name a junction by the number of roads that meet."""
    if roundabout:
        return "roundabout"
    return {3: "T-junction", 4: "crossroads"}.get(roads, "star junction")
