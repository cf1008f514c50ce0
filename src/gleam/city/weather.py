"""Weather of one shot: date, sun, clouds, snow, leaves, and which cars stand where."""

from __future__ import annotations

import datetime
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gleam.views import View

# Columns of the array that compiled code reads.
W_SUN_X, W_SUN_Y, W_SUN_Z, W_SUN, W_AMBIENT, W_HAZE = range(6)
W_HORIZON_R, W_HORIZON_G, W_HORIZON_B = 6, 7, 8
W_GRASS_R, W_GRASS_G, W_GRASS_B = 9, 10, 11
W_LEAF_R, W_LEAF_G, W_LEAF_B = 12, 13, 14
W_LEAF_GAP, W_LEAF_TURN, W_SEED = 15, 16, 17
W_STREET_CARS, W_LOT_CARS, W_TRAFFIC = 18, 19, 20
W_CLOUDS, W_ZENITH, W_SNOW, W_WET = 21, 22, 23, 24
W_SUN_R, W_SUN_G, W_SUN_B = 25, 26, 27
W_CLEAR_X, W_CLEAR_Y = 28, 29
W_COLUMNS = 30

Colour = tuple[float, float, float]
SEASONS = ("winter", "spring", "summer", "autumn")
_GRASS: dict[str, Colour] = {
    "winter": (0.150, 0.140, 0.080),
    "spring": (0.105, 0.185, 0.045),
    "summer": (0.100, 0.150, 0.045),
    "autumn": (0.150, 0.145, 0.060),
}
_DRY_GRASS: Colour = (0.20, 0.18, 0.08)
_LEAF: dict[str, Colour] = {
    "winter": (0.130, 0.105, 0.080),
    "spring": (0.090, 0.155, 0.040),
    "summer": (0.055, 0.105, 0.032),
    "autumn": (0.260, 0.140, 0.035),
}
_LEAF_GAP = {"winter": 0.56, "spring": 0.33, "summer": 0.28, "autumn": 0.36}
_LEAF_TURN = {"winter": 1.0, "spring": 0.2, "summer": 0.0, "autumn": 0.15}
_HAZE_PER_M = {
    View.SATELLITE: (0.0, 0.0002),
    View.DRONE: (0.0001, 0.0011),
    View.PANORAMA: (0.0004, 0.003),
    View.GROUND: (0.0004, 0.003),
    View.MAP: (0.0, 0.0),
}
_LOWEST_SUN_DEG = 17.0


@dataclass(frozen=True)
class Weather:
    """Everything about a shot that is not the city and not the camera.

    Angles in degrees, azimuth clockwise from north; ``haze`` per metre; light and albedo linear.
    ``leaf_gap`` is the share of a crown one sees through, ``leaf_turn`` how far all trees share the
    season's colour. ``car_seed`` with the three occupancies decides which cars are there.
    """

    date: datetime.date
    season: str
    sun_azimuth_deg: float
    sun_elevation_deg: float
    overcast: bool
    clouds: float
    sun: float
    ambient: float
    sun_colour: Colour
    horizon: Colour
    zenith: float
    haze: float
    snow: float
    wet: float
    grass: Colour
    leaf: Colour
    leaf_gap: float
    leaf_turn: float
    car_seed: float
    street_cars: float
    lot_cars: float
    traffic: float

    def array(self, clear_of_cars: tuple[float, float] | None = None) -> NDArray[np.float64]:
        """Pack for compiled code; no car stands within 5.5 m of ``clear_of_cars`` (local metres)."""
        out = np.zeros(W_COLUMNS)
        azimuth, elevation = math.radians(self.sun_azimuth_deg), math.radians(self.sun_elevation_deg)
        out[W_SUN_X] = math.cos(elevation) * math.sin(azimuth)
        out[W_SUN_Y] = math.cos(elevation) * math.cos(azimuth)
        out[W_SUN_Z] = math.sin(elevation)
        out[W_SUN], out[W_AMBIENT], out[W_HAZE] = self.sun, self.ambient, self.haze
        out[W_HORIZON_R : W_HORIZON_B + 1] = self.horizon
        out[W_GRASS_R : W_GRASS_B + 1] = self.grass
        out[W_LEAF_R : W_LEAF_B + 1] = self.leaf
        out[W_LEAF_GAP], out[W_LEAF_TURN], out[W_SEED] = self.leaf_gap, self.leaf_turn, self.car_seed
        out[W_STREET_CARS], out[W_LOT_CARS], out[W_TRAFFIC] = self.street_cars, self.lot_cars, self.traffic
        out[W_CLOUDS], out[W_ZENITH], out[W_SNOW], out[W_WET] = self.clouds, self.zenith, self.snow, self.wet
        out[W_SUN_R : W_SUN_B + 1] = self.sun_colour
        out[W_CLEAR_X], out[W_CLEAR_Y] = clear_of_cars or (-1e4, -1e4)
        return out

    def facts(self) -> dict[str, str | float | bool]:
        """What a person would say about the weather."""
        return {
            "date": self.date.isoformat(),
            "season": self.season,
            "overcast": self.overcast,
            "snow": self.snow > 0.0,
            "wet": self.wet > 0.0,
            "sun_azimuth_deg": round(self.sun_azimuth_deg, 1),
            "sun_elevation_deg": round(self.sun_elevation_deg, 1),
        }


