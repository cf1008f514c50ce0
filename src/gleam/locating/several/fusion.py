"""Weighing the tiles of several photos against each other, and merging them into places."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gleam.atlas.tiles import Tile
from gleam.geo import Frame, distance_m
from gleam.locating.searching.places import NEIGHBOUR_STRIDES, SAME_PLACE_SHARE
from gleam.locating.several.sightings import OUTLIER, Sighting

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Fused:
    """The tiles of several photos weighed together.

    tiles: of any photo. joint: (N,) logarithm of how many times likelier all photos are there than if they
    had nothing to do with each other. shares: (N,) of the likelihood; what is missing to 1 is the chance
    that the photos have nothing to do with each other. each: (P, N) log weights, see
    :class:`~gleam.locating.several.sightings.Sighting`.
    """

    tiles: tuple[Tile, ...]
    joint: Floats
    shares: Floats
    each: Floats


@dataclass(frozen=True)
class JointPlace:
    """Overlapping tiles taken together: position, share of the likelihood, best tile, and its number."""

    lat: float
    lon: float
    share: float
    best: int


def fuse(sightings: Sequence[Sighting], outlier: float = OUTLIER) -> Fused:
    """Weigh the tiles of several photos together.

    The likelihood of a photo at a tile, in units of what it is as an outlier, is ``w``; with the chance
    of an outlier that is part of the weights it adds ``log(outlier (1 + w))``, which never falls below
    ``log(outlier)``. A tile that a photo does not list counts as its last listed one.
    """
    tiles = {tile.id: tile for s in sightings for tile in s.tiles}
    ids = sorted(tiles)
    number = {name: i for i, name in enumerate(ids)}
    each = np.full((len(sightings), len(ids)), -np.inf)
    for row, sighting in zip(each, sightings, strict=True):
        row[:] = sighting.elsewhere
        row[[number[tile.id] for tile in sighting.tiles]] = sighting.log_weights
    # A photo of nothing has no tiles: it is an outlier for certain and says nothing.
    speaks = np.array([len(s.tiles) > 0 for s in sightings])
    joint = (math.log(outlier) + np.logaddexp(0.0, each[speaks])).sum(0)
    if not len(ids):
        return Fused((), joint, joint, each)
    searched = max(s.searched for s in sightings)
    top = max(float(joint.max()), 0.0)
    mass = np.exp(joint - top)
    shares = mass / (mass.sum() + searched * math.exp(-top))
    return Fused(tuple(tiles[name] for name in ids), joint, shares, each)


def joint_places(fused: Fused, tile_m: float, stride_m: float, limit: int) -> list[JointPlace]:
    """Return the places that all photos together point at, the likeliest first.

    As in :func:`~gleam.locating.searching.places.merge_into_places`, the best tile left and all that overlap
    it are one place; its position is the mean of those next to the best one, weighted by likelihood.
    """
    order = np.argsort(-fused.joint, kind="stable")
    lats = np.array([tile.lat for tile in fused.tiles])
    lons = np.array([tile.lon for tile in fused.tiles])
    free = np.ones(len(order), bool)
    places: list[JointPlace] = []
    for best in order:
        if not free[best]:
            continue
        if len(places) == limit:
            break
        away = np.asarray(distance_m(lats[best], lons[best], lats, lons))
        members = free & (away <= SAME_PLACE_SHARE * tile_m)
        free &= ~members
        near = np.flatnonzero(members & (away <= NEIGHBOUR_STRIDES * stride_m))
        weights = np.exp(fused.joint[near] - fused.joint[best])
        lat, lon = mean_position(lats[near], lons[near], weights)
        places.append(JointPlace(lat, lon, float(fused.shares[members].sum()), int(best)))
    return places


def mean_position(lats: Floats, lons: Floats, weights: Floats) -> tuple[float, float]:
    """Return the weighted mean (lat, lon) of positions near each other."""
    frame = Frame.at(float(lats[0]), float(lons[0]))
    east, north = np.stack(frame.to_local(lats, lons)) @ weights / weights.sum()
    return frame.to_wgs84(float(east), float(north))
