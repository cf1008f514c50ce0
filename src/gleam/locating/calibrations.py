"""The calibrations an encoder carries, as they lie in its ``calibration.json``.

Form::

    {"answers": [{...}, ...],                 Calibration.to_dict() with within_m, for answers
     "pairs":   [{...}, ...],                 Calibration.to_dict() without within_m, for pairs
     "radius95": {"drone": {"radius95_m": 31.0, "name": "...", "n": 410}, ...}}

``radius95`` may carry ``"through": "atlas"`` when it was measured on answers of an atlas; otherwise it
comes from tiles centred on the places, and the grid of the atlas still has to be added.

Each part may be missing; what is missing is not claimed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gleam.errors import EncoderError, GleamError
from gleam.evaluation.calibration import ANSWER_FEATURES, PAIR_FEATURES, Calibration


@dataclass(frozen=True, slots=True)
class Radius95:
    """Within this distance lay 95 % of the located answers of a data set.

    n: how many those were. through: ``gallery`` when each place had its own tile, ``atlas`` when the
    tiles lay on the grid of an atlas.
    """

    radius95_m: float
    name: str
    n: int
    through: str = "gallery"


@dataclass(frozen=True)
class Calibrations:
    """What is known of how far one encoder can be trusted, by view."""

    answers: tuple[Calibration, ...] = ()
    pairs: tuple[Calibration, ...] = ()
    radius95: Mapping[str, Radius95] | None = None

    @classmethod
    def of(cls, encoder: object) -> Calibrations:
        """Read the ``calibration`` of an encoder; one without any gives empty calibrations.

        Raises:
            EncoderError: The calibration is damaged.
        """
        data: Any = getattr(encoder, "calibration", None) or {}
        try:
            return cls(
                answers=_read(data.get("answers", ()), ANSWER_FEATURES),
                pairs=_read(data.get("pairs", ()), PAIR_FEATURES),
                radius95={view: Radius95(**item) for view, item in data.get("radius95", {}).items()},
            )
        except (GleamError, AttributeError, KeyError, TypeError, ValueError) as error:
            name = getattr(encoder, "name", "unnamed")
            raise EncoderError(f"The calibration of the encoder {name!r} is damaged: {error}") from None

    def answer(self, view: str) -> Calibration | None:
        """Return the calibration of answers for a view, if any."""
        return next((c for c in self.answers if view in c.views), None)

    def pair(self, view: str) -> Calibration | None:
        """Return the calibration of pairs for a view, if any."""
        return next((c for c in self.pairs if view in c.views), None)

    def radius(self, view: str) -> Radius95 | None:
        """Return the radius measured for a view, if any."""
        return (self.radius95 or {}).get(view)


def _read(items: Any, features: tuple[str, ...]) -> tuple[Calibration, ...]:
    made = tuple(Calibration.from_dict(dict(item)) for item in items)
    for calibration in made:
        if calibration.features != features:
            raise GleamError(
                f"{calibration.name!r} uses the features {', '.join(calibration.features)}; "
                f"known are {', '.join(features)}."
            )
    return made
