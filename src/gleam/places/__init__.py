"""The places table: one row per image, the same for public data sets, the city and own folders."""

from gleam.places.table import PlaceImage, Places

__all__ = ["PlaceImage", "Places"]
