"""A conversation about two pictures, from plain text to what a model is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gleam.errors import GleamError
from gleam.explaining.local.prompts import (
    IMAGE,
    comparison_question,
    explanation_question,
    system_prompt,
    verdict_question,
)
from gleam.explaining.verdict import Language
from gleam.imagery.decode import load_image
from gleam.views import View

if TYPE_CHECKING:
    from PIL.Image import Image


@dataclass(frozen=True)
class Chat:
    """One question about two pictures.

    system, question: texts; ``<image>`` in the question stands for the next picture.
    pictures: as many as there are marks. answer: the model's, when it is known (for tuning).
    """

    system: str
    question: str
    pictures: tuple[Any, ...]
    answer: str | None = None

    def messages(self) -> list[dict[str, str]]:
        """Return the turns as role and text."""
        turns = [
            {"role": "system", "content": self.system},
            {"role": "user", "content": self.question},
        ]
        if self.answer is not None:
            turns.append({"role": "assistant", "content": self.answer})
        return turns


def verdict_chat(query: Any, tile: Any, view: View, language: Language) -> Chat:
    """Return the question that is answered by one word."""
    return Chat(system_prompt(language), verdict_question(view, language), (query, tile))


def comparison_chat(query: Any, tiles: tuple[Any, Any], view: View, language: Language) -> Chat:
    """Return the question which of two tiles fits better, answered by A or B."""
    return Chat(system_prompt(language), comparison_question(view, language), (query, *tiles))


def explanation_chat(
    query: Any, tile: Any, view: View, language: Language, given: bool | None = None
) -> Chat:
    """Return the question that is answered by a JSON document; ``given`` is a verdict to argue for."""
    return Chat(system_prompt(language), explanation_question(view, language, given), (query, tile))


def typed_messages(messages: Sequence[Mapping[str, str]], pictures: Sequence[Any]) -> list[dict[str, Any]]:
    """Return turns in the form chat templates take: every content a list of typed parts.

    Only a user's turn has pictures; the mark in another turn is text like any other.

    Raises:
        GleamError: There are more or fewer pictures than marks.
    """
    left = list(pictures)
    typed = []
    for message in messages:
        parts: list[dict[str, Any]] = []
        pieces = message["content"].split(IMAGE) if message["role"] == "user" else [message["content"]]
        for number, piece in enumerate(pieces):
            if number and left:
                parts.append({"type": "image", "image": left.pop(0)})
            elif number:
                raise GleamError(f"A question has {len(pieces) - 1} marks but {len(pictures)} pictures.")
            if piece:
                parts.append({"type": "text", "text": piece})
        typed.append({"role": message["role"], "content": parts})
    if left:
        raise GleamError(
            f"A question has {len(pictures)} pictures but only {len(pictures) - len(left)} marks."
        )
    return typed


def shown_picture(source: Any, image_side: int) -> Image:
    """Return a picture as a model is shown it: upright, with about ``image_side`` squared pixels at most.

    Raises:
        ImageError: It cannot be read, or is too large to be decoded safely.
    """
    from PIL import Image

    picture = Image.fromarray(load_image(source, target=image_side))
    too_large = (picture.width * picture.height / image_side**2) ** 0.5
    if too_large > 1:
        size = (max(1, round(picture.width / too_large)), max(1, round(picture.height / too_large)))
        picture = picture.resize(size, Image.Resampling.LANCZOS)
    return picture


def to_inputs(processor: Any, chats: Sequence[Chat], image_side: int, *, with_answers: bool = False) -> Any:
    """Return a batch of tensors for a model.

    Args:
        processor: Of the model, with GLEAM's chat template.
        chats: Questions, all with or all without answers.
        image_side: See :func:`shown_picture`.
        with_answers: The answers are part of the batch, and ``assistant_masks`` marks their tokens.
    """
    typed = [
        typed_messages(chat.messages(), [shown_picture(p, image_side) for p in chat.pictures])
        for chat in chats
    ]
    side = "right" if with_answers else "left"
    return processor.apply_chat_template(
        typed,
        tokenize=True,
        return_dict=True,
        return_tensors="pt",
        add_generation_prompt=not with_answers,
        return_assistant_tokens_mask=with_answers,
        processor_kwargs={"padding": True, "padding_side": side, "add_special_tokens": False},
    )
