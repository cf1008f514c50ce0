"""CV-Cities: a panorama and a satellite image at each of 223,736 places in 16 cities.

Layout: https://github.com/GaoShuang98/CVCities (``cvcities_base/dataset/cvcities.py``,
``calc_distance/calc_distance_cvcities.py``; BSD-3-Clause code). Each city has an ``img_info.csv`` without
header: name, longitude, latitude, city, satellite image, panorama. Counts per city and the training cities:
``train/train_cvcities.py``. Neither headings nor sizes on the ground are told.
"""

from __future__ import annotations

from gleam.places.importers.collecting import Collector
from gleam.places.importers.dataset import DataSet, Published
from gleam.places.importers.labels import comma_lines, relative_path
from gleam.views import View

TRAIN_CITIES = {
    "barcelona": 18_364,
    "captown": 10_586,
    "losangeles": 18_178,
    "maynila": 9_971,
    "melbourne": 18_247,
    "mexico": 19_805,
    "newyork": 19_996,
    "paris": 20_214,
    "santiago": 16_525,
    "tokyo": 11_068,
}
TEST_CITIES = {
    "london": 13_617,
    "rio": 13_165,
    "seattle": 13_654,
    "singapore": 5_564,
    "sydney": 3_940,
    "taipei": 10_842,
}
LIST = "img_info.csv"


def fill(found: Collector) -> None:
    """Collect the cities that are there."""
    for split, cities in (("train", TRAIN_CITIES), ("test", TEST_CITIES)):
        for city in cities:
            if LIST in found.files(city):
                _city(found, city, split)
            else:
                found.absent.append(f"the city {city}" if not found.has(city) else f"the file {city}/{LIST}")


def _city(found: Collector, city: str, split: str) -> None:
    for line in comma_lines(found.root / city / LIST, 6):
        lon, lat = line.number_at(1, "the longitude"), line.number_at(2, "the latitude")
        if not (abs(lat) <= 90 and abs(lon) <= 180):
            raise line.error(f"gives the position {lat:g}, {lon:g}, which is not on Earth")
        place = f"{city}/{line.fields[0]}"
        found.add(place, View.SATELLITE, _under(found, city, relative_path(line, 4)), split, lat=lat, lon=lon)
        found.add(
            place,
            View.PANORAMA,
            _under(found, city, relative_path(line, 5)),
            split,
            lat=lat,
            lon=lon,
            fov_deg=360.0,
        )


def _under(found: Collector, city: str, path: str) -> str:
    """Return the path under the root; a list may also be relative to the city that it lies in."""
    folder, _, name = path.rpartition("/")
    if name not in found.files(folder) and name in found.files(f"{city}/{folder}"):
        return f"{city}/{path}"
    return path


_TRAIN, _TEST = sum(TRAIN_CITIES.values()), sum(TEST_CITIES.values())

CVCITIES = DataSet(
    kind="cv-cities",
    title="CV-Cities",
    views=(View.SATELLITE, View.PANORAMA),
    home="https://github.com/GaoShuang98/CVCities",
    obtain="Download from https://huggingface.co/datasets/gaoshuang98/CV-Cities.",
    licence="see the data set's page; street-view and satellite images belong to their providers",
    layout="""
CITY/img_info.csv (name, longitude, latitude, city, satellite image, panorama; no header)
CITY/... (images where the list says, relative to the root or to CITY)
""",
    published=(
        Published("train", View.SATELLITE, _TRAIN, _TRAIN),
        Published("train", View.PANORAMA, _TRAIN, _TRAIN),
        Published("test", View.SATELLITE, _TEST, _TEST),
        Published("test", View.PANORAMA, _TEST, _TEST),
    ),
    fill=fill,
    note="Headings are not told with the set.",
)
