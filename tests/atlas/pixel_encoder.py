"""A tiny encoder without weights, for tests: the grey layout of the square is its vector.

It does what an encoder promises (unit vectors, regional shares that add up to them, a fingerprint) in a
few lines of numpy, so that a match can be predicted and a process starts without torch.
"""

from __future__ import annotations

import numpy as np

from gleam.imagery.preparation import Preparation

GRID = 4
CELLS = 16


class PixelEncoder:
    """Vector: the square's grey values in 16 x 16 cells, less their mean, scaled to length 1."""

    def __init__(
        self, name: str = "pixels", fingerprint: str = "f1e2d3c4b5a69788", ground_width_m: float = 128.0
    ) -> None:
        self.name = name
        self.fingerprint = fingerprint
        self.preparation = Preparation(pixels=32, ground_width_m=ground_width_m)
        self.dim = CELLS * CELLS
        self.calibration: dict[str, object] = {}
        self.embedded = 0

    def embed(self, prepared, view, patches=False):
        self.embedded += len(prepared)
        grey = prepared.astype(np.float64).mean(-1)
        k = grey.shape[1] // CELLS
        cells = grey.reshape(len(grey), CELLS, k, CELLS, k).mean((2, 4))
        cells -= cells.mean((1, 2), keepdims=True)
        flat = cells.reshape(len(cells), -1)
        length = np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-9)
        vectors = (flat / length).astype(np.float32)
        if not patches:
            return vectors
        shares = np.zeros((len(vectors), GRID, GRID, self.dim), np.float32)
        step = CELLS // GRID
        layout = vectors.reshape(-1, CELLS, CELLS)
        for i in range(GRID):
            for j in range(GRID):
                rows, columns = slice(i * step, (i + 1) * step), slice(j * step, (j + 1) * step)
                part = np.zeros_like(layout)
                part[:, rows, columns] = layout[:, rows, columns]
                shares[:, i, j] = part.reshape(len(vectors), -1)
        return vectors, shares
