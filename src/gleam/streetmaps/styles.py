"""The looks of a street map as data: colours, and what is drawn. The city and real maps share them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

(
    LAND,
    PARK,
    WATER,
    BUILDING,
    OUTLINE,
    LOCAL,
    COLLECTOR,
    ARTERIAL,
    CASING,
    PATH,
    PARKING,
    SPORT,
    RAIL,
    INDUSTRY,
    COMMERCE,
) = range(15)
"""What a point of a map shows; rows of :meth:`MapStyle.palette`."""


@dataclass(frozen=True)
class MapStyle:
    """One look of a street map.

    Colours are ``#rrggbb``. casing_m: width of the line beside a road, metres. wide_roads: roads
    cover their sidewalks. buildings: whether buildings are drawn.
    """

    land: str
    park: str
    water: str
    building: str
    outline: str
    local: str
    collector: str
    arterial: str
    casing: str
    path: str
    parking: str
    sport: str
    rail: str
    industry: str
    commerce: str
    text: str
    halo: str
    casing_m: float = 0.7
    wide_roads: bool = False
    buildings: bool = True

    def palette(self) -> NDArray[np.float32]:
        """Return the colours (15, 3), 0 to 255, in the order of the classes above."""
        names = "land park water building outline local collector arterial casing path parking sport rail"
        fields = [*names.split(), "industry", "commerce"]
        return np.array([rgb(getattr(self, name)) for name in fields], np.float32)


def rgb(colour: str) -> tuple[int, int, int]:
    """Return the channels of ``#rrggbb``."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


STYLES: dict[str, MapStyle] = {
    "daylight": MapStyle(
        land="#f2f1ef", park="#c3ecb2", water="#9bbff4", building="#e3e1de", outline="#cfcdc9",
        local="#ffffff", collector="#ffffff", arterial="#fde293", casing="#d9d7d3", path="#e0e8d4",
        parking="#eae7e1", sport="#b0e0a0", rail="#bdbcba", industry="#eae9e6", commerce="#fbf3e2",
        text="#5f6368", halo="#ffffff",
    ),
    "slate": MapStyle(
        land="#f5f3f3", park="#d3f8e2", water="#90daee", building="#e4e6eb", outline="#d3d6dd",
        local="#d8e0e7", collector="#c9d3dd", arterial="#aab9c9", casing="#bcc7d2", path="#e2efe8",
        parking="#e9edf0", sport="#bdeccf", rail="#a9adb5", industry="#ececee", commerce="#f7f2ea",
        text="#46556a", halo="#f8fafb", casing_m=0.4, wide_roads=True,
    ),
    "survey": MapStyle(
        land="#f2efe9", park="#c8facc", water="#aad3df", building="#d9d0c9", outline="#b9aca0",
        local="#ffffff", collector="#f7fabf", arterial="#fcd6a4", casing="#b5b1a9", path="#f4b9ae",
        parking="#eeeeee", sport="#aae0cb", rail="#8c8c8c", industry="#ebdbe8", commerce="#f2dad9",
        text="#3c3c3c", halo="#ffffff", casing_m=0.6,
    ),
    "night": MapStyle(
        land="#22262e", park="#243a31", water="#14304d", building="#2e333d", outline="#3b414d",
        local="#454c59", collector="#525b6b", arterial="#6e6247", casing="#181b21", path="#364139",
        parking="#2a2f38", sport="#28463a", rail="#5a5f6a", industry="#282b33", commerce="#2d2a30",
        text="#aeb6c4", halo="#1b1e24", casing_m=0.6,
    ),
    "parchment": MapStyle(
        land="#f3e8cf", park="#d5d9a4", water="#a9c6c0", building="#d8b48c", outline="#a98258",
        local="#fbf6e8", collector="#f6e3ae", arterial="#e5b36c", casing="#c0a57c", path="#c9a877",
        parking="#ece0c6", sport="#c3cf96", rail="#6f5c46", industry="#e4d3bb", commerce="#eed7b8",
        text="#5a452c", halo="#f8f0dc", casing_m=0.5,
    ),
    "plain": MapStyle(
        land="#ffffff", park="#e2e2e2", water="#b4c3cc", building="#c4c4c4", outline="#9a9a9a",
        local="#f0f0f0", collector="#dcdcdc", arterial="#b9b9b9", casing="#8f8f8f", path="#d0d0d0",
        parking="#ececec", sport="#d6d6d6", rail="#5c5c5c", industry="#f4f4f4", commerce="#fafafa",
        text="#222222", halo="#ffffff", casing_m=0.8, wide_roads=True,
    ),
}  # fmt: skip
"""All styles by name."""
