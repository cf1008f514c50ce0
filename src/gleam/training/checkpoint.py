"""Checkpoints: everything a training needs to go on as if it had never stopped, in one safetensors file.

Random states are not in it: all that is random in a step follows from seed, phase and step.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from gleam.errors import GleamError
from gleam.files import atomic_write

FORMAT = 1
_PREFIX = "step-"


@dataclass(frozen=True)
class Checkpoint:
    """tensors: by dotted name, see :func:`flatten`. state: plain JSON-ready data."""

    tensors: dict[str, Tensor]
    state: dict[str, Any]

    def group(self, name: str) -> dict[str, Tensor]:
        """Return the tensors stored under ``name``, without that prefix."""
        prefix = f"{name}/"
        return {k.removeprefix(prefix): v for k, v in self.tensors.items() if k.startswith(prefix)}


def flatten(groups: Mapping[str, Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """Return one dictionary with names ``group/name``, copied to the CPU."""
    return {
        f"{group}/{name}": tensor.detach().cpu().contiguous().clone()
        for group, tensors in groups.items()
        for name, tensor in tensors.items()
    }


def optimiser_tensors(optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Return the state of an optimiser as tensors named ``parameter-number.field``."""
    tensors = {}
    for number, fields in optimiser.state_dict()["state"].items():
        for name, value in fields.items():
            tensors[f"{number}.{name}"] = torch.as_tensor(value)
    return tensors


def restore_optimiser(optimiser: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """Give back what :func:`optimiser_tensors` took; learning rates are set anew in each step."""
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        number, _, name = key.partition(".")
        state.setdefault(int(number), {})[name] = value
    optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})


def save_checkpoint(folder: Path, step: int, checkpoint: Checkpoint, keep: int) -> Path:
    """Write a checkpoint whole or not at all, then remove all but the newest ``keep``.

    Raises:
        GleamError: The disk is full; earlier checkpoints stay.
    """
    path = folder / f"{_PREFIX}{step:09d}.safetensors"
    header = json.dumps({"format": FORMAT, **checkpoint.state})
    with atomic_write(path) as temporary:
        try:
            save_file(checkpoint.tensors, temporary, metadata={"state": header})
        except SafetensorError as error:
            # The library wraps the system's error; give it back its kind, so that it is told plainly.
            if "No space left" in str(error):
                raise OSError(28, "No space left on device", str(path)) from error
            raise
    for old in _all(folder)[:-keep]:
        old.unlink(missing_ok=True)
    return path


def newest_checkpoint(folder: Path) -> Checkpoint | None:
    """Read the newest checkpoint of a folder; None when there is none.

    Raises:
        GleamError: It cannot be read, or another version of GLEAM wrote it.
    """
    found = _all(folder)
    if not found:
        return None
    path = found[-1]
    try:
        with safe_open(path, framework="pt") as file:
            state = json.loads((file.metadata() or {})["state"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no mapping)
    except (SafetensorError, OSError, KeyError, json.JSONDecodeError) as error:
        raise GleamError(
            f"The checkpoint {path} cannot be read ({error}); remove it to use the one before."
        ) from error
    if state.get("format") != FORMAT:
        raise GleamError(
            f"The checkpoint {path} has format {state.get('format')!r}, not {FORMAT}; start anew."
        )
    return Checkpoint(tensors, state)


def load_strictly(module: nn.Module, tensors: Mapping[str, Tensor], what: str) -> None:
    """Load weights; raise a ``GleamError`` naming the first key that is missing, unknown or misshapen."""
    own = module.state_dict()
    for name in [*own, *tensors]:
        if name not in own or name not in tensors or own[name].shape != tensors[name].shape:
            raise GleamError(f"The checkpoint's {what} does not fit the configuration, first at {name!r}.")
    module.load_state_dict(dict(tensors), strict=True)


def _all(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"{_PREFIX}*.safetensors")) if folder.is_dir() else []


def parameter_groups(
    named: Iterable[tuple[str, nn.Parameter]],
    weight_decay: float,
    freeze: Iterable[str],
    frozen: Callable[[str], bool] | None = None,
) -> list[dict[str, Any]]:
    """Return the trained parameters in two groups: matrices with weight decay, the rest without.

    Parameters whose name begins with one of ``freeze``, or that ``frozen`` says so of, are not trained.

    Raises:
        GleamError: A name to freeze begins no parameter's name.
    """
    decayed: list[nn.Parameter] = []
    free: list[nn.Parameter] = []
    prefixes = list(freeze)
    matched = set()
    for name, parameter in named:
        frozen_by = [prefix for prefix in prefixes if name.startswith(prefix)]
        matched.update(frozen_by)
        trained = not frozen_by and not (frozen is not None and frozen(name))
        parameter.requires_grad_(trained)
        if trained:
            (decayed if parameter.ndim > 1 else free).append(parameter)
    for prefix in prefixes:
        if prefix not in matched:
            raise GleamError(f"freeze: no parameter's name begins with {prefix!r}.")
    return [{"params": decayed, "weight_decay": weight_decay}, {"params": free, "weight_decay": 0.0}]
