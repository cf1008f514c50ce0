"""Low-rank adapters (Hu et al. 2021): the backbone stays as it is, small matrices beside it learn.

Training needs ``peft``; the finished encoder does not, because the adapters are added into the weights.
Checkpoints keep both apart.
"""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import nn

from gleam.encoder import EncoderModel
from gleam.errors import ConfigError
from gleam.training.blocks import repeated_blocks
from gleam.training.config import LoraConfig

_MARK = "lora_"
_ATTENTION = ("attention", "attn")


def add_adapters(model: EncoderModel, config: LoraConfig, seed: int) -> list[str]:
    """Put adapters beside linear maps of the backbone, in place; return the names of those maps.

    An adapter begins as zero, so the network gives what it gave before.

    Raises:
        ConfigError: ``peft`` is missing, or no linear map of the backbone is meant by ``targets``.
    """
    try:
        from peft import LoraConfig as PeftConfig
        from peft import inject_adapter_in_model
    except ImportError as error:
        raise ConfigError("lora needs the library peft; install gleam-geo[train].") from error
    names = _targets(model, config)
    wanted = PeftConfig(
        r=config.rank, lora_alpha=config.alpha, lora_dropout=config.dropout, target_modules=names
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        inject_adapter_in_model(wanted, model.backbone)
    return names


def is_frozen_beside_adapters(name: str) -> bool:
    """Tell whether a parameter of a network with adapters is one of those that stay as they are."""
    return name.startswith("backbone.") and _MARK not in name


def merged(model: EncoderModel) -> EncoderModel:
    """Return a copy of a network with its adapters added into the weights: a plain network again."""
    from peft.tuners.lora import LoraLayer

    plain = copy.deepcopy(model)
    for name, module in list(plain.named_modules()):
        if isinstance(module, LoraLayer):
            layer: Any = module
            layer.merge()
            parent, _, last = name.rpartition(".")
            setattr(plain.get_submodule(parent), last, layer.get_base_layer())
    for parameter in plain.parameters():
        parameter.requires_grad_(True)
    return plain


def _targets(model: EncoderModel, config: LoraConfig) -> list[str]:
    linear = [
        f"{block}.{name}"
        for block, module in repeated_blocks(model.backbone)
        for name, part in module.named_modules()
        if isinstance(part, nn.Linear)
    ]
    if not linear:
        raise ConfigError(
            f"lora: the backbone {model.config.backbone!r} has no linear maps in its blocks; leave lora out."
        )
    if config.targets == "all":
        return linear
    if config.targets == "attention":
        chosen = [name for name in linear if any(word in name.lower() for word in _ATTENTION)]
    else:
        chosen = [name for name in linear if name.rsplit(".", 1)[-1] in config.targets]
    known = sorted({name.rsplit(".", 1)[-1] for name in linear})
    unknown = [] if isinstance(config.targets, str) else sorted(set(config.targets) - set(known))
    if unknown or not chosen:
        asked = unknown[0] if unknown else str(config.targets)
        raise ConfigError(
            f"lora.targets: {asked!r} names no linear map of the backbone {model.config.backbone!r}; give "
            f"'all', 'attention' where it has attention, or some of: {', '.join(known)}."
        )
    return chosen
