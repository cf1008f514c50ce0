"""Weights of other projects, brought into an encoder: strict, named, and equal to the original network."""

from gleam.encoder.convert.convert import Conversion, convert
from gleam.encoder.convert.kinds import KINDS, NOT_PLAIN

__all__ = ["KINDS", "NOT_PLAIN", "Conversion", "convert"]
