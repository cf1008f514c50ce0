"""What language models are asked, one folder of text files per version, one file per language and view.

A version that texts were written with is never changed: a new wording is a new folder.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from gleam.explaining.verdict import Language
from gleam.views import View

VERSION = "v1"


@cache
def prompt(language: Language, name: str) -> str:
    """Return one of the texts of this version."""
    path = files("gleam.explaining.prompts").joinpath(VERSION, language, f"{name}.txt")
    return path.read_text(encoding="utf-8")


def system_prompt(language: Language) -> str:
    """Return the instructions that nothing in a picture can change."""
    return prompt(language, "system").strip()


def pair_prompt(language: Language, view: View, tile_width_m: float | None) -> str:
    """Return what is asked about a query of a view and a tile, in a language."""
    return _about(language, view, tile_width_m) + prompt(language, "answer").strip()


def both_prompt(view: View, tile_width_m: float | None) -> str:
    """Return what is asked when one reply is to hold both languages."""
    return _about("en", view, tile_width_m) + prompt("en", "answer_both").strip()


def truth_prompt(language: Language, match: bool) -> str:
    """Return the sentence that tells a teacher the truth."""
    return prompt(language, "truth_match" if match else "truth_no_match").strip()


def compare_prompt(language: Language, view: View) -> str:
    """Return what is asked when two tiles are compared."""
    # What is said of one tile holds for both.
    first = prompt(language, view.value if view is not View.SATELLITE else "drone").splitlines()[0]
    end = ". " if language == "en" else "。"
    return first.split(end)[0] + end + prompt(language, "compare").strip()


def _about(language: Language, view: View, tile_width_m: float | None) -> str:
    name = view.value if view is not View.SATELLITE else "drone"
    width = "" if tile_width_m is None else _WIDTH[language].format(tile_width_m)
    return prompt(language, name).format(width=width)


_WIDTH: dict[Language, str] = {"en": ", {:.0f} m wide on the ground", "zh": "，地面宽度为 {:.0f} 米"}
CAPTIONS: dict[Language, tuple[str, str]] = {"en": ("Picture 1:", "Picture 2:"), "zh": ("图1：", "图2：")}
COMPARED: dict[Language, tuple[str, str, str]] = {
    "en": ("Picture 1:", "Picture A:", "Picture B:"),
    "zh": ("图1：", "图A：", "图B："),
}
