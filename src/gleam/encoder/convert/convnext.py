"""ConvNeXt in three spellings: timm's and the original's names become those of transformers.

The three networks compute the same; only names and shapes of 1 x 1 maps differ. So weights that came from
timm run in the core, where timm is not installed.
"""

from __future__ import annotations

import re
from typing import Any, Literal

from torch import Tensor

_TIMM: tuple[tuple[str, str], ...] = (
    (r"stem\.0\.(\w+)", r"embeddings.patch_embeddings.\1"),
    (r"stem\.1\.(\w+)", r"embeddings.layernorm.\1"),
    (r"stages\.(\d+)\.downsample\.(\d+)\.(\w+)", r"encoder.stages.\1.downsampling_layer.\2.\3"),
    (r"stages\.(\d+)\.blocks\.(\d+)\.conv_dw\.(\w+)", r"encoder.stages.\1.layers.\2.dwconv.\3"),
    (r"stages\.(\d+)\.blocks\.(\d+)\.norm\.(\w+)", r"encoder.stages.\1.layers.\2.layernorm.\3"),
    (r"stages\.(\d+)\.blocks\.(\d+)\.mlp\.fc1\.(\w+)", r"encoder.stages.\1.layers.\2.pwconv1.\3"),
    (r"stages\.(\d+)\.blocks\.(\d+)\.mlp\.fc2\.(\w+)", r"encoder.stages.\1.layers.\2.pwconv2.\3"),
    (r"stages\.(\d+)\.blocks\.(\d+)\.gamma", r"encoder.stages.\1.layers.\2.layer_scale_parameter"),
    (r"head\.norm\.(\w+)", r"layernorm.\1"),
)
_ORIGINAL: tuple[tuple[str, str], ...] = (
    (r"downsample_layers\.0\.0\.(\w+)", r"embeddings.patch_embeddings.\1"),
    (r"downsample_layers\.0\.1\.(\w+)", r"embeddings.layernorm.\1"),
    (r"downsample_layers\.([123])\.(\d+)\.(\w+)", r"encoder.stages.\1.downsampling_layer.\2.\3"),
    (r"stages\.(\d+)\.(\d+)\.dwconv\.(\w+)", r"encoder.stages.\1.layers.\2.dwconv.\3"),
    (r"stages\.(\d+)\.(\d+)\.norm\.(\w+)", r"encoder.stages.\1.layers.\2.layernorm.\3"),
    (r"stages\.(\d+)\.(\d+)\.pwconv([12])\.(\w+)", r"encoder.stages.\1.layers.\2.pwconv\3.\4"),
    (r"stages\.(\d+)\.(\d+)\.gamma", r"encoder.stages.\1.layers.\2.layer_scale_parameter"),
    (r"norm\.(\w+)", r"layernorm.\1"),
)
_NAMES = {"timm": _TIMM, "original": _ORIGINAL}

OTHER_CONSTANTS = (
    "convnext_xxlarge",
    "test_convnext",
    "convnext_zepto_rms",
    "convnext_atto_rms",
    "hnf",
    "_ols",
)
"""Parts of names of timm's ConvNeXts whose norms, activation or stem are not those of transformers."""


def renamed(
    weights: dict[str, Tensor], layout: Literal["timm", "original"]
) -> tuple[dict[str, Tensor], list[str]]:
    """Return the weights under the names of transformers, and the names that no rule knows."""
    rules, found, unknown = _NAMES[layout], {}, []
    for name, tensor in weights.items():
        for pattern, replacement in rules:
            match = re.fullmatch(pattern, name)
            if match:
                found[match.expand(replacement)] = _as_linear(match.expand(replacement), tensor)
                break
        else:
            unknown.append(name)
    return found, unknown


def options_of(weights: dict[str, Tensor]) -> dict[str, Any] | None:
    """Return the options of the backbone ``convnext`` that fit renamed weights; None when they are none."""
    stem = weights.get("embeddings.patch_embeddings.weight")
    if stem is None or tuple(stem.shape[1:]) != (3, 4, 4):
        return None
    depths, widths = [], []
    stage = 0
    while (first := weights.get(f"encoder.stages.{stage}.layers.0.dwconv.weight")) is not None:
        if tuple(first.shape[1:]) != (1, 7, 7):
            return None
        widths.append(int(first.shape[0]))
        depths.append(_count(weights, rf"encoder\.stages\.{stage}\.layers\.(\d+)\."))
        stage += 1
    if stage != 4:
        return None
    scaled = "encoder.stages.0.layers.0.layer_scale_parameter" in weights
    return {
        "depths": depths,
        "hidden_sizes": widths,
        # transformers divides by 1e-12 where timm and the original have 1e-6.
        "layer_norm_eps": 1e-6,
        **({} if scaled else {"layer_scale_init_value": 0}),
    }


def _count(weights: dict[str, Tensor], pattern: str) -> int:
    return 1 + max(int(match.group(1)) for name in weights if (match := re.match(pattern, name)))


def _as_linear(name: str, tensor: Tensor) -> Tensor:
    """Return the weight of a 1 x 1 convolution as that of the linear map it is."""
    if ".pwconv" in name and tensor.ndim == 4 and tuple(tensor.shape[2:]) == (1, 1):
        return tensor[:, :, 0, 0]
    return tensor
