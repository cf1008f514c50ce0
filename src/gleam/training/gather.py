"""Rows of all processes, with gradients that flow back to the process that made them."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, distributed


def is_distributed() -> bool:
    """Tell whether several processes train together."""
    return distributed.is_available() and distributed.is_initialized() and distributed.get_world_size() > 1


class _Gather(torch.autograd.Function):
    """Concatenate (n, ...) tensors of all processes; the backward pass adds what each sent back.

    Plain ``all_gather`` with the own slice differentiable gives wrong gradients, because a vector also
    serves as a negative for the other processes' places.
    """

    @staticmethod
    def forward(ctx: Any, rows: Tensor) -> Tensor:
        ctx.count = len(rows)
        parts = [torch.empty_like(rows) for _ in range(distributed.get_world_size())]
        distributed.all_gather(parts, rows.contiguous())
        return torch.cat(parts)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        gradient = gradients[0].contiguous().clone()
        distributed.all_reduce(gradient)
        start = distributed.get_rank() * ctx.count
        return gradient[start : start + ctx.count]


def gather_rows(vectors: Tensor, present: Tensor) -> tuple[Tensor, Tensor, int]:
    """Return the vectors (V, G, D) and flags (V, G) of all processes' places, and how many processes.

    Every process must bring the same number of places B (absent ones with ``present`` False); place
    ``b`` of process ``r`` stands at ``r * B + b``.
    """
    if not is_distributed():
        return vectors, present, 1
    rows: Tensor = _Gather.apply(vectors.transpose(0, 1))  # type: ignore[no-untyped-call]
    flags = [torch.empty_like(present.T, dtype=torch.uint8) for _ in range(distributed.get_world_size())]
    distributed.all_gather(flags, present.T.to(torch.uint8).contiguous())
    return rows.transpose(0, 1), torch.cat(flags).bool().T, distributed.get_world_size()


def average_gradients(parameters: list[torch.nn.Parameter]) -> None:
    """Replace every gradient by its mean over the processes, in one exchange.

    A parameter without gradient here (a view that this process did not see) counts as zero.
    """
    if not is_distributed():
        return
    flat = torch.cat(
        [(p.grad if p.grad is not None else torch.zeros_like(p)).reshape(-1).float() for p in parameters]
    )
    distributed.all_reduce(flat)
    flat /= distributed.get_world_size()
    for parameter, part in zip(parameters, torch.split(flat, [p.numel() for p in parameters]), strict=True):
        parameter.grad = part.view_as(parameter).to(parameter.dtype)
