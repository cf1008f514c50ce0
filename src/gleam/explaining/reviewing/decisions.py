"""What a reviewer decides about a pair: the verdict, and for each text to keep, edit or discard it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from gleam.errors import GleamError
from gleam.explaining.verdict import Language

Reason = Literal[
    "invented", "wrong_verdict", "vague", "language", "bad_image", "off_topic", "private", "other"
]
REASONS: tuple[Reason, ...] = get_args(Reason)
"""Why a text is discarded, in the order of their keys on the page.

It states things that are not there, argues for the wrong verdict, says nothing of this pair, is badly or
wrongly worded; a picture shows too little; it speaks of something else; it shows or names private people;
anything else, told in the note."""

Status = Literal["accepted", "edited", "discarded"]

MAX_TEXT, MAX_NOTE, MAX_NAME = 6_000, 1_000, 40


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Discard(_Model):
    """Why a text is not to be used."""

    reason: Reason
    note: Annotated[str, StringConstraints(strip_whitespace=True, max_length=MAX_NOTE)] = ""


class TextChoice(_Model):
    """What becomes of the text in one language. teacher: whose text was kept or edited."""

    teacher: str
    text: Annotated[str, StringConstraints(max_length=MAX_TEXT)]
    discard: Discard | None = None


class Decision(_Model):
    """What a reviewer sends. match: the verdict, as it should be. seconds: spent on the item."""

    match: bool
    texts: dict[Language, TextChoice] = Field(min_length=1)
    seconds: Annotated[float, Field(ge=0, le=86_400)] | None = None


class TextOutcome(_Model):
    """A choice as it is recorded, with what the teacher wrote, so that the history can be read alone."""

    status: Status
    teacher: str
    original: str
    text: str
    discard: Discard | None = None


class Recorded(_Model):
    """A decision as it is recorded. extra: it was made after seeing another reviewer's, on purpose."""

    match: bool
    teacher_match: bool | None
    texts: dict[Language, TextOutcome]
    seconds: float | None = None
    extra: bool = False

    def same_as(self, other: Recorded) -> bool:
        """Tell whether two decisions leave nothing to settle: same verdict, same texts kept."""
        if self.match != other.match or self.texts.keys() != other.texts.keys():
            return False
        return all(
            (mine.status == "discarded") == (theirs.status == "discarded")
            and (mine.status == "discarded" or mine.text == theirs.text)
            for mine, theirs in ((self.texts[name], other.texts[name]) for name in self.texts)
        )


def record(
    decision: Decision,
    originals: Mapping[Language, Mapping[str, str]],
    teacher_match: bool | None,
    *,
    extra: bool = False,
) -> Recorded:
    """Complete a decision with what the teachers wrote.

    Args:
        decision: As the reviewer sent it; every language of the item must be decided.
        originals: Language -> teacher -> text.
        teacher_match: The verdict of the teacher, None when there is none.
        extra: Whether another reviewer's decision was seen before.

    Raises:
        GleamError: A language is missing or not asked for, a teacher is unknown, a text is empty, or a note
            is missing where the reason is ``other``.
    """
    if set(decision.texts) != set(originals):
        asked, given = ", ".join(sorted(originals)), ", ".join(sorted(decision.texts))
        raise GleamError(f"The decision is about the texts in {given}; this pair has texts in {asked}.")
    outcomes = {name: _outcome(name, choice, originals[name]) for name, choice in decision.texts.items()}
    return Recorded(
        match=decision.match,
        teacher_match=teacher_match,
        texts=outcomes,
        seconds=decision.seconds,
        extra=extra,
    )


def tidy(text: str) -> str:
    """Return a text with plain line ends and no blanks at the ends, which is no edit."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(line.rstrip() for line in lines).strip()


def parse_reviewer(name: object) -> str:
    """Return a reviewer's name without blanks around it.

    Raises:
        GleamError: It is empty, too long, or holds characters that do not print.
    """
    told = str(name).strip() if isinstance(name, str) else ""
    if not told or len(told) > MAX_NAME or not told.isprintable():
        raise GleamError(f"A reviewer's name has 1 to {MAX_NAME} printable characters.")
    return told


def _outcome(language: Language, choice: TextChoice, originals: Mapping[str, str]) -> TextOutcome:
    if choice.teacher not in originals:
        raise GleamError(f"No text in {language} was written by {choice.teacher!r}.")
    original, text = tidy(originals[choice.teacher]), tidy(choice.text)
    if choice.discard is not None:
        if choice.discard.reason == "other" and not choice.discard.note:
            raise GleamError(f"Say in the note why the text in {language} is discarded.")
        status: Status = "discarded"
    elif not text:
        raise GleamError(f"The text in {language} is empty; discard it instead, with a reason.")
    else:
        status = "accepted" if text == original else "edited"
    return TextOutcome(
        status=status, teacher=choice.teacher, original=original, text=text, discard=choice.discard
    )


def recorded_from(payload: Mapping[str, Any]) -> Recorded:
    """Read a recorded decision back."""
    return Recorded.model_validate(payload)
