"""Texts that are wrong on purpose, for which scores must be low."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from gleam.explaining.verdict import Language

CONTROLS = "controls.jsonl"


class Control(BaseModel):
    """A wrong text on a pair. error: which kind. wrong: what is wrong in it, in English."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    pair_id: str
    language: Language
    match: bool
    explanation: str
    error: str
    wrong: str
