"""The closed bilingual lexicon of a place: how each value is written, and how it may be read.

Two modules of data per language: the phrases that :mod:`gleam.explaining.scene.wording` writes, and the
regular expressions that :mod:`gleam.explaining.scene.statements` reads with. The latter are wider, because
other writers choose other words.
"""

from __future__ import annotations

from types import ModuleType

from gleam.explaining.scene.lexicon import en, en_reading, zh, zh_reading
from gleam.explaining.verdict import Language

_WRITING: dict[Language, ModuleType] = {"en": en, "zh": zh}
_READING: dict[Language, ModuleType] = {"en": en_reading, "zh": zh_reading}


def words_of(language: Language) -> ModuleType:
    """Return the phrases of a language."""
    return _WRITING[language]


def expressions_of(language: Language) -> ModuleType:
    """Return the regular expressions of a language."""
    return _READING[language]
