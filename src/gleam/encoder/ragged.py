"""Batches whose pictures have several sizes: raw panoramas are wider than the squares of other views."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor


class Ragged:
    """Pictures in parts of one size each, (n, 3, H, W), which are numbered and cut like one tensor."""

    def __init__(self, parts: Sequence[Tensor]) -> None:
        self.parts = tuple(parts)

    def __len__(self) -> int:
        """Return the number of pictures."""
        return sum(len(part) for part in self.parts)

    def __getitem__(self, span: slice) -> Ragged:
        """Return the pictures ``span.start`` to ``span.stop``, without empty parts."""
        first, last, step = span.indices(len(self))
        if step != 1:
            raise ValueError("A ragged batch is cut into consecutive pictures only.")
        kept, begun = [], 0
        for part in self.parts:
            inside = part[max(first - begun, 0) : max(last - begun, 0)]
            if len(inside):
                kept.append(inside)
            begun += len(part)
        return Ragged(kept)

    @property
    def device(self) -> torch.device:
        """Where the pictures are."""
        return self.parts[0].device

    def to(self, device: torch.device) -> Ragged:
        """Return the same on another device."""
        return self.map(lambda part: part.to(device))

    def map(self, change: Callable[[Tensor], Tensor]) -> Ragged:
        """Return the batch with every part changed; the numbers of pictures stay."""
        return Ragged([change(part) for part in self.parts])


Pictures = Tensor | Ragged


def joined(parts: Sequence[Tensor]) -> Pictures:
    """Return one tensor when all parts have one size, else a ragged batch."""
    if len({part.shape[1:] for part in parts}) == 1:
        return torch.cat(list(parts))
    return Ragged([part for part in parts if len(part)])
