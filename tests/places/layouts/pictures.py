"""Tiny pictures, each another one, so that none is a duplicate."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from PIL import Image

SIDE = 16


def picture(file: Path, size: tuple[int, int] = (SIDE, SIDE)) -> Path:
    """Write a picture whose pixels follow from its path; the suffix decides the format."""
    file.parent.mkdir(parents=True, exist_ok=True)
    seed = int.from_bytes(hashlib.sha256(str(file).encode()).digest()[:8])
    pixels = np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(file)
    return file
