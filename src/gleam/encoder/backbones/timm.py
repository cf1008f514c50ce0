"""Backbones of timm (PyTorch Image Models), which the extra ``timm`` installs."""

from __future__ import annotations

import difflib
import inspect
from typing import Any

import torch
from torch import Tensor, nn

from gleam.encoder.backbones.base import Backbone, Pooled, shares_of_mean
from gleam.errors import ConfigError, EncoderError

_REFUSED = {"num_classes", "checkpoint_path", "pretrained_cfg", "pretrained_cfg_overlay", "cache_dir"}
"""Arguments of ``timm.create_model`` that a config may not hold: a vector has no classes, and files of
weights are brought in by ``gleam encoder convert``, which checks them."""


def import_timm() -> Any:
    """Return the module timm.

    Raises:
        EncoderError: It is not installed, or cannot be imported.
    """
    from gleam.encoder.backbones.torchvision_shim import make_importable

    try:
        make_importable()
        import timm
    except ImportError as error:
        raise EncoderError(
            f"This encoder needs timm, which cannot be imported ({error}); install the extra: "
            "pip install 'gleam-geo[timm]' -c constraints.txt (the file keeps your torch)."
        ) from error
    return timm


class TimmBackbone(Backbone):
    """Any image model of timm; the pooled feature is timm's own, with its final norm and without classes.

    options: arguments of ``timm.create_model``. ``pretrained: true`` downloads weights once; afterwards an
    encoder saved with them needs no network.
    """

    def __init__(self, name: str, options: dict[str, Any]) -> None:
        super().__init__()
        timm = import_timm()
        if not timm.is_model(name):
            raise _unknown(name, timm.list_models(pretrained=False))
        refused = sorted(_REFUSED & set(options))
        if refused:
            raise ConfigError(f"Backbone timm/{name}: the option {refused[0]!r} is not for a config.")
        try:
            self.model: nn.Module = timm.create_model(name, num_classes=0, **options)
        except TypeError as error:
            raise ConfigError(f"Backbone timm/{name} does not take these options: {error}.") from error
        except (OSError, RuntimeError, ValueError) as error:
            raise EncoderError(f"Backbone timm/{name}: {str(error).splitlines()[0]}") from error
        self.options = {key: value for key, value in options.items() if key != "pretrained"}
        self.channels = int(self.model.num_features)
        self.width = int(getattr(self.model, "head_hidden_size", None) or self.channels)
        self.channels_last = str(getattr(self.model, "output_fmt", "NCHW")).endswith("NHWC")
        self.prefix_tokens = int(getattr(self.model, "num_prefix_tokens", 0))
        shown: dict[str, Any] = self.model.pretrained_cfg
        for key in ("mean", "std"):
            self.register_buffer(key, torch.tensor(shown[key]).view(1, 3, 1, 1), persistent=False)

    def normalise(self, pixels: Tensor) -> Tensor:
        """Scale to 0..1, then subtract and divide by the statistics timm states for the model."""
        return (pixels.float() / 255.0 - self.get_buffer("mean")) / self.get_buffer("std")

    def forward(self, x: Tensor) -> Tensor:
        """Return the last feature map; class and register tokens are left out."""
        return self._as_map(self.model.forward_features(x), x)  # type: ignore[operator]

    def pooled(self, x: Tensor, with_shares: bool = False) -> Pooled:
        """Return what timm's model returns without classes."""
        features: Tensor = self.model.forward_features(x)  # type: ignore[operator]
        vector: Tensor = self.model.forward_head(features)  # type: ignore[operator]
        if not with_shares:
            return Pooled(vector, None)
        return shares_of_mean(self._as_map(features, x), self._norm_after_pooling(), vector)

    def _norm_after_pooling(self) -> nn.LayerNorm | None:
        head = getattr(self.model, "head", None)
        for norm in (getattr(self.model, "fc_norm", None), getattr(head, "norm", None)):
            if isinstance(norm, nn.LayerNorm):
                return norm
        return None

    def _as_map(self, features: Tensor, x: Tensor) -> Tensor:
        if features.ndim == 4:
            return features.permute(0, 3, 1, 2) if self.channels_last else features
        tokens = features[:, self.prefix_tokens :]
        rows, columns = self._grid(x)
        if tokens.shape[1] != rows * columns:
            raise EncoderError(
                f"{type(self.model).__name__} of timm gives {tokens.shape[1]} tokens for a picture of "
                f"{x.shape[2]} x {x.shape[3]}, which make no map; use head pooled."
            )
        return tokens.transpose(1, 2).reshape(len(x), -1, rows, columns)

    def _grid(self, x: Tensor) -> tuple[int, int]:
        patches = getattr(self.model, "patch_embed", None)
        size = getattr(patches, "patch_size", (16, 16))
        return x.shape[2] // int(size[0]), x.shape[3] // int(size[1])


def _unknown(name: str, known: list[str]) -> EncoderError:
    near = difflib.get_close_matches(name.split(".")[0], known, n=3)
    hint = f"; near to it are {', '.join(near)}" if near else ""
    return EncoderError(
        f"timm has no model {name!r} among its {len(known)}{hint} (all: timm.list_models() in Python)."
    )


def takes(name: str, option: str) -> bool:
    """Tell whether a timm model's class has an argument, such as ``img_size`` of transformers."""
    timm = import_timm()
    made = timm.create_model(name, num_classes=0)
    return option in inspect.signature(type(made).__init__).parameters
