"""Stores of tiles: one protocol, one adapter per engine."""

from gleam.atlas.store.protocol import TileStore

__all__ = ["TileStore"]
