"""How a probability is said to people: never as certainty, the same in every language and on every page."""

from __future__ import annotations

FROM, TO = 1.0, 99.0
"""Percent below and above which only the bound is told."""


def in_percent(probability: float) -> str:
    """Return a probability as a number of percent without the sign: ``<1``, ``57`` or ``>99``.

    ``.996`` must not read as 100: a calibration from some hundred answers knows no such thing. The sign
    follows as the language has it: ``{} %`` in English, ``{}%`` in Chinese.
    """
    percent = probability * 100
    if percent < FROM:
        return f"<{FROM:.0f}"
    return f">{TO:.0f}" if percent > TO else f"{percent:.0f}"
