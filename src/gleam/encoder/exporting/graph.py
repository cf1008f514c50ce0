"""The whole way from prepared pixels to vectors as one network, for one view."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gleam.encoder.model import EncoderModel
from gleam.encoder.normalisation import ViewNorm, ViewRun
from gleam.views import View


class EncoderGraph(nn.Module):
    """Uint8 pictures (N, H, W, 3) of one view become float32 unit vectors (N, D).

    Normalising the pixels and the looks under several turns are inside, so that a user of the file has
    nothing to do but prepare pictures.
    """

    def __init__(self, model: EncoderModel, view: View) -> None:
        super().__init__()
        self.model = model.eval()
        self.view = view
        self.turns = model.config.turns
        self.scale = float(self.turns**-0.5)

    def forward(self, pictures: Tensor) -> Tensor:
        """Return the vectors; see :meth:`gleam.encoder.Encoder.embed`."""
        pixels = pictures.permute(0, 3, 1, 2)
        if self.turns > 1:
            quarters = 4 // self.turns
            pixels = torch.cat([torch.rot90(pixels, turn * quarters, (2, 3)) for turn in range(self.turns)])
        vectors: Tensor = self.model(self.model.normalise(pixels), (ViewRun(self.view, len(pixels)),))
        if self.turns == 1:
            return vectors
        joined: Tensor = torch.cat(torch.chunk(vectors, self.turns), 1) * self.scale
        return joined


def views_alike(model: EncoderModel, view: View) -> list[View]:
    """Return the views that one file serves: those of one size, where no statistics are kept per view."""
    if any(isinstance(module, ViewNorm) and module.per_view for module in model.modules()):
        return [view]
    size = model.config.preparation.size(view)
    return [other for other in View if model.config.preparation.size(other) == size]
