"""The ground of a candidate as a picture: the square around its position, cut from the atlas's tiles."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gleam.atlas import Atlas, Region
from gleam.geo import Circle, Frame
from gleam.imagery.decode import load_image
from gleam.locating.answer import Candidate
from gleam.locating.searching.between import AROUND, neighbours
from gleam.locating.searching.mosaic import pieces_of, put_together

_MOST_TILES = 64


def picture_of(atlas: Atlas, candidate: Candidate) -> tuple[NDArray[np.uint8], float]:
    """Return the north-up square (H, W, 3) around a candidate and its ground width in metres.

    A candidate's position is finer than its tile; where the neighbouring tiles hold the ground between,
    the square is centred on the position, otherwise the tile itself is returned.

    Raises:
        AtlasError: The atlas does not have the candidate's tile.
    """
    anchor = atlas.tile(candidate.tile)
    frame = Frame.at(anchor.lat, anchor.lon)
    east, north = (float(v) for v in frame.to_local(candidate.lat, candidate.lon))
    stride = atlas.stride_of(anchor.width_m)
    own = atlas.thumbnail(anchor.id)
    if max(abs(east), abs(north)) > stride:
        return own, anchor.width_m
    reach = AROUND * stride
    around = Region.around(Circle(anchor.lat, anchor.lon, reach * 1.5))
    (hits,) = atlas.search(atlas.store.vectors_of([anchor.id]), _MOST_TILES, around, tile_m=anchor.width_m)
    near = [(hit.tile, at) for hit, at in neighbours(anchor, hits, frame, reach)]
    pieces = pieces_of(anchor.width_m, near, east, north)
    if pieces is None:
        return own, anchor.width_m
    names = [piece.tile.id for piece in pieces]
    stored = atlas.store.thumbnails_of(names)
    pictures = {name: load_image(picture) for name, picture in zip(names, stored, strict=True)}
    return put_together(pieces, pictures), anchor.width_m
