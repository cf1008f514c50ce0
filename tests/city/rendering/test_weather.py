"""Weather: the sun where astronomy has it, seasons, and every view of a place on another day."""

import datetime

import numpy as np
import pytest

from gleam.city.weather import W_COLUMNS, W_SUN_X, W_SUN_Z, sample_weather, season_of, sun_position
from gleam.views import View

SOLSTICE, EQUINOX = datetime.date(2022, 6, 21), datetime.date(2022, 3, 21)


def test_the_sun_at_noon_stands_as_high_as_the_latitude_says():
    assert sun_position(EQUINOX, 12.0, 48.0) == pytest.approx((180.0, 42.0), abs=1.0)
    assert sun_position(SOLSTICE, 12.0, 48.0) == pytest.approx((180.0, 65.4), abs=1.0)
    azimuth, elevation = sun_position(datetime.date(2022, 12, 21), 12.0, -30.0)
    assert elevation == pytest.approx(83.4, abs=1.0) and min(azimuth, 360 - azimuth) < 5.0


def test_the_sun_rises_in_the_east_and_sets_in_the_west():
    morning, evening = sun_position(EQUINOX, 7.0, 48.0), sun_position(EQUINOX, 17.0, 48.0)
    assert 90.0 < morning[0] < 130.0 and 230.0 < evening[0] < 270.0
    assert morning[1] == pytest.approx(evening[1], abs=1e-6) and morning[1] > 0.0


def test_seasons_turn_round_south_of_the_equator():
    assert season_of(datetime.date(2022, 1, 10), 48.0) == "winter"
    assert season_of(datetime.date(2022, 1, 10), -33.0) == "summer"
    assert season_of(datetime.date(2022, 10, 1), 48.0) == "autumn"


@pytest.mark.parametrize("latitude", [-55.0, -10.0, 0.0, 48.0, 67.0])
@pytest.mark.parametrize("view", list(View))
def test_samples_are_within_bounds(view, latitude):
    for seed in range(60):
        weather = sample_weather(np.random.default_rng(seed), view, latitude_deg=latitude)
        assert 16.9 <= weather.sun_elevation_deg <= 90.0 and 0.0 <= weather.sun_azimuth_deg <= 360.0
        assert weather.season == season_of(weather.date, latitude)
        assert (weather.snow > 0.0) <= (weather.season == "winter")
        assert (weather.sun == 0.0) == weather.overcast
        packed = weather.array()
        assert packed.shape == (W_COLUMNS,) and np.isfinite(packed).all()
        assert np.linalg.norm(packed[W_SUN_X : W_SUN_Z + 1]) == pytest.approx(1.0)
        assert set(weather.facts()) >= {"date", "season", "overcast", "snow", "sun_azimuth_deg"}


def test_weather_is_a_function_of_the_generator():
    one, two = (sample_weather(np.random.default_rng([3, 1]), View.DRONE) for _ in range(2))
    assert one == two


def test_the_views_of_a_place_see_different_days_and_cars():
    shots = [sample_weather(np.random.default_rng([3, v]), view) for v, view in enumerate(View)]
    assert len({w.date for w in shots}) == len(shots)
    assert len({w.car_seed for w in shots}) == len(shots)
    assert len({(w.sun_azimuth_deg, w.sun_elevation_deg) for w in shots}) == len(shots)


def test_all_seasons_and_skies_occur():
    drawn = [sample_weather(np.random.default_rng(s), View.GROUND) for s in range(300)]
    assert {w.season for w in drawn} == {"winter", "spring", "summer", "autumn"}
    assert 0.15 < np.mean([w.overcast for w in drawn]) < 0.45
    assert any(w.snow > 0 for w in drawn) and any(w.wet > 0 for w in drawn)
