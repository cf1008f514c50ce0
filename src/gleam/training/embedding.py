"""Vectors of whole sets of places, for recall and for mining look-alikes."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gleam.encoder import EncoderModel, ViewRun
from gleam.errors import EncoderError
from gleam.progress import progress
from gleam.training.dataset import PlaceSet
from gleam.training.runtime import Runtime
from gleam.views import View

_BATCH = 128


@torch.inference_mode()
def embed_places(
    model: EncoderModel, places: PlaceSet, view: View, which: NDArray[np.int64], runtime: Runtime
) -> Tensor:
    """Return the float32 unit vectors (n, D), on the CPU, of the first image of ``view`` of each place.

    Raises:
        EncoderError: The network gives values that are not finite; names the first place.
    """
    was_training = model.training
    model.eval()
    rows = places.rows(which, view)
    parts = []
    try:
        with progress(f"Embedding {view.value} images", len(rows)) as bar:
            for start in range(0, len(rows), _BATCH):
                chunk = rows[start : start + _BATCH]
                squares = torch.from_numpy(places.stores[view].read(chunk))
                images = model.normalise(squares.permute(0, 3, 1, 2).contiguous().to(runtime.device))
                with runtime.autocast():
                    vectors = model(images, (ViewRun(view, len(chunk)),))
                parts.append(vectors.float().cpu())
                bar.advance(len(chunk))
    finally:
        model.train(was_training)
    vectors = torch.cat(parts)
    bad = (~vectors.isfinite().all(1)).nonzero()
    if len(bad):
        name = places.names[int(which[int(bad[0])])]
        raise EncoderError(
            f"The network gives values that are not finite for {len(bad)} {view.value} images, such as "
            f"that of place {name}; the learning rate is probably too high."
        )
    return vectors
