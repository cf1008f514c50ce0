"""An exponential average of the weights: smoother than the last step's, at no cost in training."""

from __future__ import annotations

import copy

import torch

from gleam.encoder import EncoderModel


class WeightAverage:
    """Follows a model; ``model`` holds the average.

    Early on the average follows faster, so that a short training does not keep its first weights.
    """

    def __init__(self, model: EncoderModel, decay: float) -> None:
        """Start from the weights as they are."""
        self.model = copy.deepcopy(model).eval().requires_grad_(False)
        self.decay = decay
        self.updates = 0

    @torch.no_grad()
    def update(self, model: EncoderModel) -> None:
        """Move the average, running statistics included, towards the model."""
        self.updates += 1
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        own, new = list(self.model.state_dict().values()), list(model.state_dict().values())
        floats = [(a, b) for a, b in zip(own, new, strict=True) if a.is_floating_point()]
        torch._foreach_lerp_([a for a, _ in floats], [b for _, b in floats], 1.0 - decay)
        for a, b in zip(own, new, strict=True):
            if not a.is_floating_point():
                a.copy_(b)
