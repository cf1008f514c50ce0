"""Stores of tiles: one protocol, one adapter per engine, opened by an address."""

from gleam.atlas.store.opening import open_store
from gleam.atlas.store.protocol import Mode, TileStore

__all__ = ["Mode", "TileStore", "open_store"]
