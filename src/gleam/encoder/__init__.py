"""The shared network: an image of any view becomes a unit vector that its place's tile shares."""

from gleam.encoder.config import EncoderConfig
from gleam.encoder.encoder import Encoder, Patches
from gleam.encoder.model import EncoderModel, ViewRun, build_model

__all__ = ["Encoder", "EncoderConfig", "EncoderModel", "Patches", "ViewRun", "build_model"]
