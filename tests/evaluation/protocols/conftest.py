"""Tables of public data sets in small: real image files whose pixels are their vectors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gleam.imagery.decode import load_image
from gleam.places import PlaceImage, Places
from gleam.views import View

SIDE = 4


class PixelEncoder:
    """A real, tiny encoder: an image's vector is its centred pixels, whatever its view."""

    name = "pixels"
    fingerprint = "pixels-4"

    def encode(self, images, view, poses=None):
        return np.stack([load_image(i).astype(np.float32).ravel() - 127.5 for i in images])

    def encode_headings(self, image, view, pose, count=12):
        return self.encode([image], view), np.zeros(1)


class Builder:
    """Collects rows and writes their images: noisy pictures of the pattern of their place."""

    def __init__(self, root: Path, noise: float = 55.0, seed: int = 3) -> None:
        self.root = root
        self.noise = noise
        self.rng = np.random.default_rng(seed)
        self.patterns: dict[str, np.ndarray] = {}
        self.rows: list[PlaceImage] = []

    def add(self, place: str, view: View | str, count: int = 1, like: Sequence[str] = (), **columns) -> None:
        """Add ``count`` images of ``place``; ``like`` mixes in the patterns of other places."""
        pattern = np.mean([self._pattern(name) for name in (place, *like)], axis=0)
        for _ in range(count):
            noisy = np.clip(pattern + self.rng.normal(0, self.noise, pattern.shape), 0, 255)
            path = f"{view}/{len(self.rows):05d}.png"
            (self.root / str(view)).mkdir(parents=True, exist_ok=True)
            Image.fromarray(noisy.astype(np.uint8)).save(self.root / path)
            self.rows.append(PlaceImage(place=place, view=View(view), path=path, **columns))

    def _pattern(self, place: str) -> np.ndarray:
        if place not in self.patterns:
            self.patterns[place] = self.rng.uniform(40, 215, (SIDE, SIDE, 3))
        return self.patterns[place]

    def places(self) -> Places:
        """Write and read the table."""
        Places(self.rows, self.root).write(self.root)
        return Places.read(self.root)


def similarities(queries: Places, gallery: Places) -> np.ndarray:
    """Cosine similarities (Q, G), the plain way."""
    sides = []
    for rows in (queries, gallery):
        vectors = PixelEncoder().encode(rows.paths, None).astype(np.float64)
        sides.append(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
    return sides[0] @ sides[1].T


@pytest.fixture
def encoder() -> PixelEncoder:
    return PixelEncoder()


@pytest.fixture
def builder(tmp_path) -> Builder:
    return Builder(tmp_path)


@pytest.fixture(scope="session", name="similarities")
def similarities_() -> Callable[[Places, Places], np.ndarray]:
    return similarities


@pytest.fixture(scope="session", name="make_builder")
def make_builder_() -> type[Builder]:
    return Builder
