"""Backbones by name."""

from __future__ import annotations

from typing import Any

from gleam.encoder.backbones.base import Backbone
from gleam.encoder.normalisation import RunContext
from gleam.errors import unknown_name

TRANSFORMERS_NAMES: dict[str, str] = {
    "convnext": "ConvNextModel",
    "convnextv2": "ConvNextV2Model",
    "dinov2": "Dinov2Model",
    "dinov2_with_registers": "Dinov2WithRegistersModel",
    "dinov3_convnext": "DINOv3ConvNextModel",
    "dinov3_vit": "DINOv3ViTModel",
    "siglip2_vision_model": "Siglip2VisionModel",
    "siglip_vision_model": "SiglipVisionModel",
    "vit": "ViTModel",
}
"""Our names (the ``model_type`` of the configuration) and the class in transformers."""


TIMM_PREFIX = "timm/"
"""What follows is a name of timm, which the extra ``timm`` installs."""


def backbone_names() -> list[str]:
    """Return every backbone name that a config may hold, beside ``timm/NAME``."""
    return ["compact", *sorted(TRANSFORMERS_NAMES)]


def make_backbone(name: str, options: dict[str, Any], context: RunContext, per_view: bool) -> Backbone:
    """Build the backbone ``name``; raise a ``GleamError`` listing the names when there is none."""
    if name == "compact":
        from gleam.encoder.backbones.compact import Compact

        return Compact(context, per_view, **options)
    if name in TRANSFORMERS_NAMES:
        from gleam.encoder.backbones.hub import HubBackbone

        return HubBackbone(name, TRANSFORMERS_NAMES[name], options)
    if name.startswith(TIMM_PREFIX):
        from gleam.encoder.backbones.timm import TimmBackbone

        return TimmBackbone(name.removeprefix(TIMM_PREFIX), options)
    raise unknown_name("backbone", name, [*backbone_names(), f"{TIMM_PREFIX}NAME"])
