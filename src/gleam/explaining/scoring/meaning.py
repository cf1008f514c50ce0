"""How near a text is in meaning to the reference texts, by a sentence encoder in a folder of the user's."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gleam.errors import GleamError
from gleam.explaining.scoring.figures import Figure, mean_of
from gleam.explaining.scoring.items import Item

MOST_TOKENS = 256
_BATCH = 32


class SentenceEncoder:
    """A model in the hub's own format: the mean of the last layer over the tokens of a text, as unit vector.

    Args:
        folder: With ``config.json``, a tokenizer and ``model.safetensors``. Nothing is downloaded, no code of
            the folder is run.

    Raises:
        GleamError: The folder holds no such model.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        from transformers import AutoModel, AutoTokenizer

        path = Path(folder)
        if not (path / "config.json").is_file():
            raise GleamError(f"{path} holds no config.json; give the folder of a sentence encoder.")
        if not any(path.glob("*.safetensors")):
            raise GleamError(f"{path} holds no *.safetensors; weights in other formats are not loaded.")
        try:
            local: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
            self._tokenizer: Any = AutoTokenizer.from_pretrained(path, **local)
            self._model: Any = AutoModel.from_pretrained(path, use_safetensors=True, **local)
        except (OSError, ValueError, KeyError, ImportError, RuntimeError) as error:
            told = " ".join(str(error).split())[:200]
            raise GleamError(f"{path} cannot be loaded as a sentence encoder: {told}") from None
        self._model.eval()

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return unit vectors (N, D)."""
        import torch

        parts = []
        for start in range(0, len(texts), _BATCH):
            batch = self._tokenizer(
                list(texts[start : start + _BATCH]),
                padding=True,
                truncation=True,
                max_length=MOST_TOKENS,
                return_tensors="pt",
            )
            with torch.inference_mode():
                states = self._model(**batch).last_hidden_state
            parts.append(mean_pool(states.float().numpy(), batch["attention_mask"].numpy()))
        return np.concatenate(parts) if parts else np.zeros((0, 1), np.float32)


def mean_pool(states: NDArray[np.float32], mask: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return the unit vectors (N, D) of the mean of states (N, T, D) where the mask (N, T) is 1."""
    weight = mask[..., None].astype(np.float32)
    mean = (states * weight).sum(axis=1) / np.maximum(weight.sum(axis=1), 1e-9)
    length = np.linalg.norm(mean, axis=1, keepdims=True)
    unit: NDArray[np.float32] = mean / np.maximum(length, 1e-12)
    return unit


def meaning_figures(
    items: Sequence[Item], encoder: SentenceEncoder | None, seed: int = 0
) -> dict[str, Figure | None]:
    """Return the mean cosine of the texts to their nearest reference, -1..1; None without an encoder."""
    own = [item for item in items if item.references and item.text.strip()]
    if encoder is None or not own:
        return {"embedding_similarity": None}
    said = encoder.embed([item.text for item in own])
    values = [
        float((encoder.embed(item.references) @ vector).max()) for item, vector in zip(own, said, strict=True)
    ]
    return {"embedding_similarity": mean_of(values, [item.pair.query_place for item in own], seed)}
