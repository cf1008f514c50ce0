"""The two ways to a street map: drawn from an extract, or cut from a raster map."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gleam.errors import GleamError
from gleam.files import sha256_of
from gleam.streetmaps.pairs import Imagery

LEAST_COVER = 0.95
"""Share of a tile that a raster map must cover."""


class DrawnMaps:
    """Maps drawn from an OpenStreetMap extract in one or several styles.

    Args:
        extract: .osm.pbf, .osm or GeoJSON.
        bounds: west, south, east, north in degrees of the ground that is mapped.
        styles: Names of :data:`gleam.streetmaps.styles.STYLES`.
        names: Whether streets bear their names.
        font: A font file for the names, such as one with Chinese letters.

    Raises:
        GleamError: An unknown style, a broken font, or an extract that cannot be used.
    """

    def __init__(
        self,
        extract: Path,
        bounds: tuple[float, float, float, float],
        styles: Sequence[str],
        names: bool = False,
        font: Path | None = None,
    ) -> None:
        from gleam.streetmaps.drawing import style_named
        from gleam.streetmaps.extract import ATTRIBUTION, LICENCE, read_extract
        from gleam.streetmaps.lettering import font_of
        from gleam.streetmaps.names import street_names

        self.styles = tuple(dict.fromkeys(styles))
        self.licence: str | None = LICENCE
        self.source: str | None = ATTRIBUTION
        self._looks = [style_named(style) for style in self.styles]
        self._font = None if font is None else str(font)
        if font is not None:
            try:
                font_of(16, self._font)
            except OSError:
                raise GleamError(f"{font} is not a font file that can be read.") from None
        self._extract = extract
        self.features = read_extract(extract, bounds)
        self._names = street_names(self.features, self._font) if names else None
        self.notes: list[str] = []
        if self.features.skipped:
            self.notes.append(f"{self.features.skipped} incomplete features of {extract} were left out.")
        if self._names is not None and self._names.unwritten:
            self.notes.append(
                f"{self._names.unwritten} street names are too long or have letters that the font lacks, and "
                "were left out; name a font that has them with --font."
            )

    def identity(self) -> dict[str, Any]:
        """What maps depend on."""
        return {
            "extract": self._extract.name,
            "sha256": sha256_of(self._extract),
            "styles": list(self.styles),
            "names": self._names is not None,
            "font": self._font and Path(self._font).name,
        }

    def draw(self, lat: float, lon: float, width_m: float, pixels: int) -> list[NDArray[np.uint8]] | None:
        """Return one map per style, or None where the extract shows nothing."""
        from gleam.streetmaps.drawing import Tile, draw_tile

        tile = Tile(lat, lon, width_m, pixels)
        pictures = []
        for look in self._looks:
            picture, shown = draw_tile(self.features, tile, look, self._names, self._font)
            if not shown:
                return None
            pictures.append(picture)
        return pictures


class CutMaps:
    """Maps cut from raster maps that the user may use: GeoTIFF, MBTiles, a folder of web-map tiles.

    sources: the raster maps, the first that covers a tile is taken. centre_of: the form in which they take
    a centre. licence, source: of maps that do not tell their own.
    """

    styles: tuple[str, ...] = ("raster",)

    def __init__(
        self,
        sources: Sequence[Imagery],
        centre_of: Callable[[float, float], Any],
        licence: str | None = None,
        source: str | None = None,
    ) -> None:
        self._sources = list(sources)
        self._centre_of = centre_of
        record = sources[0].record
        self.licence: str | None = record.licence or licence
        self.source: str | None = record.origin or source or record.name

    def identity(self) -> dict[str, Any]:
        """What maps depend on."""
        return {"maps": [{"name": s.record.name, "sha256": s.record.sha256} for s in self._sources]}

    def draw(self, lat: float, lon: float, width_m: float, pixels: int) -> list[NDArray[np.uint8]] | None:
        """Return the map of the first source that covers the square, or None where none does."""
        for source in self._sources:
            picture, cover = source.read(self._centre_of(lat, lon), width_m, pixels)
            if cover >= LEAST_COVER:
                return [picture]
        return None
