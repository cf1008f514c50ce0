"""From a recipe's ``kind`` to who carries it out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gleam.config import read_config
from gleam.errors import ConfigError, unknown_name

KINDS = ("lora", "student")


def kind_of(recipe: Path, changes: Sequence[str]) -> str:
    """Return what a recipe tunes: ``lora`` or ``student``.

    Raises:
        ConfigError: The recipe is missing, no YAML, or names no known kind.
    """
    kind = read_config(recipe, changes).get("kind")
    if kind is None:
        raise ConfigError(f"{recipe}: 'kind' is missing; give one of: {', '.join(KINDS)}.")
    if kind not in KINDS:
        raise ConfigError(f"{recipe}: {unknown_name('kind of tuning', kind, KINDS)}")
    return str(kind)


def student_settings(recipe: Path, changes: Sequence[str]) -> tuple[dict[str, Any], Path | None]:
    """Return a student's recipe as plain data without ``kind`` and ``out``, and its ``out``."""
    content = read_config(recipe, changes)
    content.pop("kind", None)
    out = content.pop("out", None)
    return content, None if out is None else Path(str(out))
