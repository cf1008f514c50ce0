"""Backbones of transformers: built from a configuration, or loaded from a hub id or folder."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from gleam.encoder.backbones.base import Backbone, Pooled, shares_of_mean
from gleam.encoder.backbones.torchvision_shim import make_importable
from gleam.errors import ConfigError, EncoderError

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
HALF = (0.5, 0.5, 0.5)

FINAL_NORM = {"convnext": "layernorm", "convnextv2": "layernorm"}
"""Models whose pooled feature is the mean over all positions, then this layer norm."""
CLASS_TOKEN = {"dinov2", "dinov2_with_registers", "dinov3_vit", "vit"}
"""Models whose pooled feature is the normed class token."""


class HubBackbone(Backbone):
    """Wrap a vision model of transformers so that it returns a feature map.

    options: ``pretrained`` (hub id or local folder in the hub's format; safetensors only) loads
    weights; every other key is a field of the model's configuration. After loading, ``self.options``
    holds the whole configuration, so that an encoder saved once never needs the hub again.
    """

    def __init__(self, name: str, class_name: str, options: dict[str, Any]) -> None:
        super().__init__()
        # With the extra timm a torchvision is installed that transformers would stumble over.
        make_importable()
        import transformers

        model_class = getattr(transformers, class_name)
        values = dict(options)
        pretrained = values.pop("pretrained", None)
        if pretrained is not None:
            if values:
                raise ConfigError(
                    f"Backbone {name}: give either 'pretrained' or configuration fields, not both."
                )
            _check_kind(name, pretrained)
            try:
                self.model = model_class.from_pretrained(pretrained, use_safetensors=True)
            except (OSError, ValueError) as error:
                raise EncoderError(
                    f"Backbone {name}: could not load {pretrained!r} (a hub id needs the network; "
                    f"a folder needs config.json and model.safetensors): {str(error).splitlines()[0]}"
                ) from error
        else:
            config_class = model_class.config_class
            allowed = set(config_class().to_dict())
            for key in values:
                if key not in allowed:
                    raise ConfigError(f"Backbone {name}: its configuration has no field {key!r}.")
            self.model = model_class(config_class(**values))
        config = self.model.config
        # Only what differs from the library's default, without its bookkeeping.
        self.options = {
            k: v
            for k, v in config.to_diff_dict().items()
            if k not in {"model_type", "transformers_version", "architectures", "dtype", "torch_dtype"}
        }
        # Convolutional models have no patch size; one of their positions covers 32 pixels.
        self.patch = int(getattr(config, "patch_size", 0) or 32)
        sizes = getattr(config, "hidden_sizes", None)
        self.channels = int(sizes[-1]) if sizes else int(config.hidden_size)
        self.is_siglip = name.startswith("siglip")
        self.naflex = name == "siglip2_vision_model"
        self.kind = name
        self.width = self.channels if name in FINAL_NORM or name in CLASS_TOKEN else None
        mean, std = (HALF, HALF) if self.is_siglip else (IMAGENET_MEAN, IMAGENET_STD)
        self.register_buffer("mean", torch.tensor(mean).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std).view(1, 3, 1, 1), persistent=False)

    def normalise(self, pixels: Tensor) -> Tensor:
        """Scale to 0..1, then subtract and divide by the statistics the weights were trained with."""
        mean, std = self.get_buffer("mean"), self.get_buffer("std")
        return (pixels.float() / 255.0 - mean) / std

    def forward(self, x: Tensor) -> Tensor:
        """Return the last feature map; class and register tokens are left out."""
        if self.naflex:
            return self._forward_naflex(x)
        hidden: Tensor = self.model(pixel_values=x, **self._position_arguments()).last_hidden_state
        if hidden.ndim == 4:
            return hidden
        rows, columns = x.shape[2] // self.patch, x.shape[3] // self.patch
        # Patch tokens come last in every model of the list; what precedes them are class and registers.
        patches = hidden[:, hidden.shape[1] - rows * columns :]
        return patches.transpose(1, 2).reshape(len(x), -1, rows, columns)

    def pooled(self, x: Tensor, with_shares: bool = False) -> Pooled:
        """Return the mean of all positions after the final norm, or the class token."""
        hidden: Tensor = self.model(pixel_values=x, **self._position_arguments()).last_hidden_state
        if self.kind in CLASS_TOKEN:
            return Pooled(hidden[:, 0], None)
        norm: nn.LayerNorm = getattr(self.model, FINAL_NORM[self.kind])
        vector: Tensor = norm(hidden.mean((-2, -1)))
        return shares_of_mean(hidden, norm, vector) if with_shares else Pooled(vector, None)

    def _position_arguments(self) -> dict[str, Any]:
        if self.model.config.model_type in {"vit", "siglip_vision_model"}:
            return {"interpolate_pos_encoding": True}
        return {}

    def _forward_naflex(self, x: Tensor) -> Tensor:
        n, _, height, width = x.shape
        p = self.patch
        rows, columns = height // p, width // p
        patches = x[:, :, : rows * p, : columns * p].reshape(n, 3, rows, p, columns, p)
        patches = patches.permute(0, 2, 4, 3, 5, 1).reshape(n, rows * columns, p * p * 3)
        mask = torch.ones(n, rows * columns, dtype=torch.long, device=x.device)
        shapes = torch.tensor([[rows, columns]] * n, device=x.device)
        hidden: Tensor = self.model(
            pixel_values=patches, pixel_attention_mask=mask, spatial_shapes=shapes
        ).last_hidden_state
        return hidden.transpose(1, 2).reshape(n, -1, rows, columns)


def _check_kind(name: str, pretrained: str) -> None:
    """Refuse another kind of model before its weights are matched: the library would only warn."""
    import transformers

    try:
        found = transformers.AutoConfig.from_pretrained(pretrained).model_type
    except (OSError, ValueError) as error:
        raise EncoderError(
            f"Backbone {name}: could not load {pretrained!r} (a hub id needs the network; a folder needs "
            f"config.json and model.safetensors): {str(error).splitlines()[0]}"
        ) from error
    if found != name:
        raise EncoderError(
            f"{pretrained!r} holds a {found!r} model, not {name!r}; name that backbone instead."
        )