def sun_position(date: datetime.date, solar_hour: float, latitude_deg: float) -> tuple[float, float]:
    """Return (azimuth, elevation) of the sun in degrees; ``solar_hour`` 12 is when it stands highest.

    Declination by Cooper's formula (Solar Energy 12, 1969), good to about half a degree.
    """
    day = date.timetuple().tm_yday
    declination = math.radians(23.45 * math.sin(math.radians(360.0 * (284 + day) / 365.0)))
    latitude, hour_angle = math.radians(latitude_deg), math.radians(15.0 * (solar_hour - 12.0))
    east = -math.cos(declination) * math.sin(hour_angle)
    north = math.cos(latitude) * math.sin(declination)
    north -= math.sin(latitude) * math.cos(declination) * math.cos(hour_angle)
    up = math.sin(latitude) * math.sin(declination)
    up += math.cos(latitude) * math.cos(declination) * math.cos(hour_angle)
    return math.degrees(math.atan2(east, north)) % 360.0, math.degrees(math.asin(max(-1.0, min(1.0, up))))


def season_of(date: datetime.date, latitude_deg: float) -> str:
    """Return the meteorological season of a date on that side of the equator."""
    quarter = (date.month % 12) // 3
    return SEASONS[quarter if latitude_deg >= 0 else (quarter + 2) % 4]


def sample_weather(rng: np.random.Generator, view: View, *, latitude_deg: float = 48.0) -> Weather:
    """Draw the weather of one shot; aerial views are flown on clear days more often.

    The sun stands where astronomy puts it at the drawn date and time of day.
    """
    date = datetime.date(2021, 1, 1) + datetime.timedelta(days=int(rng.integers(0, 4 * 365)))
    for _ in range(24):
        azimuth, elevation = sun_position(date, float(rng.uniform(8.0, 16.5)), latitude_deg)
        if elevation >= _LOWEST_SUN_DEG:
            break
    else:  # short days of high latitudes: noon, lifted so that shadows stay within bounds
        azimuth, elevation = sun_position(date, 12.0, latitude_deg)
        elevation = max(elevation, _LOWEST_SUN_DEG)
    season = season_of(date, latitude_deg)
    overcast = bool(rng.random() < (0.12 if view is View.SATELLITE else 0.28))
    warm = float(rng.uniform(0, 1)) * (1.2 - math.sin(math.radians(elevation)))
    horizon: Colour
    if overcast:
        grey = float(rng.uniform(0.85, 1.1))
        horizon = (0.66 * grey, 0.68 * grey, 0.72 * grey)
        sun, ambient = 0.0, float(rng.uniform(1.3, 1.65))
        clouds, zenith, wet = 1.1, 0.9, float(rng.random() < 0.5)
    else:
        blue = float(rng.uniform(0.88, 1.05))
        horizon = (0.62 * blue + 0.10 * warm, 0.72 * blue + 0.02 * warm, 0.86 * blue - 0.08 * warm)
        sun, ambient = float(rng.uniform(2.0, 2.7)), float(rng.uniform(0.6, 0.9))
        clouds, zenith, wet = float(rng.uniform(0.0, 0.75)), float(rng.uniform(0.85, 1.1)), 0.0
    grass = _GRASS[season]
    if season == "summer" and rng.random() < 0.3:
        grass = _DRY_GRASS
    snow = float(rng.uniform(0.4, 0.9)) if season == "winter" and rng.random() < 0.25 else 0.0
    return Weather(
        date=date,
        season=season,
        sun_azimuth_deg=azimuth,
        sun_elevation_deg=elevation,
        overcast=overcast,
        clouds=clouds,
        sun=sun,
        ambient=ambient,
        sun_colour=(1.06 + 0.08 * warm, 1.0, 0.90 - 0.2 * warm),
        horizon=horizon,
        zenith=zenith,
        haze=float(rng.uniform(*_HAZE_PER_M[view])),
        snow=snow,
        wet=wet,
        grass=_scaled(grass, float(rng.uniform(0.8, 1.25))),
        leaf=_scaled(_LEAF[season], float(rng.uniform(0.85, 1.2))),
        leaf_gap=_LEAF_GAP[season] + float(rng.uniform(-0.03, 0.03)),
        leaf_turn=_LEAF_TURN[season],
        car_seed=float(rng.random()),
        street_cars=float(rng.uniform(0.25, 0.8)),
        lot_cars=float(rng.uniform(0.15, 0.8)),
        traffic=float(rng.uniform(0.02, 0.25)),
    )


def _scaled(colour: Colour, factor: float) -> Colour:
    return colour[0] * factor, colour[1] * factor, colour[2] * factor
