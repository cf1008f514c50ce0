"""The part of the demo that explains pairs: two that belong together and one that does not."""

from __future__ import annotations

from gleam.atlas import Atlas
from gleam.demo.findings import Box, Explained, Photo, Picture, Region
from gleam.encoder import Encoder
from gleam.explaining import Explainer, verdict
from gleam.geo import distance_m
from gleam.places import Places
from gleam.progress import say
from gleam.views import View

MATCH_VIEWS = (View.DRONE, View.PANORAMA)
NON_MATCH_VIEW = View.MAP
FAR_M = 200.0
"""A tile whose centre is farther away than this shows another place."""


def explain_pairs(
    encoder: Encoder, atlas: Atlas, photos: tuple[Photo, ...], table: Places
) -> tuple[Explained, ...]:
    """Explain two matches and one non-match in English and in Chinese.

    The matches are the first drone photo and the first panorama that were found, with the satellite
    picture at the answer. The non-match is the first street map with the best candidate of ANOTHER
    place: the most deceptive tile there is.
    """
    explained = []
    for view in MATCH_VIEWS:
        photo = _first(photos, view)
        tile = photo.found_tile if photo.found and photo.found_tile is not None else photo.true_tile
        explained.append(_explain(encoder, table, photo, tile, atlas.tile_m, truth=True))
    photo = _first(photos, NON_MATCH_VIEW)
    tile = _deceptive_tile(atlas, photo, photos)
    explained.append(_explain(encoder, table, photo, tile, atlas.tile_m, truth=False))
    return tuple(explained)


def _first(photos: tuple[Photo, ...], view: View) -> Photo:
    """Return the first photo of a view that was found, or the first one when none was."""
    of_view = [photo for photo in photos if photo.view is view]
    return next((photo for photo in of_view if photo.found), of_view[0])


def _deceptive_tile(atlas: Atlas, photo: Photo, photos: tuple[Photo, ...]) -> Picture:
    for name in photo.candidates:
        tile = atlas.tile(name)
        if float(distance_m(*photo.truth, tile.lat, tile.lon)) > FAR_M:
            return atlas.thumbnail(name)
    # Every candidate lies around the truth: take the place of another photo, the farthest one.
    return max(photos, key=lambda other: float(distance_m(*photo.truth, *other.truth))).true_tile


def _explain(
    encoder: Encoder, table: Places, photo: Photo, tile: Picture, tile_m: float, *, truth: bool
) -> Explained:
    row = next(row for row in table if row.path == photo.file)
    path = table.path_of(row)
    explainer = Explainer.from_name("evidence", encoder)
    english, chinese = (
        explainer.explain(path, tile, photo.view, row.pose, language=language, tile_width_m=tile_m)
        for language in ("en", "zh")
    )
    judged = "the same place" if english.match else "different places"
    sentence = english.text.split(". ")[0].rstrip(".")
    say(f"      {photo.file}: judged {judged}. {sentence}.")
    return Explained(
        file=photo.file,
        view=photo.view,
        query=photo.picture,
        tile=tile,
        truth=truth,
        match=english.match,
        probability=english.probability,
        similarity=english.similarity or 0.0,
        regions=tuple(_region(region, photo.picture, tile) for region in english.regions),
        text_en=english.text,
        text_zh=chinese.text,
    )


def _region(region: verdict.Region, query: Picture, tile: Picture) -> Region:
    boxes = [_shares(region.query_box, query)]
    if region.query_box_rest is not None:
        boxes.append(_shares(region.query_box_rest, query))
    return Region(region.number, tuple(boxes), (_shares(region.tile_box, tile),), region.supports)


def _shares(box: verdict.Box, picture: Picture) -> Box:
    """Return a box in pixels as shares of the picture's width and height."""
    height, width = picture.shape[:2]
    return box.left / width, box.top / height, box.right / width, box.bottom / height
