"""The loop that every part of a student is trained by: it can be killed at any moment and goes on the same.

All that is random in a step (which examples, how they are varied, what dropout drops) follows from the
seed, the part and the number of the step, so a checkpoint needs no random state.
"""

from __future__ import annotations

import contextlib
import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from gleam.errors import GleamError
from gleam.explaining.student.config import LengthConfig
from gleam.progress import progress
from gleam.training.checkpoint import (
    Checkpoint,
    flatten,
    load_strictly,
    newest_checkpoint,
    optimiser_tensors,
    restore_optimiser,
    save_checkpoint,
)
from gleam.training.journal import Journal

CLIP_NORM = 1.0
_LOG_EVERY = 50


@dataclass(frozen=True)
class Setting:
    """What all parts share. seed: of everything random. every: steps between checkpoints. bf16: precision."""

    folder: Path
    seed: int
    every: int
    bf16: bool


Step = Callable[[int, torch.Generator], Tensor]


def train_part(
    part: str,
    model: nn.Module,
    length: LengthConfig,
    step: Step,
    setting: Setting,
    *,
    slower: Sequence[tuple[nn.Module, float]] = (),
) -> list[float]:
    """Train a module from where its last checkpoint ends; return the losses of this run's steps.

    Args:
        part: Its name: of the folder of its checkpoints, and for the seed.
        model: What is trained; left in evaluation mode.
        length: Steps, rate and decay.
        step: Gives the loss of a step; draws only from the generator it is handed.
        setting: What all parts share.
        slower: Submodules trained at a share of the rate; 0 freezes one.

    Raises:
        GleamError: The loss is not finite, or the checkpoint is of another student.
    """
    folder = setting.folder / part
    folder.mkdir(parents=True, exist_ok=True)
    groups = _groups(model, length.weight_decay, slower)
    optimiser = torch.optim.AdamW(groups, lr=length.rate, betas=(0.9, 0.98))
    done = _resume(part, folder, model, optimiser)
    losses: list[float] = []
    journal = Journal(folder / "log.jsonl")
    model.train()
    try:
        with progress(f"Training the {part}", length.steps) as bar, torch.random.fork_rng(devices=[]):
            bar.advance(done)
            for number in range(done, length.steps):
                rate = rate_at(length, number)
                for group in optimiser.param_groups:
                    group["lr"] = rate * group["share"]
                torch.manual_seed(seed_of(setting.seed, part, number))
                generator = torch.Generator().manual_seed(seed_of(setting.seed, f"{part} data", number))
                optimiser.zero_grad(set_to_none=True)
                with autocast(setting.bf16):
                    loss = step(number, generator)
                loss.backward()  # type: ignore[no-untyped-call]
                nn.utils.clip_grad_norm_(model.parameters(), CLIP_NORM)
                optimiser.step()
                losses.append(float(loss.detach()))
                if not math.isfinite(losses[-1]):
                    raise GleamError(
                        f"The loss of the {part} is not finite at step {number}; lower its rate."
                    )
                last = number + 1 == length.steps
                if last or (number + 1) % _LOG_EVERY == 0:
                    recent = losses[-_LOG_EVERY:]
                    journal.write(
                        "step",
                        part=part,
                        step=number + 1,
                        loss=round(sum(recent) / len(recent), 5),
                        rate=rate,
                    )
                if last or (number + 1) % setting.every == 0:
                    _save(folder, number + 1, model, optimiser)
                bar.advance()
    finally:
        journal.close()
        model.eval()
    return losses


def rate_at(length: LengthConfig, step: int) -> float:
    """Return the learning rate of a step: a rising line, then a half cosine down to nothing."""
    warm = round(length.warmup * length.steps)
    if step < warm:
        return length.rate * (step + 1) / (warm + 1)
    return length.rate * 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, length.steps - warm)))


def seed_of(seed: int, what: str, number: int) -> int:
    """Return a seed of its own for a purpose and a step."""
    digest = hashlib.sha256(f"{seed}|{what}|{number}".encode()).digest()
    return int.from_bytes(digest[:7], "big")


def autocast(bf16: bool) -> contextlib.AbstractContextManager[Any]:
    """Compute in bfloat16 where that is safe, or leave everything in float32."""
    return torch.autocast("cpu", torch.bfloat16) if bf16 else contextlib.nullcontext()


def _groups(
    model: nn.Module, decay: float, slower: Sequence[tuple[nn.Module, float]]
) -> list[dict[str, Any]]:
    shares = {id(p): share for module, share in slower for p in module.parameters()}
    sorted_in: dict[tuple[float, bool], list[nn.Parameter]] = {}
    for parameter in model.parameters():
        share = shares.get(id(parameter), 1.0)
        parameter.requires_grad_(share > 0)
        if share > 0:
            sorted_in.setdefault((share, parameter.ndim > 1), []).append(parameter)
    return [
        {"params": parameters, "share": share, "weight_decay": decay if matrices else 0.0}
        for (share, matrices), parameters in sorted_in.items()
    ]


def _resume(part: str, folder: Path, model: nn.Module, optimiser: torch.optim.Optimizer) -> int:
    checkpoint = newest_checkpoint(folder)
    if checkpoint is None:
        return 0
    load_strictly(model, checkpoint.group("model"), part)
    restore_optimiser(optimiser, checkpoint.group("optimiser"))
    return int(checkpoint.state["step"])


def _save(folder: Path, number: int, model: nn.Module, optimiser: torch.optim.Optimizer) -> None:
    tensors = flatten({"model": model.state_dict(), "optimiser": optimiser_tensors(optimiser)})
    save_checkpoint(folder, number, Checkpoint(tensors, {"step": number}), keep=2)
