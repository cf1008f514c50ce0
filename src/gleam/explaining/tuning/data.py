"""Questions as a data set, and batches of them with the tokens that are learned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gleam.explaining.local.adapter import missing_extra
from gleam.explaining.local.chat import Chat, to_inputs
from gleam.explaining.tuning.examples import Example

NOT_LEARNED = -100
"""Label of a token that adds nothing to the loss (torch's own default)."""


def make_dataset(examples: Sequence[Example]) -> Any:
    """Return a data set of plain rows: turns as text and pictures as paths, which are decoded in batches.

    Raises:
        GleamError: The library datasets is not installed.
    """
    try:
        from datasets import Dataset
    except ImportError:
        raise missing_extra("datasets", "Tunings") from None
    return Dataset.from_list([example.row() for example in examples])


class Collator:
    """Turns rows into batches; only what the model itself says is learned."""

    def __init__(self, processor: Any, image_side: int) -> None:
        self.processor = processor
        self.image_side = image_side

    def __call__(self, rows: Sequence[dict[str, Any]]) -> Any:
        """Return tensors with ``labels``; every picture goes through GLEAM's own decoder and its limits."""
        batch = to_inputs(self.processor, [_chat(row) for row in rows], self.image_side, with_answers=True)
        learned = batch.pop("assistant_masks").bool() & batch["attention_mask"].bool()
        batch["labels"] = batch["input_ids"].masked_fill(~learned, NOT_LEARNED)
        return batch


def _chat(row: dict[str, Any]) -> Chat:
    texts = {message["role"]: message["content"] for message in row["messages"]}
    return Chat(texts["system"], texts["user"], tuple(row["images"]), texts["assistant"])
