"""The calibrations an encoder carries, as they lie in its ``calibration.json``.

Form::

    {"answers": [{...}, ...],                 Calibration.to_dict() with within_m, for answers
     "pairs":   [{...}, ...],                 Calibration.to_dict() without within_m, for pairs
     "radius95": {"drone": {"radius95_m": 31.0, "name": "...", "n": 410}, ...},
     "presence": [{...}, ...],                Calibration.to_dict() without within_m: is it from here?
     "claims":  {"drone": {"located_from": 0.8, "ambiguous_from": 0.2, "not_here_below": 0.05,
                           "name": "...", "n": 900, "least_tiles": 74}, ...},
     "regions": {"drone": {"scale": 2.1, "name": "...", "n": 500}, ...},
     "modes":   {"drone": {"2": {...}, "3": {...}, ...}, ...}}        is one of so many right?

``radius95`` may carry ``"through": "atlas"`` when it was measured on answers of an atlas; otherwise it
comes from tiles centred on the places, and the grid of the atlas still has to be added.

Beside the views there may be ``together`` (several photos of one place), ``sequence`` (a photo of a
flight), and ``drone, heading unknown`` and the like, for photos of a view whose heading had to be searched
for; where that is missing, what the view has stands for it. Each part may be missing; what is missing is
not claimed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gleam.errors import EncoderError, GleamError
from gleam.evaluation.calibration import PAIR_FEATURES, Calibration
from gleam.locating.judging.signs import ALL_SIGNS

HEADING_UNKNOWN = "heading unknown"


def searched_kind(view: str) -> str:
    """Return the name under which photos of a view are calibrated whose heading had to be searched for."""
    return f"{view}, {HEADING_UNKNOWN}"


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


@dataclass(frozen=True, slots=True)
class Claims:
    """From where on what is claimed, measured on ``n`` answers of a data set.

    located_from, ambiguous_from: least probability. not_here_below: a photo whose presence is less
    probable than this is said not to be from here. least_tiles: the fewest that any of them was compared
    with; among fewer even a stranger's best tile may lead all others, so that nothing is claimed.
    """

    located_from: float
    ambiguous_from: float
    not_here_below: float
    name: str = ""
    n: int = 0
    least_tiles: int = 0


DEFAULT_CLAIMS = Claims(located_from=0.5, ambiguous_from=0.1, not_here_below=0.02)
"""Where a probability is calibrated but the thresholds are not."""


@dataclass(frozen=True, slots=True)
class RegionScale:
    """Scale of the ellipse that held 95 % of the truths of ``n`` located answers of a data set."""

    scale: float
    name: str
    n: int


@dataclass(frozen=True)
class Calibrations:
    """What is known of how far one encoder can be trusted, by view."""

    answers: tuple[Calibration, ...] = ()
    pairs: tuple[Calibration, ...] = ()
    radius95: Mapping[str, Radius95] | None = None
    presences: tuple[Calibration, ...] = ()
    claims: Mapping[str, Claims] | None = None
    regions: Mapping[str, RegionScale] | None = None
    modes: Mapping[str, Mapping[int, Calibration]] | None = None

    @classmethod
    def of(cls, encoder: object) -> Calibrations:
        """Read the ``calibration`` of an encoder; one without any gives empty calibrations.

        Raises:
            EncoderError: The calibration is damaged.
        """
        data: Any = getattr(encoder, "calibration", None) or {}
        try:
            return cls(
                answers=_read(data.get("answers", ()), ALL_SIGNS),
                pairs=_read(data.get("pairs", ()), PAIR_FEATURES),
                radius95={view: Radius95(**item) for view, item in data.get("radius95", {}).items()},
                presences=_read(data.get("presence", ()), ALL_SIGNS),
                claims={view: Claims(**item) for view, item in data.get("claims", {}).items()},
                regions={view: RegionScale(**item) for view, item in data.get("regions", {}).items()},
                modes={view: _modes(items) for view, items in data.get("modes", {}).items()},
            )
        except (GleamError, AttributeError, KeyError, TypeError, ValueError) as error:
            name = getattr(encoder, "name", "unnamed")
            raise EncoderError(
                f"The calibration of the encoder {name!r} is damaged or of another version: {error}"
            ) from None

    def answer(self, view: str) -> Calibration | None:
        """Return the calibration of answers for a view, if any."""
        return next((c for c in self.answers if view in c.views), None)

    def kind_of(self, view: str, *, heading_searched: bool) -> str:
        """Return the name under which answers to photos of a view are calibrated."""
        apart = searched_kind(view)
        return apart if heading_searched and self.answer(apart) is not None else view

    def pair(self, kind: str) -> Calibration | None:
        """Return the calibration of pairs for a view, whatever is known of the heading, if any."""
        view = kind.removesuffix(f", {HEADING_UNKNOWN}")
        return next((c for c in self.pairs if view in c.views), None)

    def radius(self, view: str) -> Radius95 | None:
        """Return the radius measured for a view, if any."""
        return (self.radius95 or {}).get(view)

    def presence(self, view: str) -> Calibration | None:
        """Return the calibration that tells photos from here from others, if any."""
        return next((c for c in self.presences if view in c.views), None)

    def claim(self, view: str) -> Claims:
        """Return the thresholds for a view."""
        return (self.claims or {}).get(view, DEFAULT_CLAIMS)

    def mode(self, view: str) -> Mapping[int, Calibration]:
        """Return, by number of places, the calibration of the chance that one of the first is right."""
        return (self.modes or {}).get(view, {})

    def region(self, view: str) -> RegionScale | None:
        """Return the scale of regions measured for a view, if any."""
        return (self.regions or {}).get(view)


def _modes(items: Mapping[str, Any]) -> dict[int, Calibration]:
    return {
        int(n): _read((item,), ALL_SIGNS)[0] for n, item in sorted(items.items(), key=lambda i: int(i[0]))
    }


def _read(items: Any, known: tuple[str, ...]) -> tuple[Calibration, ...]:
    made = tuple(Calibration.from_dict(dict(item)) for item in items)
    for calibration in made:
        unknown = sorted(set(calibration.features) - set(known))
        if unknown:
            raise GleamError(
                f"{calibration.name!r} uses {', '.join(unknown)}, which "
                "this version of GLEAM does not know; make it anew with gleam calibrate."
            )
    return made
