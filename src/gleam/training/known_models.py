"""Shapes of well-known pretrained networks, so that an estimate needs no download.

Only what a shape depends on; copied from the ``config.json`` of each model on the hub.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from gleam.encoder import EncoderConfig
from gleam.errors import ConfigError


def _dinov2(width: int, depth: int, heads: int, **more: Any) -> dict[str, Any]:
    return {
        "hidden_size": width,
        "num_hidden_layers": depth,
        "num_attention_heads": heads,
        "patch_size": 14,
        "image_size": 518,
        **more,
    }


def _dinov3(width: int, depth: int, heads: int) -> dict[str, Any]:
    return {
        "hidden_size": width,
        "num_hidden_layers": depth,
        "num_attention_heads": heads,
        "intermediate_size": 4 * width,
        "patch_size": 16,
        "num_register_tokens": 4,
    }


def _convnext(width: int, depths: list[int]) -> dict[str, Any]:
    return {"hidden_sizes": [width, 2 * width, 4 * width, 8 * width], "depths": depths}


_SHALLOW, _DEEP = [3, 3, 9, 3], [3, 3, 27, 3]

KNOWN_MODELS: dict[str, dict[str, Any]] = {
    "facebook/convnext-tiny-224": _convnext(96, _SHALLOW),
    "facebook/convnext-small-224": _convnext(96, _DEEP),
    "facebook/convnext-base-224-22k-1k": _convnext(128, _DEEP),
    "facebook/convnext-base-384-22k-1k": _convnext(128, _DEEP),
    "facebook/convnext-large-384-22k-1k": _convnext(192, _DEEP),
    "facebook/convnextv2-tiny-22k-384": _convnext(96, _SHALLOW),
    "facebook/convnextv2-base-22k-384": _convnext(128, _DEEP),
    "facebook/dinov2-small": _dinov2(384, 12, 6),
    "facebook/dinov2-base": _dinov2(768, 12, 12),
    "facebook/dinov2-large": _dinov2(1024, 24, 16),
    "facebook/dinov2-giant": _dinov2(1536, 40, 24, use_swiglu_ffn=True),
    "facebook/dinov2-with-registers-small": _dinov2(384, 12, 6, num_register_tokens=4),
    "facebook/dinov2-with-registers-base": _dinov2(768, 12, 12, num_register_tokens=4),
    "facebook/dinov2-with-registers-large": _dinov2(1024, 24, 16, num_register_tokens=4),
    "facebook/dinov3-vits16-pretrain-lvd1689m": _dinov3(384, 12, 6),
    "facebook/dinov3-vitb16-pretrain-lvd1689m": _dinov3(768, 12, 12),
    "facebook/dinov3-vitl16-pretrain-lvd1689m": _dinov3(1024, 24, 16),
    "facebook/dinov3-convnext-tiny-pretrain-lvd1689m": _convnext(96, _SHALLOW),
    "facebook/dinov3-convnext-base-pretrain-lvd1689m": _convnext(128, _DEEP),
    "google/vit-base-patch16-384": {"image_size": 384},
}


def without_download(encoder: EncoderConfig) -> EncoderConfig:
    """Return the configuration with ``pretrained`` replaced by the shape it stands for.

    Raises:
        ConfigError: The name is not known here, and is no folder with a ``config.json``.
    """
    pretrained = encoder.backbone_options.get("pretrained")
    if pretrained is None or pretrained is False:
        return encoder
    if isinstance(pretrained, bool):  # timm knows the shape without the weights
        return replace(encoder, backbone_options={**encoder.backbone_options, "pretrained": False})
    if pretrained in KNOWN_MODELS:
        return replace(encoder, backbone_options=KNOWN_MODELS[pretrained])
    if (Path(pretrained) / "config.json").is_file():
        import transformers

        found = transformers.AutoConfig.from_pretrained(pretrained).to_diff_dict()
        kept = {
            k: v
            for k, v in found.items()
            if k not in {"model_type", "transformers_version", "architectures", "dtype", "torch_dtype"}
        }
        return replace(encoder, backbone_options=kept)
    raise ConfigError(
        f"An estimate uses no network, and the shape of {pretrained!r} is not known offline; give a local "
        f"folder with its config.json, or one of: {', '.join(KNOWN_MODELS)}."
    )
