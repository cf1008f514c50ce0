"""How far answers lie from the truth, in metres on the ellipsoid, and whether their tiles cover it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gleam.geo import Footprint, distance_m
from gleam.places.table import PlaceImage, Places


def positions_of(places: Places) -> NDArray[np.float64]:
    """Latitudes and longitudes (N, 2) of the rows; NaN where unknown."""
    return np.stack([places.column("lat"), places.column("lon")], axis=1)


def answer_distances(
    queries: NDArray[np.float64], gallery: NDArray[np.float64], answers: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Geodesic distances in metres (Q, K) of ranked answers from the truth.

    Args:
        queries: Positions (Q, 2), latitude first.
        gallery: Positions (G, 2).
        answers: Gallery numbers (Q, K); -1 where the gallery ends, which gives NaN as an unknown
            position does.
    """
    found = gallery[np.maximum(answers, 0)]
    found = np.where(answers[:, :, None] < 0, np.nan, found)
    truth = np.broadcast_to(queries[:, None, :], found.shape)
    out = np.full(answers.shape, np.nan)
    known = np.isfinite(found).all(axis=2) & np.isfinite(truth).all(axis=2)
    if known.any():
        out[known] = distance_m(truth[known, 0], truth[known, 1], found[known, 0], found[known, 1])
    return out


def covered_by_answer(
    queries: NDArray[np.float64], gallery: Places, answers: NDArray[np.int64]
) -> NDArray[np.float64]:
    """1.0 where the answered tile covers the true position, 0.0 where not, NaN where nobody can tell.

    The mean is a hit rate by geometry, in the spirit of VIGOR's, which goes by a list of semi-positives
    (:func:`gleam.evaluation.protocols.measures.hit_rate`). Unlike recall@1 it does not blame an encoder
    for naming the overlapping neighbour of the right tile.

    Args:
        queries: True positions (Q, 2), latitude first.
        gallery: Rows of the gallery; their footprints, or else positions with widths, are used.
        answers: Gallery numbers (Q,) of the first answers.
    """
    out = np.full(len(answers), np.nan)
    outlines: dict[int, Footprint | None] = {}
    for query, answer in enumerate(answers.tolist()):
        if answer not in outlines:
            outlines[answer] = outline_of(gallery[answer])
        outline = outlines[answer]
        if outline is not None and np.isfinite(queries[query]).all():
            out[query] = float(outline.contains(*queries[query]))
    return out


def outline_of(row: PlaceImage) -> Footprint | None:
    """The ground that a satellite image covers, when its row tells."""
    if row.footprint is not None:
        return Footprint.from_wkt(row.footprint)
    if row.lat is None or row.lon is None or row.ground_width_m is None:
        return None
    return Footprint.square(row.lat, row.lon, row.ground_width_m, row.heading_deg or 0.0)
