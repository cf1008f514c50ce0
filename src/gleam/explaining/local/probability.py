"""From a model's own leaning to a probability that means what it says, per language.

A model's log-odds of yes over no are brought to a probability by Platt scaling on pairs it was not tuned on
(:mod:`gleam.evaluation.calibration`). The result lies beside the adapter, with the figures before and after.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gleam.errors import GleamError
from gleam.evaluation.calibration import Calibration
from gleam.explaining.local.prompts import VERSION
from gleam.explaining.verdict import Language
from gleam.files import read_json, write_json

FILE = "calibration.json"
FEATURES = ("log_odds",)
FORMAT = 1


@dataclass(frozen=True)
class AnswerCalibrations:
    """Calibrations of one model's yes and no.

    languages: by language. figures: by language, ECE, Brier score and NLL ``before`` and ``after``, measured
    on pairs that the fit left out. prompts: version of the prompts they hold for.
    """

    languages: Mapping[str, Calibration] = field(default_factory=dict)
    figures: Mapping[str, Mapping[str, Mapping[str, float]]] = field(default_factory=dict)
    prompts: str = VERSION

    def save(self, folder: Path) -> None:
        """Write ``calibration.json`` into the folder of an adapter."""
        made = {language: one.to_dict() for language, one in self.languages.items()}
        content = {"format": FORMAT, "prompts": self.prompts, "languages": made, "figures": self.figures}
        write_json(folder / FILE, content)

    @classmethod
    def read(cls, folder: Path) -> AnswerCalibrations:
        """Read what lies beside an adapter; nothing is calibrated where there is no file.

        Raises:
            GleamError: The file is broken or of another format.
        """
        file = folder / FILE
        if not file.is_file():
            return cls()
        data = read_json(file)
        try:
            if data["format"] != FORMAT:
                raise KeyError("format")
            made = {name: Calibration.from_dict(one) for name, one in data["languages"].items()}
            return cls(made, data["figures"], data["prompts"])
        except (KeyError, TypeError, AttributeError) as error:
            raise GleamError(f"{file} is no calibration of format {FORMAT} ({error}); tune again.") from None

    def probability(self, log_odds: float, language: Language) -> tuple[float, str] | None:
        """Return the calibrated probability and the calibration's name; None where nothing was fitted."""
        one = self.languages.get(language)
        if one is None or self.prompts != VERSION:
            return None
        return float(one.probability([log_odds])[0]), one.name
