"""An open multimodal model, loaded whole or not at all."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from gleam.errors import GleamError
from gleam.explaining.local.adapter import Adapter, load_adapter, read_adapter
from gleam.explaining.local.chat import Chat, to_inputs
from gleam.explaining.local.families import Family, Turns, family_of
from gleam.explaining.local.hub import BaseModel, find_base
from gleam.explaining.local.naming import ModelName, parse_model_name
from gleam.progress import is_quiet

IMAGE_SIDE = 512
"""Pictures are shown with about the square of this many pixels, as the teachers see them."""


@dataclass(frozen=True)
class Settings:
    """How a model is run.

    device: ``auto`` takes a GPU when there is one. dtype: ``auto`` takes bfloat16 on a GPU, and on a CPU
    float32 when the model then fits in half of the memory, else bfloat16. image_side: pictures are shown with
    about its square of pixels; None takes what the adapter was tuned with, else ``IMAGE_SIDE``.
    """

    device: str = "auto"
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    image_side: int | None = None


@dataclass(frozen=True)
class LocalModel:
    """A loaded model with what belongs to it.

    name: as asked for. base: its files. adapter: what is laid over it, or None. model: the network, in
    evaluation mode. processor, turns: of its pictures and texts. image_side: how large pictures are shown.
    """

    name: str
    base: BaseModel
    family: Family
    adapter: Adapter | None
    model: Any
    processor: Any
    turns: Turns
    image_side: int

    @classmethod
    def load(cls, name: str | ModelName, settings: Settings | None = None) -> LocalModel:
        """Load a base model, and the adapter that its name asks for.

        Args:
            name: ``MODEL[@REVISION][+ADAPTER]`` or a parsed name.
            settings: How to run it.

        Raises:
            GleamError: The model or the adapter is missing, broken, of an unknown family, or they do not
                belong together.
        """
        asked = parse_model_name(name) if isinstance(name, str) else name
        adapter = read_adapter(asked.adapter) if asked.adapter is not None else None
        if adapter is not None:
            asked = adapter.with_base(asked)
        base = find_base(asked)
        if adapter is not None:
            adapter.check_base(base)
        settings = settings or Settings()
        if settings.image_side is None and adapter is not None and adapter.record is not None:
            settings = replace(settings, image_side=adapter.record.image_side)
        loaded = load_base(base, settings, asked.text)
        if adapter is None:
            return loaded
        model = load_adapter(loaded.model, adapter)
        return cls(
            asked.text, base, loaded.family, adapter, model, loaded.processor, loaded.turns, loaded.image_side
        )

    @property
    def device(self) -> Any:
        """Where the network runs."""
        return next(self.model.parameters()).device

    def inputs(self, chats: Sequence[Chat], *, with_answers: bool = False) -> Any:
        """Return a batch on the network's device; see :func:`gleam.explaining.local.chat.to_inputs`."""
        batch = to_inputs(self.processor, chats, self.image_side, with_answers=with_answers)
        batch = batch.to(self.device)
        if "pixel_values" in batch:
            batch["pixel_values"] = batch["pixel_values"].to(next(self.model.parameters()).dtype)
        return batch


def load_base(base: BaseModel, settings: Settings, name: str) -> LocalModel:
    """Load a base model without an adapter.

    Raises:
        GleamError: As :meth:`LocalModel.load`.
    """
    import torch
    import transformers

    from gleam.explaining.local.processors import load_processor

    family = family_of(base.config.get("model_type"), str(base.folder))
    image_side = settings.image_side or IMAGE_SIDE
    processor, turns = load_processor(base.folder, family, base.config, image_side)
    device = pick_device(settings.device)
    dtype = getattr(torch, _dtype_name(settings, device, base))
    if is_quiet() or not sys.stderr.isatty():
        transformers.utils.logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        model, report = getattr(transformers, family.model_class).from_pretrained(
            base.folder, dtype=dtype, local_files_only=True, use_safetensors=True, output_loading_info=True
        )
    except (OSError, ValueError, RuntimeError, KeyError, TypeError) as error:
        raise GleamError(_broken(base.folder, error)) from error
    except Exception as error:
        if type(error).__name__ != "SafetensorError":
            raise
        raise GleamError(_broken(base.folder, error)) from error
    missing = sorted(report.get("missing_keys") or ())
    if missing:
        raise GleamError(
            f"{base.folder} lacks {len(missing)} weights (e.g. {missing[0]}), so it is no whole model; "
            "copy or fetch it again."
        )
    model.eval().to(device)
    model.config.bos_token_id = model.config.get_text_config().bos_token_id
    # What the family's makers sample with has no place here: answers are the most probable ones.
    model.generation_config = transformers.GenerationConfig(  # type: ignore[no-untyped-call]
        eos_token_id=processor.tokenizer.convert_tokens_to_ids(turns.end),
        pad_token_id=processor.tokenizer.pad_token_id,
        do_sample=False,
    )
    return LocalModel(name, base, family, None, model, processor, turns, image_side)


def pick_device(wanted: str) -> str:
    """Return the device to run on; raise a ``GleamError`` when it is not there."""
    import torch

    if wanted == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.empty(1, device=wanted)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise GleamError(f"The device {wanted!r} cannot be used: {reason}; take auto or cpu.") from error
    return wanted


def _dtype_name(settings: Settings, device: str, base: BaseModel) -> str:
    if settings.dtype != "auto":
        return settings.dtype
    if device != "cpu":
        return "bfloat16"
    stored = sum(file.stat().st_size for file in base.weight_files())
    halves = str(base.config.get("dtype") or base.config.get("torch_dtype") or "").endswith("16")
    as_float32 = stored * (2 if halves else 1)
    return "float32" if as_float32 < _memory_bytes() / 2 else "bfloat16"


def _memory_bytes() -> float:
    try:
        return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    except (ValueError, OSError, AttributeError):
        return 16e9


def _broken(folder: Path, error: BaseException) -> str:
    reason = (str(error).splitlines() or [type(error).__name__])[0][:200]
    return f"The model in {folder} cannot be loaded ({reason}); copy or fetch it again."
