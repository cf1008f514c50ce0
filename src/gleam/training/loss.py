"""Symmetric InfoNCE between views, exact on any number of processes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from gleam.training.config import LossConfig
from gleam.training.gather import gather_rows
from gleam.views import View


@dataclass(frozen=True)
class ViewPairs:
    """Pairs of view positions that are compared, and the weight of each (P,)."""

    left: tuple[int, ...]
    right: tuple[int, ...]
    weight: tuple[float, ...]


def view_pairs(views: Sequence[View], config: LossConfig) -> ViewPairs:
    """Return the pairs of views that the loss compares; ``views[0]`` is the satellite view."""
    left, right, weight = [], [], []
    for j in range(1, len(views)):
        own = config.view_weights.get(views[j].value, 1.0)
        left.append(j)
        right.append(0)
        weight.append(own)
        if config.anchor == "all":
            for i in range(1, j):
                left.append(j)
                right.append(i)
                weight.append(config.other_pairs * own * config.view_weights.get(views[i].value, 1.0))
    return ViewPairs(tuple(left), tuple(right), tuple(weight))


def contrastive_loss(
    vectors: Tensor,
    present: Tensor,
    clash: Tensor,
    scale: Tensor,
    pairs: ViewPairs,
    *,
    label_smoothing: float = 0.0,
    first_place: int = 0,
) -> Tensor:
    """Return the loss of this process's places against the places of ALL processes.

    Each compared pair of views gives two questions per place: which image of the other view is of my
    place? The answers are scored by cross entropy; images that are missing, and places that overlap
    the asked one, are no candidates. The mean over the processes of the returned values, and of their
    gradients, equals loss and gradient of one process with the whole batch.

    Args:
        vectors: (V, B, D) unit vectors of the B places of this process, satellite first. What stands
            where an image is missing does not matter.
        present: (V, B) bool, whether there is an image.
        clash: (G, G) bool over the places of all processes, True for pairs that overlap on the ground
            and so are no negatives; the diagonal is ignored.
        scale: Inverse temperature, a scalar.
        pairs: From :func:`view_pairs`.
        label_smoothing: Share of the target spread evenly over the candidates.
        first_place: Position of this process's first place among all G.

    Returns:
        A scalar; zero when no place has both views of any pair.
    """
    everyone, everyone_present, world = gather_rows(vectors, present)
    count = vectors.shape[1]
    own = torch.arange(first_place, first_place + count, device=vectors.device)
    allowed = ~clash[own]
    allowed[torch.arange(count, device=own.device), own] = True

    left = torch.tensor(pairs.left + pairs.right, device=vectors.device)
    right = torch.tensor(pairs.right + pairs.left, device=vectors.device)
    weight = torch.tensor(pairs.weight + pairs.weight, device=vectors.device, dtype=torch.float32)

    logits = scale * torch.bmm(vectors[left], everyone[right].transpose(1, 2))  # (2P, B, G)
    candidate = allowed & everyone_present[right][:, None, :]
    log_share = logits.masked_fill(~candidate, float("-inf")).log_softmax(-1)

    asked = present[left] & present[right]
    target = own.expand(len(left), -1)[..., None]
    right_one = log_share.gather(-1, target)[..., 0]
    if label_smoothing:
        # Only over candidates: a masked one has log share -inf, which no smoothing may touch.
        spread = torch.where(candidate, log_share, 0.0).sum(-1) / candidate.sum(-1).clamp(min=1)
        right_one = (1.0 - label_smoothing) * right_one + label_smoothing * spread
    answered = torch.where(asked, right_one, 0.0).sum(-1)
    questions = (everyone_present[left] & everyone_present[right]).sum(-1)
    weight = weight * (questions > 0)
    per_pair = -world * answered / questions.clamp(min=1)
    return (weight * per_pair).sum() / weight.sum().clamp(min=1e-12)
