"""Those who write the texts: the built-in city, which knows the facts, and models on servers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gleam.errors import GleamError, unknown_name
from gleam.explaining.benchmark.teachers import city
from gleam.explaining.chat.saying import Said
from gleam.explaining.verdict import Language

if TYPE_CHECKING:
    from gleam.explaining.benchmark.folder import Bench
    from gleam.explaining.benchmark.tasks import Teacher

NAMES = ("city", "api:MODEL@URL")


def teacher_of(name: str, bench: Bench, *, tell_truth: bool = False, max_tokens: int = 1200) -> Teacher:
    """Return the teacher called ``name``.

    Args:
        name: ``city`` (offline) or ``api:MODEL@URL``.
        bench: Whose pairs are written on.
        tell_truth: Tell a model whether the pictures match; otherwise it judges by itself.
        max_tokens: Of one reply of a model.

    Raises:
        GleamError: No such teacher; the names are listed.
    """
    kind, _, rest = name.strip().partition(":")
    if kind == "city" and not rest:
        return city.CityTeacher(bench)
    if kind == "api" and rest:
        from gleam.explaining.benchmark.teachers.api import ApiTeacher

        return ApiTeacher(rest, bench, tell_truth=tell_truth, max_tokens=max_tokens)
    if kind == "api":
        raise GleamError(f"The teacher {name!r} lacks its model: write api:MODEL@URL.")
    raise unknown_name("teacher", name, NAMES)


def read_reply_of(teacher: str, reply: bytes, languages: tuple[Language, ...]) -> Said:
    """Read a recorded reply as that teacher writes them; raise a ``ReplyError`` when it is none."""
    if teacher == city.NAME:
        return city.read(reply, languages)
    from gleam.explaining.benchmark.teachers import api

    return api.read(reply, languages)
