"""What the frozen encoder gives the matcher: vectors under all turns, and the regions of the upright look."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from gleam.encoder.encoder import Encoder
from gleam.encoder.normalisation import ViewRun
from gleam.explaining.student.matcher import Look
from gleam.views import View

_AT_ONCE = 128


def look_at(encoder: Encoder, squares: NDArray[np.uint8], view: View) -> Look:
    """Look at prepared squares (N, S, S, 3) of one view."""
    parts = [_look(encoder, squares[k : k + _AT_ONCE], view) for k in range(0, len(squares), _AT_ONCE)]
    return Look(torch.cat([p.vectors for p in parts]), torch.cat([p.cells for p in parts]))


def _look(encoder: Encoder, squares: NDArray[np.uint8], view: View) -> Look:
    own = np.array(squares)  # a copy: memory-mapped squares cannot be written to, which torch wants
    vectors = torch.from_numpy(np.asarray(encoder.embed(own, view), np.float32))
    return Look(vectors, _cells(encoder, own, view))


def _cells(encoder: Encoder, squares: NDArray[np.uint8], view: View) -> Tensor:
    """Return (N, C, g, g): the regions before the encoder maps them into its vector."""
    model = encoder.model
    device = next(model.parameters()).device
    with torch.inference_mode():
        pixels = torch.from_numpy(squares).permute(0, 3, 1, 2).to(device)
        model.context.runs = (ViewRun(view, len(pixels)),)
        features = model.head.reduce(model.backbone(model.normalise(pixels)))
        cells: Tensor = functional.adaptive_avg_pool2d(features, model.head.grid)
    return cells.float().cpu().clone()
