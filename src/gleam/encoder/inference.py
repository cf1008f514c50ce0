"""The fast form of a network whose weights stand still, where its backbone has one.

``GLEAM_EXACT=1`` in the environment runs the plain network instead, as training does.
"""

from __future__ import annotations

import os
from collections.abc import Callable

import torch
from torch import Tensor

from gleam.encoder.model import EncoderModel, ViewRun
from gleam.encoder.pooling import HeadOutput
from gleam.views import View

EXACT = "GLEAM_EXACT"
"""Environment variable: any value but an empty one or 0 leaves the fast forms out."""


class InferenceForms:
    """The fast forms of one network by view, made when first needed and again when a weight has changed."""

    def __init__(self) -> None:
        self._forms: dict[View, tuple[tuple[int, ...], Callable[[Tensor], Tensor]]] = {}
        self._weights: tuple[object, list[Tensor]] = (None, [])

    def __getstate__(self) -> dict[str, object]:
        """Leave the forms out: whoever receives a copy makes its own."""
        return {}

    def __setstate__(self, _: dict[str, object]) -> None:
        """Begin without forms."""
        self._forms, self._weights = {}, (None, [])

    def run(self, model: EncoderModel, pixels: Tensor, view: View, *, with_regions: bool) -> HeadOutput:
        """Return what the network in evaluation mode says of uint8 (N, 3, S, S) squares of one view."""
        runs = (ViewRun(view, len(pixels)),)
        fusible = pixels.device.type == "cpu" and model.config.head == "layout"
        form = self._form(model, view) if fusible else None
        if form is None:
            forward = model.forward_regions if with_regions else model.forward_vectors
            return forward(model.normalise(pixels), runs)
        model.context.runs = runs
        output: HeadOutput = model.head(form(pixels), with_regions)
        return output

    def _form(self, model: EncoderModel, view: View) -> Callable[[Tensor], Tensor] | None:
        if os.environ.get(EXACT, "0") not in ("", "0"):
            return None
        # Walking over the modules takes as long as encoding a square; what is learnt changes in place.
        if self._weights[0] is not model.backbone:
            self._weights = model.backbone, [*model.backbone.parameters(), *model.backbone.buffers()]
        weights = tuple(tensor._version for tensor in self._weights[1])
        known = self._forms.get(view)
        if known is None or known[0] != weights:
            form = model.backbone.inference_form(view, inference_dtype())
            if form is None:
                return None
            known = self._forms[view] = weights, form
        return known[1]


def inference_dtype() -> torch.dtype:
    """Return bfloat16 where this CPU has matrix units for it, else float32."""
    return torch.bfloat16 if torch.cpu._is_amx_tile_supported() else torch.float32
