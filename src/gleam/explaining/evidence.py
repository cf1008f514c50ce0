"""The explainer without a language model: measured regions and sentences bound to them."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gleam.atlas.embedding import preparation_for
from gleam.errors import GleamError
from gleam.explaining.contributions import Contributions, RegionEncoder, contributions, similarity_alone
from gleam.explaining.facts import direction_word, look_of, region_offset
from gleam.explaining.regions import Sighting, sightings
from gleam.explaining.sentences import compose, parse_language
from gleam.explaining.verdict import Region, Verdict
from gleam.imagery.decode import image_size, load_image
from gleam.imagery.preparation import Preparation, prepare
from gleam.locating.calibrations import Calibrations
from gleam.locating.query import HEADINGS, make_query
from gleam.views import UNKNOWN_POSE, Pose, View, parse_view

THRESHOLD = 0.5
"""While no pairs have been calibrated, a match needs this similarity (half way to equal), and more than
the photo reaches turned or mirrored in any of the seven other ways."""
MOST_FOR, MOST_AGAINST = 3, 2
"""More regions than that no one reads."""
MIN_SHARE = 0.03
"""A region with less of all that was measured is not worth a sentence."""
MIN_VISIBLE = 0.3
"""A region that the query picture shows less of cannot be evidence of what it shows."""


@dataclass(frozen=True)
class _Picture:
    """A picture, its size when whole, and how it was prepared."""

    size: tuple[int, int]
    square: NDArray[np.uint8]
    pose: Pose


class EvidenceExplainer:
    """Cites the regions that add most to, or take most from, the similarity of two pictures.

    Every word of its text stands for a measurement: where a region lies, how alike the encoder finds
    it, its share of the whole, its colour, the direction of its lines. Nothing written inside a
    picture is read, so nothing written there can steer a verdict.
    """

    name = "evidence"

    def __init__(self, encoder: RegionEncoder) -> None:
        self._encoder = encoder
        self._calibrations = Calibrations.of(encoder)

    def explain(
        self,
        query: Any,
        tile: Any,
        view: View | str,
        pose: Pose = UNKNOWN_POSE,
        *,
        language: str = "en",
        tile_width_m: float | None = None,
    ) -> Verdict:
        """Judge whether a picture shows the ground of a tile, and cite why.

        Args:
            query: The picture: a path, bytes, a PIL picture or an (H, W, 3) array.
            tile: The satellite tile, north-up, likewise.
            view: How the query sees the world.
            pose: What is known of its camera. An unknown heading is turned to where the match is best.
            language: ``en`` or ``zh``.
            tile_width_m: Ground width of the tile; the encoder's own when not given. Of a wider tile the
                middle is compared.

        Raises:
            ImageError: A picture cannot be read.
            GleamError: An unknown view or language, or an impossible pose.
        """
        begun = time.perf_counter()
        spoken, seen_as = parse_language(language), parse_view(view)
        width = float(self._encoder.preparation.ground_width_m if tile_width_m is None else tile_width_m)
        if not (math.isfinite(width) and width > 0):
            raise GleamError(f"A tile of {width:g} m makes no sense; give its ground width in metres.")
        # A wider tile is compared at the scale the encoder was trained at: its middle part.
        own = float(self._encoder.preparation.ground_width_m)
        preparation = preparation_for(self._encoder, min(width, own))
        tile_pose = Pose(heading_deg=0.0, ground_width_m=width)
        tile_picture = _picture(tile, View.SATELLITE, tile_pose, preparation)
        query_picture, notes = self._query(query, seen_as, pose, preparation, tile_picture)
        supporting: list[Region] = []
        opposing: list[Region] = []
        # Other makers of vectors than Encoder do not say it: their squares show the same ground.
        if getattr(self._encoder, "tells_regions", True):
            found = contributions(self._encoder, query_picture.square, tile_picture.square, seen_as)
            supporting, opposing = _cite(found, query_picture, tile_picture, seen_as, preparation)
            similarity, control = found.similarity, found.best_control
        else:
            similarity = similarity_alone(self._encoder, query_picture.square, tile_picture.square, seen_as)
            control = None
            notes = (*notes, "the encoder compares whole pictures, so no regions were measured")
        probability, calibration = self._probability(similarity, seen_as)
        match = probability >= 0.5 if probability is not None else _matches_by_rule(similarity, control)
        cited = sum(abs(region.share) for region in (*supporting, *opposing))
        text = compose(
            spoken,
            match=match,
            probability=probability,
            calibration=calibration,
            similarity=similarity,
            threshold=THRESHOLD,
            control=control,
            supporting=supporting,
            opposing=opposing,
            with_colours=seen_as is not View.MAP,
        )
        return Verdict(
            match=match,
            probability=probability,
            probability_from=None if probability is None else "calibration",
            calibration=calibration,
            threshold=THRESHOLD,
            similarity=round(similarity, 4),
            control=None if control is None else round(control, 4),
            evidence_for=tuple(supporting),
            evidence_against=tuple(opposing),
            elsewhere=round(max(0.0, 1.0 - cited), 4),
            text=text,
            language=spoken,
            explainer=self.name,
            view=seen_as.value,
            seconds=round(time.perf_counter() - begun, 4),
            cost_usd=0.0,
            notes=(*notes, "writing in the pictures was not read"),
        )

    def _query(
        self, query: Any, view: View, pose: Pose, preparation: Preparation, tile: _Picture
    ) -> tuple[_Picture, tuple[str, ...]]:
        made = make_query(self._encoder, preparation, query, view, pose, headings=HEADINGS)
        notes = list(made.notes)
        best = 0
        if made.headings is not None:
            vector = np.asarray(self._encoder.embed(tile.square[None], View.SATELLITE))[0]
            best = int(np.argmax(made.vectors @ vector))
            pose = pose.with_heading(float(made.headings[best]))
            notes.append(f"the match is best at heading {pose.heading_deg:g}, which was taken")
        return _Picture(_size_of(query), made.squares[best], pose), tuple(notes)

    def _probability(self, similarity: float, view: View) -> tuple[float | None, str | None]:
        calibration = self._calibrations.pair(view.value)
        if calibration is None:
            return None, None
        return float(calibration.probability([similarity])[0]), calibration.name


def _matches_by_rule(similarity: float, control: float | None) -> bool:
    """Decide without a calibration: alike enough, and more alike than the photo in any other layout."""
    return similarity >= THRESHOLD and (control is None or similarity > control)


def _picture(image: Any, view: View, pose: Pose, preparation: Preparation) -> _Picture:
    pixels = load_image(image, target=4 * preparation.pixels)
    return _Picture(_size_of(image), prepare(pixels, view, pose, preparation).pixels, pose)


def _size_of(image: Any) -> tuple[int, int]:
    """Return (height, width) of the whole upright picture, which may have been decoded smaller."""
    if isinstance(image, str | os.PathLike | bytes):
        return image_size(image)
    height, width = load_image(image).shape[:2]
    return height, width


def _cite(
    found: Contributions, query: _Picture, tile: _Picture, view: View, preparation: Preparation
) -> tuple[list[Region], list[Region]]:
    """Choose the regions to cite and measure them; numbers run on from those for to those against."""
    grid = len(found.evidence)
    in_query = sightings(query.size, view, query.pose, preparation, grid)
    in_tile = sightings(tile.size, View.SATELLITE, tile.pose, preparation, grid)
    shares = found.shares()
    cells = [
        (i, j)
        for i in range(grid)
        for j in range(grid)
        if in_query[i][j].visible >= MIN_VISIBLE and in_tile[i][j].box is not None
    ]
    cells.sort(key=lambda cell: -abs(shares[cell]))
    worth = [cell for cell in cells if abs(shares[cell]) >= MIN_SHARE]
    supporting = [cell for cell in worth if shares[cell] > 0][:MOST_FOR]
    opposing = [cell for cell in worth if shares[cell] < 0][:MOST_AGAINST]
    describe = _describer(found, shares, in_query, in_tile, query, tile, view, preparation)
    numbered = [describe(cell, number) for number, cell in enumerate((*supporting, *opposing), start=1)]
    return numbered[: len(supporting)], numbered[len(supporting) :]


def _describer(
    found: Contributions,
    shares: NDArray[np.float64],
    in_query: list[list[Sighting]],
    in_tile: list[list[Sighting]],
    query: _Picture,
    tile: _Picture,
    view: View,
    preparation: Preparation,
) -> Callable[[tuple[int, int], int], Region]:
    grid = len(shares)
    edges = np.linspace(0, preparation.pixels, grid + 1).round().astype(int)

    def describe(cell: tuple[int, int], number: int) -> Region:
        i, j = cell
        window = (slice(edges[i], edges[i + 1]), slice(edges[j], edges[j + 1]))
        seen, shown = in_query[i][j], in_tile[i][j]
        if seen.box is None or shown.box is None:
            raise ValueError(f"Region {cell} is not visible and cannot be cited.")
        look = look_of(query.square[window])
        if view in (View.PANORAMA, View.GROUND):
            # Beyond the metric ground the polar square bends lines, so their direction means nothing.
            look = look.model_copy(update={"lines_deg": None})
        east, north = region_offset(i, j, grid, preparation.ground_width_m)
        return Region(
            number=number,
            supports=bool(shares[cell] > 0),
            query_box=seen.box,
            query_box_rest=seen.rest,
            tile_box=shown.box,
            similarity=round(float(found.local[cell]), 4),
            share=round(float(shares[cell]), 4),
            direction=direction_word(east, north),
            distance_m=round(math.hypot(east, north), 1),
            visible=round(seen.visible, 3),
            query_look=look,
            tile_look=look_of(tile.square[window]),
        )

    return describe
