"""What a local model is asked, one file per language.

The prompts hold nothing from outside: the view and the language choose among fixed texts. So nothing that a
user's picture or file name says can become an instruction through them.
"""

from __future__ import annotations

from types import ModuleType

from gleam.explaining.local.prompts import en, zh
from gleam.explaining.verdict import Language
from gleam.views import View

VERSION = "local-1"
"""Changes with any word of a prompt or of the form of the answer: adapters are tuned on one version."""

IMAGE = "<image>"
"""Stands in a question for the next picture."""

_MODULES: dict[str, ModuleType] = {"en": en, "zh": zh}


def system_prompt(language: Language) -> str:
    """Return the rules that stand before every question."""
    return str(_MODULES[language].SYSTEM)


def verdict_question(view: View, language: Language) -> str:
    """Return the question that is answered by one word of :func:`answers`."""
    words = _MODULES[language]
    return str(words.PICTURES.format(view=words.VIEWS[view.value], image=IMAGE) + words.VERDICT)


def explanation_question(view: View, language: Language, verdict: bool | None = None) -> str:
    """Return the question that is answered by a JSON document.

    Args:
        view: Of the first picture.
        language: Of the answer.
        verdict: What another reading found, when the answer has to argue for it.
    """
    words = _MODULES[language]
    text = words.PICTURES.format(view=words.VIEWS[view.value], image=IMAGE) + words.EXPLANATION
    if verdict is not None:
        text += words.GIVEN[verdict]
    return str(text)


def comparison_question(view: View, language: Language) -> str:
    """Return the question which of two tiles fits better, answered by ``A`` or ``B``."""
    words = _MODULES[language]
    return str(words.COMPARISON.format(view=words.VIEWS[view.value], image=IMAGE))


def answers(language: Language) -> tuple[str, str]:
    """Return the words for a match and for none."""
    return str(_MODULES[language].YES), str(_MODULES[language].NO)
