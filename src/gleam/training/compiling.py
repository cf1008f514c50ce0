"""Compiling the blocks of a network, where a compiler is at hand.

Block by block, since equal blocks then share one compilation: seconds instead of minutes.
"""

from __future__ import annotations

from typing import Any

import torch

from gleam.encoder import EncoderModel
from gleam.encoder.normalisation import ViewNorm
from gleam.progress import say
from gleam.training.blocks import repeated_blocks


def compile_blocks(model: EncoderModel, device: torch.device) -> int:
    """Compile every block of the backbone; return how many, 0 where this machine cannot compile.

    Results equal those of the plain network to float tolerance. Copy the model before, not after.
    """
    blocks = repeated_blocks(model.backbone)
    problem = _problem(device) if blocks else f"the backbone {model.config.backbone!r} has no repeated blocks"
    if problem:
        say(f"compile: {problem}; going on without it, with the same results.")
        return 0
    for _, block in blocks:
        for module in block.modules():
            if isinstance(module, ViewNorm):
                # Which statistics it takes follows from the runs, which change from step to step: a
                # compiler would have to look at them anew each time.
                plain: Any = torch.compiler.disable(module.forward)  # type: ignore[no-untyped-call]
                module.forward = plain  # type: ignore[method-assign]
        block.forward = torch.compile(block.forward)
    return len(blocks)


def _problem(device: torch.device) -> str | None:
    """Compile one addition and say in a few words why that fails, if it does."""

    def add(x: Any) -> Any:
        return x + 1

    try:
        torch.compile(add)(torch.zeros(8, device=device))
    except Exception as error:  # many kinds: no compiler, no Python headers, no triton
        lines = [line for line in str(error).splitlines() if line.strip()]
        return (
            f"torch cannot compile here ({type(error).__name__}: {lines[0] if lines else 'no reason given'})"
        )
    return None
