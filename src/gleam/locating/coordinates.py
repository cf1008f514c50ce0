"""Positions as people write them: decimal degrees; degrees, minutes and seconds; MGRS."""

from __future__ import annotations

from gleam.errors import GleamError
from gleam.geo import check_lat_lon, wrap_lon

SECOND_DECIMALS = 2
"""Of seconds of arc: a third of a metre."""
MGRS_DIGITS = 5
"""Of each of easting and northing: metres."""


def decimal(lat: float, lon: float) -> str:
    """Return ``48.208174, 16.373819``: degrees, latitude first, to a tenth of a metre."""
    check_lat_lon(lat, lon, "position")
    return f"{lat:.6f}, {lon:.6f}"


def dms(lat: float, lon: float) -> str:
    """Return ``48°12'29.43"N 16°22'25.75"E``: degrees, minutes and seconds, latitude first."""
    check_lat_lon(lat, lon, "position")
    return f"{_dms(lat, 'NS')} {_dms(wrap_lon(lon), 'EW')}"


def mgrs(lat: float, lon: float) -> str:
    """Return ``33UXP0202741056``: the Military Grid Reference System to one metre, UPS near the poles.

    Raises:
        GleamError: The library for it is not installed.
    """
    check_lat_lon(lat, lon, "position")
    try:
        from mgrs import MGRS
    except ImportError:
        raise GleamError("MGRS needs the package mgrs; run: pip install 'gleam-geo[serve]'.") from None
    text: str = MGRS().toMGRS(lat, wrap_lon(lon), MGRSPrecision=MGRS_DIGITS)
    return text


def all_notations(lat: float, lon: float) -> dict[str, str]:
    """Return the position in every notation by its name: ``decimal``, ``dms``, ``mgrs``.

    Raises:
        GleamError: The library for MGRS is not installed.
    """
    return {"decimal": decimal(lat, lon), "dms": dms(lat, lon), "mgrs": mgrs(lat, lon)}


def _dms(degrees: float, signs: str) -> str:
    # In whole hundredths of a second, so that rounding carries over into minutes and degrees.
    scale = 10**SECOND_DECIMALS
    total = round(abs(degrees) * 3600 * scale)
    minutes, rest = divmod(total, 60 * scale)
    whole, minutes = divmod(minutes, 60)
    sign = signs[1] if degrees < 0 and total else signs[0]
    return f"{whole}°{minutes:02d}'{rest / scale:0{3 + SECOND_DECIMALS}.{SECOND_DECIMALS}f}\"{sign}"
