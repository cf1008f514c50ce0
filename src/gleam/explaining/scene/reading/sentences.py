"""From a text to its sentences, in a plain form."""

from __future__ import annotations

import re
import unicodedata

from gleam.explaining.scene.reading.patterns import patterns
from gleam.explaining.verdict import Language

MOST_CHARACTERS = 20_000
"""What follows is not read: an explanation has a few hundred, and reading must not take long."""

_PLAIN = str.maketrans("’‘\u2011\u2010Ｔ", "''--T")
_BETWEEN_HAN = re.compile(
    r"(?<=[\u4e00-\u9fff，。、；：])[ \t\u3000]+(?=[\u4e00-\u9fffA-Z])|(?<=[A-Z])[ \t]+(?=[\u4e00-\u9fff])"
)


def sentences(text: str, language: Language) -> list[str]:
    """Split a text into sentences: quotes and dashes made plain, names of streets taken out.

    Chinese punctuation is kept, and ASCII commas and stops in Chinese text become Chinese.
    """
    known = patterns(language)
    plain = unicodedata.normalize("NFC", text[:MOST_CHARACTERS])
    plain = plain.translate(_PLAIN)
    plain = re.sub(r"[*_#`]+", "", plain)
    plain = known.named_street.sub("street" if language == "en" else "·", plain)
    if language == "zh":
        plain = _BETWEEN_HAN.sub("", plain)
        plain = re.sub(r"(?<=[\u4e00-\u9fff]),\s*", "，", plain)
        plain = re.sub(r"(?<=[\u4e00-\u9fff])\.(?=\s|$|[\u4e00-\u9fff])", "。", plain)
        plain = re.sub(r"(?<=[\u4e00-\u9fff]);\s*", "；", plain)
    else:
        plain = re.sub(r"[ \t]+", " ", plain)
    return [s.strip() for s in known.sentence_end.split(plain) if s.strip()]
