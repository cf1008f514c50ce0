"""Processors for pictures and text only.

The stock processors of Qwen-VL and InternVL also want a part for videos, and building that one needs
torchvision, which GLEAM does without. Which parts a processor has is read by transformers from the signature
of its ``__init__``: the subclasses here leave the video part out of it. ``AutoProcessor`` is not used at all:
where a part cannot be built it quietly returns a bare tokenizer.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import transformers
from transformers.processing_utils import ProcessorMixin

from gleam.errors import GleamError
from gleam.explaining.local.families import Family, Turns, chat_template, turns_for

_Mixin: Any = ProcessorMixin
_NO_DEFAULTS: Any = {}


class _QwenImageOnly:
    """Stands before a stock class of Qwen-VL, so that its ``__init__`` is the one that is read and run."""

    def __init__(
        self, image_processor: Any = None, tokenizer: Any = None, chat_template: Any = None, **kwargs: Any
    ) -> None:
        for part in ("image", "video"):
            _set_token(self, f"{part}_token", f"<|{part}_pad|>", tokenizer)
        for part in ("start", "end"):
            _set_token(self, f"vision_{part}_token", f"<|vision_{part}|>", tokenizer)
        # Not super(): the stock class would ask for the video part again.
        _Mixin.__init__(self, image_processor, tokenizer, chat_template=chat_template)

    @property
    def model_input_names(self) -> list[str]:
        """Names of what the model is given; the stock property also asks the video part."""
        return [*_Mixin.model_input_names.fget(self), "mm_token_type_ids"]


class Qwen25VLImageOnlyProcessor(_QwenImageOnly, transformers.Qwen2_5_VLProcessor):
    """Qwen2.5-VL without videos."""


class Qwen3VLImageOnlyProcessor(_QwenImageOnly, transformers.Qwen3VLProcessor):
    """Qwen3-VL without videos."""


class InternVLImageOnlyProcessor(transformers.InternVLProcessor):
    """InternVL without videos."""

    # Whether pictures are cut up is the image processor's setting; the stock class always would.
    images_kwargs = _NO_DEFAULTS

    def __init__(
        self,
        image_processor: Any = None,
        tokenizer: Any = None,
        image_seq_length: int = 256,
        chat_template: Any = None,
        **kwargs: Any,
    ) -> None:
        self.image_seq_length = image_seq_length
        _set_token(self, "image_token", "<IMG_CONTEXT>", tokenizer)
        _set_token(self, "start_image_token", "<img>", tokenizer)
        _set_token(self, "end_image_token", "</img>", tokenizer)
        self.multimodal_pattern = re.compile(f"(?P<image>{re.escape(self.image_token)})")
        _Mixin.__init__(self, image_processor, tokenizer, chat_template=chat_template)


LlavaProcessor = transformers.LlavaProcessor


def load_processor(
    folder: Path, family: Family, config: dict[str, Any], image_side: int
) -> tuple[Any, Turns]:
    """Return the processor of a model, with GLEAM's own chat template, and how its turns are marked.

    Args:
        folder: Of the model, in the hub's format.
        family: Of the model.
        config: Content of its ``config.json``.
        image_side: Pictures are shown with at most about ``image_side`` squared pixels, where the family does
            not fix their size.

    Raises:
        GleamError: A file is missing or broken, or does not belong to the family.
    """
    tokenizer = load_tokenizer(folder)
    turns = turns_for(family, frozenset(tokenizer.get_vocab()), str(folder))
    pictures = _image_processor(folder, family, image_side)
    options = _options(family, config, pictures)
    template = chat_template(family, turns)
    processor = globals()[family.processor](pictures, tokenizer, chat_template=template, **options)
    _check_image_token(processor, config, folder)
    return processor, turns


def load_tokenizer(folder: Path) -> Any:
    """Return the tokenizer of a model, padded on the left.

    Raises:
        GleamError: ``tokenizer.json`` is missing or broken.
    """
    if not (folder / "tokenizer.json").is_file():
        raise GleamError(f"{folder} lacks tokenizer.json; copy or fetch the model again.")
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
    except Exception as error:  # the tokenizers library raises bare exceptions for broken files
        raise GleamError(
            f"The tokenizer in {folder} cannot be read ({_first_line(error)}); copy or fetch the model again."
        ) from error
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    tokenizer.padding_side = "left"
    return tokenizer


def _image_processor(folder: Path, family: Family, image_side: int) -> Any:
    kind = getattr(transformers, family.image_processor)
    if not any((folder / name).is_file() for name in ("preprocessor_config.json", "processor_config.json")):
        raise GleamError(f"{folder} lacks preprocessor_config.json; copy or fetch the model again.")
    try:
        made = kind.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise GleamError(
            f"How {folder} prepares pictures cannot be read ({_first_line(error)}); "
            "copy or fetch the model again."
        ) from error
    if family.image_processor == "Qwen2VLImageProcessorPil":
        # Counts of pixels, not sides. Small pictures are enlarged to four patches at least.
        least = (2 * made.patch_size * made.merge_size) ** 2
        made.size = type(made.size)(shortest_edge=least, longest_edge=max(image_side**2, least))
    if family.image_processor == "GotOcr2ImageProcessorPil":
        # As many whole inputs of the vision part as the picture's pixels are worth: one, unless asked.
        made.max_patches = max(1, image_side**2 // (made.size["height"] * made.size["width"]))
        made.crop_to_patches = made.max_patches > 1
    return made


def _options(family: Family, config: dict[str, Any], pictures: Any) -> dict[str, Any]:
    vision = dict(config.get("vision_config") or {})
    if family.model_type == "internvl":
        return {"image_seq_length": int(config.get("image_seq_length", 256))}
    if family.model_type == "llava":
        # A tower with a class token gives one vector more than patches; "default" drops it again.
        strategy = config.get("vision_feature_select_strategy", "default")
        has_class = str(vision.get("model_type", "clip_vision_model")) not in (
            "siglip_vision_model",
            "pixtral",
        )
        return {
            "patch_size": int(vision.get("patch_size", 14)),
            "vision_feature_select_strategy": strategy,
            "num_additional_image_tokens": int(has_class),
        }
    return {}


def _check_image_token(processor: Any, config: dict[str, Any], folder: Path) -> None:
    found = processor.tokenizer.convert_tokens_to_ids(processor.image_token)
    wanted = config.get("image_token_id", config.get("image_token_index", found))
    if found is None or found == processor.tokenizer.unk_token_id or int(wanted) != int(found):
        raise GleamError(
            f"{folder}: config.json says that pictures are token {wanted}, but its tokenizer has "
            f"{processor.image_token!r} as {found}; the files do not belong together."
        )


def _set_token(processor: Any, name: str, default: str, tokenizer: Any) -> None:
    text = getattr(tokenizer, name, None) or default
    setattr(processor, name, text)
    setattr(processor, f"{name}_id", tokenizer.convert_tokens_to_ids(text))


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
