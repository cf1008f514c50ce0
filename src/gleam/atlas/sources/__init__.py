"""Sources of georeferenced imagery, one file per kind, and how a path is told apart."""

from __future__ import annotations

from gleam.atlas.sources.centres import Centres
from gleam.atlas.sources.licences import licence_report
from gleam.atlas.sources.opening import open_sources
from gleam.atlas.sources.protocol import Centre, SourceRecord, TileSource

__all__ = ["Centre", "Centres", "SourceRecord", "TileSource", "licence_report", "open_sources"]
