"""The repeated blocks of a backbone: what is compiled, computed twice or given adapters, one by one."""

from __future__ import annotations

from torch import nn


def repeated_blocks(backbone: nn.Module) -> list[tuple[str, nn.Module]]:
    """Return the innermost layers of a backbone, with their names, in order.

    The libraries name them alike: ``Dinov2Layer``, ``ConvNextLayer``, ``ConvNeXtBlock``, ``Block``, our
    ``ResidualBlock``. Between them lies one feature map, so a block is the natural unit.
    """
    named = {
        name: module
        for name, module in backbone.named_modules()
        if type(module).__name__.endswith(("Layer", "Block")) and any(True for _ in module.parameters())
    }
    return [
        (name, module)
        for name, module in named.items()
        if not any(other.startswith(f"{name}.") for other in named)
    ]
