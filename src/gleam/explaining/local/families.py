"""The families of open models that are understood, as data."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources

from gleam.errors import GleamError

LANGUAGE_LAYERS = r".*language_model.*\.(q_proj|k_proj|v_proj|o_proj|gate_proj|up_proj|down_proj)"
"""Layers that LoRA is laid over: of the language model alone, in every family below."""

IMAGE_MARK = "IMAGE_MARK"
"""Stands in a chat template for the family's own mark of a picture."""


@dataclass(frozen=True)
class Family:
    """What differs from one family of models to the next.

    name: for people. model_type: in ``config.json``. model_class, image_processor: in transformers.
    processor: name in :mod:`gleam.explaining.local.processors`. image_mark: text that stands for one picture
    in a prompt. turns: how turns are marked, by a token that the tokenizer has when it follows them.
    projector: modules between vision and language that are tuned whole, beside LoRA.
    """

    name: str
    model_type: str
    model_class: str
    image_processor: str
    processor: str
    image_mark: str
    turns: tuple[str, ...] = ("chatml",)
    projector: tuple[str, ...] = ()


@dataclass(frozen=True)
class Turns:
    """How one style of chat marks its turns.

    template: file. end: token that ends the model's turn. lead: what stands between the cue and its answer.
    """

    template: str
    end: str
    lead: str = ""


TURNS = {"chatml": Turns("chatml.jinja", "<|im_end|>"), "vicuna": Turns("vicuna.jinja", "</s>", " ")}

_QWEN_MARK = "<|vision_start|><|image_pad|><|vision_end|>"

FAMILIES = (
    Family(
        "Qwen2.5-VL",
        "qwen2_5_vl",
        "Qwen2_5_VLForConditionalGeneration",
        "Qwen2VLImageProcessorPil",
        "Qwen25VLImageOnlyProcessor",
        _QWEN_MARK,
    ),
    Family(
        "Qwen3-VL",
        "qwen3_vl",
        "Qwen3VLForConditionalGeneration",
        "Qwen2VLImageProcessorPil",
        "Qwen3VLImageOnlyProcessor",
        _QWEN_MARK,
    ),
    Family(
        "InternVL",
        "internvl",
        "InternVLForConditionalGeneration",
        "GotOcr2ImageProcessorPil",
        "InternVLImageOnlyProcessor",
        "<IMG_CONTEXT>",
        projector=("multi_modal_projector",),
    ),
    Family(
        "LLaVA",
        "llava",
        "LlavaForConditionalGeneration",
        "CLIPImageProcessorPil",
        "LlavaProcessor",
        "<image>",
        turns=("chatml", "vicuna"),
        projector=("multi_modal_projector",),
    ),
)


def family_of(model_type: object, where: str) -> Family:
    """Return the family of a ``config.json``.

    Raises:
        GleamError: GLEAM does not know models of that type; those it knows are listed.
    """
    for family in FAMILIES:
        if family.model_type == model_type:
            return family
    known = ", ".join(f"{family.name} ({family.model_type})" for family in FAMILIES)
    raise GleamError(
        f"{where} holds a model of type {model_type!r}, which cannot be used here; known: {known}."
    )


def turns_for(family: Family, vocabulary: frozenset[str], where: str) -> Turns:
    """Return how the turns of a model are marked: the first style whose end token its tokenizer has.

    Raises:
        GleamError: The tokenizer has none of them.
    """
    for style in family.turns:
        if TURNS[style].end in vocabulary:
            return TURNS[style]
    ends = " nor ".join(TURNS[style].end for style in family.turns)
    raise GleamError(f"The tokenizer of {where} has no {ends}, so it is not one of {family.name}.")


def chat_template(family: Family, turns: Turns) -> str:
    """Return the Jinja template of a family's chats; ``{% generation %}`` marks what the model says."""
    text = resources.files("gleam.explaining.local.templates").joinpath(turns.template).read_text("utf-8")
    return text.replace(IMAGE_MARK, family.image_mark).strip()
