"""Lets torchvision be imported beside a torch without CUDA, where its build from PyPI fails.

That build needs CUDA libraries for its compiled operators; without them the operators ``nms`` and ``qnms``
are never declared, and the import stops where it describes them. timm needs neither of the two. So they are
declared here, without an implementation, before torchvision is first imported; nothing else is changed, and
calling them still fails.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

_BOXES = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
_kept: list[Any] = []
"""The library object: the declarations end with it."""


def make_importable() -> None:
    """Declare the two operators if torchvision is installed, not imported yet, and cannot declare them."""
    import torch

    if _kept or "torchvision" in sys.modules or torch.version.cuda is not None:
        return
    found = importlib.util.find_spec("torchvision")
    if found is None or _operators_load(found.submodule_search_locations or []):
        return
    library = torch.library.Library("torchvision", "FRAGMENT")  # type: ignore[no-untyped-call]
    for name in ("nms", "qnms"):
        library.define(f"{name}{_BOXES}")  # type: ignore[no-untyped-call]
    _kept.append(library)


def _operators_load(folders: list[str]) -> bool:
    """Tell whether the compiled operators load, as they do when the two builds belong together."""
    import torch

    for extension in (file for folder in folders for file in Path(folder).glob("_C.*")):
        try:
            torch.ops.load_library(str(extension))  # type: ignore[no-untyped-call]
        except OSError:
            return False
    return hasattr(torch.ops.torchvision, "nms")
