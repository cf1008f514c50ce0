"""Activation checkpointing: a block's activations are computed again in the backward pass, not kept.

The gradients are the same: random layers draw the same numbers, and the running statistics of
normalisation move once, since the second pass writes into copies of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from gleam.encoder import EncoderModel, ViewRun
from gleam.encoder.normalisation import RunContext
from gleam.errors import ConfigError
from gleam.training.blocks import repeated_blocks


def recompute_activations(model: EncoderModel) -> int:
    """Make every block of the backbone keep its input only; return how many blocks there are.

    Weights, names and results stay as they are. Copy the model before, not after: a copy would call the
    blocks of the original.

    Raises:
        ConfigError: The backbone has no blocks to do this with.
    """
    blocks = repeated_blocks(model.backbone)
    if not blocks:
        raise ConfigError(
            f"checkpoint_activations: the backbone {model.config.backbone!r} has no repeated blocks; "
            "set it to false, or set chunk to save memory."
        )
    for _, block in blocks:
        block.forward = _twice(block, block.forward, model.context)
    return len(blocks)


def _twice(block: nn.Module, forward: Callable[..., Any], context: RunContext) -> Callable[..., Any]:
    def run(*arguments: Any, **named: Any) -> Any:
        if not torch.is_grad_enabled():
            return forward(*arguments, **named)
        runs = context.runs

        def contexts() -> tuple[AbstractContextManager[None], AbstractContextManager[None]]:
            return nullcontext(), _second_pass(block, context, runs)

        return checkpoint(forward, *arguments, use_reentrant=False, context_fn=contexts, **named)

    return run


@contextmanager
def _second_pass(block: nn.Module, context: RunContext, runs: tuple[ViewRun, ...]) -> Iterator[None]:
    """Show the block the runs of its first pass, and copies of its buffers to write into."""
    # On CUDA the backward pass has a thread of its own, which knows of no runs.
    before, context.runs = context.runs, runs
    kept: list[tuple[nn.Module, dict[str, Tensor | None]]] = []
    for module in block.modules():
        if module._buffers:
            kept.append((module, dict(module._buffers)))
            module._buffers.update({k: b.clone() for k, b in module._buffers.items() if b is not None})
    try:
        yield
    finally:
        for module, buffers in kept:
            module._buffers.update(buffers)
        context.runs = before
