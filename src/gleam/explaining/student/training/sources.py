"""The sources of a training made ready: pictures, their prepared squares, what the encoder finds in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file

from gleam.encoder.encoder import Encoder
from gleam.explaining.student.config import SeerConfig, StudentConfig
from gleam.explaining.student.looking import look_at
from gleam.explaining.student.matcher import Look
from gleam.explaining.student.pairs import draw_pairs
from gleam.explaining.student.pictures import PairTable, Pictures, read_pictures
from gleam.files import atomic_write
from gleam.imagery.preparation import Preparation
from gleam.places.table import Places
from gleam.training.images import default_cache, prepared_images
from gleam.views import View


@dataclass(frozen=True)
class Source:
    """A city or a benchmark, ready to learn from.

    folder: where it lies. pictures: its rows. squares: per view the seer's squares (n, S, S, 3) with the
    row numbers they belong to and whether north is up in them. look: what the encoder found, row by row.
    """

    folder: str
    pictures: Pictures
    squares: dict[View, tuple[NDArray[np.int64], NDArray[np.uint8], NDArray[np.bool_]]]
    look: Look

    def pairs(self, config: StudentConfig, rounds: int, seed: int) -> PairTable:
        """Return the benchmark's pairs, or ``rounds`` draws of a city's."""
        if self.pictures.pairs is not None:
            return self.pictures.pairs
        rng = np.random.default_rng(seed)
        vectors = self.look.vectors.numpy()
        drawn = [draw_pairs(self.pictures.places, vectors, config.match, rng) for _ in range(rounds)]
        return PairTable(
            np.concatenate([d.query for d in drawn]),
            np.concatenate([d.tile for d in drawn]),
            np.concatenate([d.match for d in drawn]),
            np.concatenate([d.tier for d in drawn]),
        )


def open_sources(folders: Sequence[str], split: str, encoder: Encoder, config: StudentConfig) -> list[Source]:
    """Read folders and prepare their pictures; what was prepared before comes from the cache."""
    cache = config.cache or default_cache()
    return [_open(folder, split, encoder, config, cache) for folder in folders]


def seer_preparation(encoder: Encoder, seer: SeerConfig) -> Preparation:
    """Return how pictures are prepared for the seer: like the encoder's, in size and width its own."""
    return replace(encoder.preparation, pixels=seer.pixels, ground_width_m=seer.ground_width_m)


def _open(folder: str, split: str, encoder: Encoder, config: StudentConfig, cache: Path) -> Source:
    pictures = read_pictures(folder, split)
    views = pictures.places.column("view")
    own = seer_preparation(encoder, config.seer)
    squares: dict[View, tuple[NDArray[np.int64], NDArray[np.uint8], NDArray[np.bool_]]] = {}
    looks: list[tuple[NDArray[np.int64], Look]] = []
    for view in View:
        rows = np.flatnonzero(views == view.value)
        if not len(rows):
            continue
        part = pictures.places.take(rows)
        prepared = prepared_images(part, view, own, cache, workers=1)
        squares[view] = (rows, prepared.pixels, prepared.north_up)
        looks.append((rows, _cached_look(part, view, encoder, cache)))
    return Source(folder, pictures, squares, _joined(looks, len(pictures)))


def _cached_look(places: Places, view: View, encoder: Encoder, cache: Path) -> Look:
    prepared = prepared_images(places, view, encoder.preparation, cache, workers=1)
    # The squares lie in a folder named after their content; what is found in them is named after both.
    folder = Path(str(getattr(prepared.pixels, "filename", cache / view.value / "pixels"))).parent
    file = cache / f"{folder.name}-{encoder.fingerprint}.safetensors"
    if not file.is_file():
        look = look_at(encoder, np.asarray(prepared.pixels), view)
        stored = {"vectors": look.vectors.contiguous(), "cells": look.cells.half().contiguous()}
        with atomic_write(file) as temporary:
            save_file(stored, temporary)
    tensors = load_file(file)
    return Look(tensors["vectors"], tensors["cells"].float())


def _joined(looks: list[tuple[NDArray[np.int64], Look]], count: int) -> Look:
    first = looks[0][1]
    vectors = torch.zeros((count, first.vectors.shape[1]))
    cells = torch.zeros((count, *first.cells.shape[1:]))
    for rows, look in looks:
        index = torch.from_numpy(rows)
        vectors[index], cells[index] = look.vectors, look.cells
    return Look(vectors, cells)
