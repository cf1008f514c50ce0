"""What an explainer said of a pair: one line of a predictions file."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, ValidationError

from gleam.errors import BenchError
from gleam.explaining.verdict import Language, Verdict

Control = Literal["none", "swapped_tile", "blank_query", "blank_tile", "text_only"]
CONTROLS: tuple[Control, ...] = get_args(Control)
"""How the pictures were tampered with: not; another place's tile; one picture, or both, without content."""

_DEFAULTS: dict[str, Any] = {
    "probability": None,
    "calibration": None,
    "threshold": None,
    "similarity": None,
    "control": None,
    "evidence_for": (),
    "evidence_against": (),
    "elsewhere": 1.0,
    "text": "",
    "view": "",
    "seconds": 0.0,
    "cost_usd": 0.0,
}
"""What a verdict from elsewhere may leave out: ``match`` and ``text`` are enough to be scored."""


class Prediction(BaseModel):
    """A verdict on a pair, or why there is none.

    control: how the pictures were tampered with. verdict: None when the explainer failed, and problem then
    says why.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    pair_id: str
    language: Language
    explainer: str
    control: Control = "none"
    verdict: Verdict | None = None
    problem: str | None = None

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What there is one prediction of."""
        return (self.explainer, self.pair_id, self.language, self.control)


def read_predictions(path: str | os.PathLike[str], *, torn_end: bool = False) -> list[Prediction]:
    """Read a file of predictions; where a pair was asked twice, the later line counts.

    Args:
        path: JSON lines. A ``verdict`` needs only ``match``; what it leaves out is taken as unknown.
        torn_end: Leave out a last line that a killed run did not finish.

    Raises:
        BenchError: The file is missing, or a line is no prediction; file, line and field are named.
    """
    file = Path(path)
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise BenchError(f"{file} cannot be read: {error.strerror or error}.") from None
    lines = raw.split(b"\n")
    if torn_end and lines[-1]:
        lines.pop()
    found: dict[tuple[str, str, str, str], Prediction] = {}
    for number, line in enumerate(lines, start=1):
        if line.strip():
            prediction = _read(line, f"{file}, line {number}")
            found[prediction.key] = prediction
    return list(found.values())


def _read(line: bytes, where: str) -> Prediction:
    try:
        data = json.loads(line)
    except (ValueError, RecursionError):
        raise BenchError(f"{where}: this is not UTF-8 JSON.") from None
    if not isinstance(data, dict):
        raise BenchError(f"{where}: a prediction is a JSON object.")
    verdict = data.get("verdict")
    if isinstance(verdict, dict):
        if verdict.get("version", 2) != 2:
            raise BenchError(
                f"{where}: the verdict is of version {verdict['version']!r}; this GLEAM reads version 2. "
                "Run the explainer again."
            )
        own = {"language": data.get("language"), "explainer": data.get("explainer")}
        data["verdict"] = {**_DEFAULTS, **own, **verdict}
    elif verdict is None and not data.get("problem"):
        raise BenchError(f"{where}: it has neither a verdict nor a problem.")
    try:
        return Prediction.model_validate_json(json.dumps(data))
    except ValidationError as error:
        first = error.errors()[0]
        raise BenchError(f"{where}, field {'.'.join(map(str, first['loc']))}: {first['msg']}.") from None
