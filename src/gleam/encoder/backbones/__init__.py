"""Networks from pictures to feature maps, by name."""

from gleam.encoder.backbones.base import Backbone
from gleam.encoder.backbones.registry import backbone_names, make_backbone

__all__ = ["Backbone", "backbone_names", "make_backbone"]
