"""Where things are drawn, how wide, in which colours; against plain references."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from gleam.errors import GleamError
from gleam.geo import offset
from gleam.streetmaps.drawing import Tile, draw_tile, style_named
from gleam.streetmaps.features import Feature, Features
from gleam.streetmaps.names import has_letters, street_names
from gleam.streetmaps.plane import Plane
from gleam.streetmaps.styles import STYLES, rgb
from gleam.streetmaps.tags import COASTLINE, area_look, line_look

LAT, LON = 47.35, 8.55
DEJAVU = Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")
DAYLIGHT = STYLES["daylight"]


def degrees(points):
    """Positions of points in metres east and north of the centre, by geodesics."""
    return [offset(LAT, LON, float(x), float(y))[::-1] for x, y in points]


def line(points, **tags):
    return Feature(shapely.LineString(degrees(points)), line_look(tags), tags.get("name", ""))


def area(points, holes=(), **tags):
    return Feature(shapely.Polygon(degrees(points), [degrees(h) for h in holes]), area_look(tags))


def square(half, x=0.0, y=0.0):
    return [(x - half, y - half), (x + half, y - half), (x + half, y + half), (x - half, y + half)]


def drawn(features, width_m=128.0, pixels=128, style="daylight", **more):
    return draw_tile(Features(features, "test"), Tile(LAT, LON, width_m, pixels), style_named(style), **more)[
        0
    ]


def centres(width_m, pixels):
    """Metres east and north of the middle of every pixel."""
    along = (np.arange(pixels) + 0.5) * width_m / pixels - width_m / 2
    return np.meshgrid(along, -along)


def is_colour(picture, colour):
    return (np.abs(picture.astype(int) - np.array(rgb(colour))) <= 2).all(axis=2)


def distance_to(points, x, y):
    """Distance of every pixel from a polyline, segment by segment."""
    best = np.full(x.shape, np.inf)
    for (x0, y0), (x1, y1) in pairwise(points):
        dx, dy = x1 - x0, y1 - y0
        along = np.clip(((x - x0) * dx + (y - y0) * dy) / (dx * dx + dy * dy), 0, 1)
        best = np.minimum(best, np.hypot(x - x0 - along * dx, y - y0 - along * dy))
    return best


@pytest.mark.parametrize(
    ("width", "pixels", "width_m"), [(8.0, 128, 128.0), (14.0, 200, 128.0), (5.0, 256, 90.0)]
)
def test_road_pixels_are_those_near_the_line(width, pixels, width_m):
    points = [(-90, -35), (-10, 12), (25, 12), (80, 70)]
    picture = drawn([line(points, highway="primary", width=str(width))], width_m, pixels)
    x, y = centres(width_m, pixels)
    away, pixel = distance_to(points, x, y), width_m / pixels
    road, land = is_colour(picture, DAYLIGHT.arterial), is_colour(picture, DAYLIGHT.land)
    assert road[away < width / 2 - pixel].all()
    assert not road[away > width / 2 + pixel].any()
    assert land[away > width / 2 + 0.7 + 1.5 * pixel].all()
    # What lies between is the casing, mixed at the edges.
    between = (away > width / 2 + 0.4 * pixel) & (away < width / 2 + 0.7)
    assert not road[between].any() and not land[between].any()


def test_edges_are_smooth():
    picture = drawn([line([(-80, -37), (80, 43.7)], highway="primary")])
    colours = {tuple(pixel) for pixel in picture.reshape(-1, 3)}
    assert len(colours) > 8


def test_buildings_keep_their_courtyards_and_have_an_outline():
    picture = drawn([area(square(30), holes=[square(12)], building="yes")], 100.0, 200)
    x, y = centres(100.0, 200)
    reach = np.maximum(np.abs(x), np.abs(y))
    walls, yard = is_colour(picture, DAYLIGHT.building), is_colour(picture, DAYLIGHT.land)
    assert walls[(reach > 14) & (reach < 28)].all()
    assert yard[reach < 11].all() and yard[reach > 31].all()
    assert is_colour(picture, DAYLIGHT.outline)[(reach > 29.6) & (reach < 29.8)].mean() > 0.2


def test_small_areas_lie_on_large_ones_and_roads_on_all():
    features = [
        line([(-64, 0), (64, 0)], highway="residential", width="6"),
        area(square(8, y=20), leisure="pitch"),
        area(square(40), leisure="park"),
        area(square(6, y=-20), natural="water"),
    ]
    picture = drawn(features)
    assert is_colour(picture, DAYLIGHT.local)[64, 10]
    assert is_colour(picture, DAYLIGHT.sport)[44, 64]
    assert is_colour(picture, DAYLIGHT.water)[84, 64]
    assert is_colour(picture, DAYLIGHT.park)[84, 40]
    assert is_colour(picture, DAYLIGHT.land)[5, 5]


@pytest.mark.parametrize("style", sorted(STYLES))
def test_every_style_draws_in_its_own_colours(style):
    look = STYLES[style]
    features = [area(square(20), natural="water"), line([(-64, 50), (64, 50)], highway="primary", width="8")]
    picture = drawn(features, style=style)
    assert is_colour(picture, look.water)[64, 64]
    assert is_colour(picture, look.arterial)[14, 64]
    assert is_colour(picture, look.land)[120, 120]


def test_unknown_styles_list_the_choices():
    with pytest.raises(GleamError, match="Did you mean 'daylight'"):
        style_named("daylite")


def test_roads_do_not_vanish_at_small_scales():
    picture = drawn([line([(-900, 300), (900, 300)], highway="residential")], 2000.0, 200)
    column = is_colour(picture, DAYLIGHT.land)[:, 100]
    assert not column[69:72].all()


def test_neighbouring_tiles_fit_together():
    points = [(-100, -35), (0, 12), (90, 40)]
    features = Features(
        [line(points, highway="tertiary", name="Long Lane"), area(square(30, x=5), landuse="forest")], "test"
    )
    names = street_names(features)
    halves = []
    for x in (-32.0, 32.0):
        lat, lon = offset(LAT, LON, x, 0.0)
        halves.append(draw_tile(features, Tile(lat, lon, 64.0, 64), DAYLIGHT, names)[0])
    whole = draw_tile(features, Tile(LAT, LON, 128.0, 128), DAYLIGHT, None)[0]
    both = np.concatenate(halves, axis=1).astype(int)
    plain = np.abs(both - whole[32:96].astype(int)).max(axis=2) <= 40
    # The name, which the whole lacks here, and rounding at edges are all that differs.
    assert plain.mean() > 0.9


def test_tags_become_looks():
    assert line_look({"highway": "primary", "lanes": "4"}).width_m == pytest.approx(12.8)
    assert line_look({"highway": "residential", "width": "20 ft"}).width_m == pytest.approx(6.096)
    assert line_look({"highway": "residential", "width": "wide"}).width_m == 6.5
    assert line_look({"highway": "primary", "tunnel": "yes"}) is None
    assert line_look({"highway": "proposed"}) is None
    assert line_look({"natural": "coastline"}) is COASTLINE
    assert area_look({"building": "no", "leisure": "park"}).shows == area_look({"landuse": "grass"}).shows
    assert area_look({"highway": "pedestrian"}) is None
    assert area_look({"highway": "pedestrian", "area": "yes"}) is not None
    assert area_look({"name": "nothing to see"}) is None


def coast(points):
    return Feature(shapely.LineString(degrees(points)), COASTLINE)


def test_the_sea_lies_on_the_right_of_the_coast():
    picture = drawn([coast([(200, -20), (0, 5), (-200, -20)])])
    x, y = centres(128.0, 128)
    shore = 5 - 25 * np.abs(x) / 200
    sea, land = is_colour(picture, DAYLIGHT.water), is_colour(picture, DAYLIGHT.land)
    assert sea[y > shore + 1.5].all()
    assert land[y < shore - 1.5].all()


def test_islands_and_tiles_without_a_coast():
    island = coast([*square(30), square(30)[0]])
    picture = drawn([island])
    x, y = centres(128.0, 128)
    reach = np.maximum(np.abs(x), np.abs(y))
    assert is_colour(picture, DAYLIGHT.land)[reach < 28].all()
    assert is_colour(picture, DAYLIGHT.water)[reach > 32].all()
    far_north = coast([(500, 300), (-500, 300)])
    assert is_colour(drawn([far_north]), DAYLIGHT.land).all()
    far_south = coast([(500, -300), (-500, -300)])
    assert is_colour(drawn([far_south]), DAYLIGHT.water).all()


def test_names_stand_on_their_street_and_only_when_asked_for():
    features = Features(
        [
            line([(-200, 5), (0, 5)], highway="residential", width="10", name="Queen Lane"),
            line([(0, 5), (200, 5)], highway="residential", width="10", name="Queen Lane"),
        ],
        "test",
    )
    names = street_names(features)
    assert len(names.lon) == 1, "the two pieces are one street"
    tile = Tile(LAT, LON, 128.0, 256)
    without, written = (draw_tile(features, tile, DAYLIGHT, n)[0] for n in (None, names))
    changed = np.argwhere((without != written).any(axis=2))
    rows = 128.0 - 5 * 2
    assert len(changed) > 50
    assert abs(changed[:, 0].mean() - rows) < 4
    assert abs(changed[:, 1].mean() - 128) < 6


def test_names_the_font_cannot_write_are_left_out():
    assert has_letters("King Street 5") and not has_letters("中山路")
    features = Features([line([(-200, 0), (200, 0)], highway="primary", name="中山路")], "test")
    names = street_names(features)
    assert (names.names, names.unwritten) == ((), 1)
    features = Features([line([(-200, 0), (200, 0)], highway="primary", name="a" * 100_000)], "test")
    assert street_names(features).names == ()


@pytest.mark.skipif(not DEJAVU.is_file(), reason="needs the DejaVu font of the system")
def test_a_font_with_the_letters_writes_them():
    features = Features([line([(-200, 0), (200, 0)], highway="primary", name="Königstraße")], "test")
    names = street_names(features, str(DEJAVU))
    assert names.names == ("Königstraße",)
    tile = Tile(LAT, LON, 128.0, 256)
    plain = draw_tile(features, tile, DAYLIGHT)[0]
    assert (draw_tile(features, tile, DAYLIGHT, names, str(DEJAVU))[0] != plain).any()


@given(st.floats(-89, 89), st.floats(-180, 180), st.floats(-15_000, 15_000), st.floats(-15_000, 15_000))
def test_the_plane_is_that_of_the_satellite_squares(lat, lon, east, north):
    plane = Plane(lat, lon)
    far_lat, far_lon = offset(lat, lon, east, north)
    x, y = plane.to_metres([far_lon], [far_lat])
    # A millimetre: offsets below a tenth of one are taken for nothing by the projection.
    assert (x[0], y[0]) == pytest.approx((east, north), abs=1e-3)
    west, south, right, top = plane.box(max(abs(east), abs(north)) + 1.0)
    turned = lon + (far_lon - lon + 180) % 360 - 180
    assert (west <= turned <= right and south <= far_lat <= top) or abs(lat) > 88


@pytest.mark.parametrize("lon", [179.9999, -179.9999])
def test_maps_go_on_over_the_antimeridian(lon):
    def there(points):
        return shapely.LineString([offset(10.0, lon, float(x), float(y))[::-1] for x, y in points])

    # Two roads, one on each side; extracts cut at the antimeridian hold such pieces.
    roads = [
        there([(-60, y), (-25, y)]) if x < 0 else there([(25, y), (60, y)]) for x, y in ((-1, 20), (1, -20))
    ]
    features = Features([Feature(r, line_look({"highway": "primary", "width": "8"})) for r in roads], "test")
    picture, shown = draw_tile(features, Tile(10.0, lon, 128.0, 128), DAYLIGHT)
    road = is_colour(picture, DAYLIGHT.arterial)
    assert shown == 2
    assert road[44, 20] and road[84, 108] and not road[84, 20]


def test_a_tile_of_nothing_shows_nothing():
    far = Features([line([(5000, 0), (6000, 0)], highway="primary")], "test")
    picture, shown = draw_tile(far, Tile(LAT, LON, 128.0, 64), DAYLIGHT)
    assert shown == 0
    assert is_colour(picture, DAYLIGHT.land).all()
