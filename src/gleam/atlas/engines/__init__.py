"""Engines: who cuts the units of a build. All cut the same units to the same tiles."""

from __future__ import annotations

from gleam.atlas.engines.choosing import open_engine
from gleam.atlas.engines.protocol import DEFAULT_ENGINE, ENGINES, EncoderSource, Engine, GivenImagery, Work

__all__ = ["DEFAULT_ENGINE", "ENGINES", "EncoderSource", "Engine", "GivenImagery", "Work", "open_engine"]
