"""Positions as people write them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mgrs import MGRS
from pyproj import Transformer

from gleam.errors import GleamError
from gleam.geo import distance_m
from gleam.locating.coordinates import all_notations, decimal, dms, mgrs

LAT = st.floats(-90, 90)
LON = st.floats(-180, 180)


def read_dms(text):
    """Return (lat, lon) of degrees, minutes and seconds: the slow, obvious way."""
    out = []
    for part, signs in zip(text.split(" "), ("NS", "EW"), strict=True):
        degrees, minutes, seconds, letter = re.fullmatch(
            r"(\d+)°(\d\d)'(\d\d\.\d\d)\"([NSEW])", part
        ).groups()
        assert int(minutes) < 60 and float(seconds) < 60 and letter in signs
        value = int(degrees) + int(minutes) / 60 + float(seconds) / 3600
        out.append(-value if letter in "SW" else value)
    return tuple(out)


@given(LAT, LON)
def test_dms_reads_back_to_a_hundredth_of_a_second(lat, lon):
    back = read_dms(dms(lat, lon))
    assert distance_m(*back, lat, lon) < 0.25


@given(st.floats(-79.9, 83.9), LON)
def test_mgrs_reads_back_to_a_metre(lat, lon):
    text = mgrs(lat, lon)
    assert re.fullmatch(r"\d{1,2}[C-X][A-Z]{2}\d{10}", text)
    back = MGRS().toLatLon(text)
    assert distance_m(*back, lat, lon) < 1.5


@pytest.mark.parametrize(
    ("lat", "lon", "text"),
    [
        (48.208174, 16.373819, "48°12'29.43\"N 16°22'25.75\"E"),
        (-33.856784, -151.215297, "33°51'24.42\"S 151°12'55.07\"W"),
        (0.0, 0.0, "0°00'00.00\"N 0°00'00.00\"E"),
        (-1e-9, 59.9999999, "0°00'00.00\"N 60°00'00.00\"E"),
        (90.0, 180.0, "90°00'00.00\"N 180°00'00.00\"W"),
    ],
)
def test_known_positions(lat, lon, text):
    assert dms(lat, lon) == text


def test_all_at_once():
    told = all_notations(48.208174, 16.373819)
    assert told["decimal"] == decimal(48.208174, 16.373819) == "48.208174, 16.373819"
    east, north = Transformer.from_crs(4326, 32633).transform(48.208174, 16.373819)
    assert told["mgrs"] == f"33UXP{int(east % 1e5):05d}{int(north % 1e5):05d}"
    with pytest.raises(GleamError):
        dms(91.0, 0.0)
