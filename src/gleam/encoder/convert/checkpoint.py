"""Reading a PyTorch checkpoint: the only place of GLEAM where such a file is opened.

``weights_only`` lets nothing but tensors and plain containers through, so no code of the file is run.
"""

from __future__ import annotations

import pickle
import warnings
from pathlib import Path
from typing import Any

from torch import Tensor

from gleam.errors import EncoderError

MODULE = "module."
"""What data-parallel training puts before every key; left in place, no key would match."""
WRAPPERS = ("state_dict", "model_state_dict", "model", "net")
"""Keys under which trainers put the weights when they save more than the weights."""


def read_checkpoint(path: Path) -> tuple[dict[str, Tensor], list[str]]:
    """Return the tensors of a checkpoint by name, and notes on what surrounded them.

    Raises:
        EncoderError: The file is missing or damaged, holds more than tensors, or no tensors.
    """
    content, notes = _load(path), []
    for key in WRAPPERS:
        inner = content.get(key) if isinstance(content, dict) else None
        if isinstance(inner, dict) and any(isinstance(value, Tensor) for value in inner.values()):
            left = sorted(str(name) for name in content if name != key)
            notes.append(f"the weights lay under {key!r}" + (f", beside {', '.join(left)}" if left else ""))
            content = inner
            break
    if not isinstance(content, dict) or not content:
        raise EncoderError(f"{path} holds no weights by name, but {type(content).__name__}.")
    strange = [name for name, value in content.items() if not isinstance(value, Tensor)]
    if strange:
        raise EncoderError(
            f"{path}: {strange[0]!r} is {type(content[strange[0]]).__name__}, not a tensor; save the "
            "state_dict of the network alone."
        )
    weights = {str(name): value for name, value in content.items()}
    if all(name.startswith(MODULE) for name in weights):
        weights = {name.removeprefix(MODULE): value for name, value in weights.items()}
        notes.append(f"{MODULE!r} before every name was taken off (data-parallel training)")
    return weights, notes


def _load(path: Path) -> Any:
    import torch

    if not path.is_file():
        raise EncoderError(f"The checkpoint {path} does not exist.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise EncoderError(
            f"{path} is no checkpoint, or holds more than weights, and code in it is never run; save the "
            "network's state_dict alone and convert that."
        ) from error
    except Exception as error:  # a damaged file can fail anywhere in the reader
        raise EncoderError(
            f"{path} is no PyTorch checkpoint, or damaged ({type(error).__name__}); download it again."
        ) from error
