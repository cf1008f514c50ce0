"""Explainers by name behind one interface."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Protocol

from gleam.errors import GleamError, unknown_name
from gleam.explaining.contributions import RegionEncoder
from gleam.explaining.verdict import Verdict
from gleam.views import UNKNOWN_POSE, Pose, View

NAMES = ("evidence", "student", "local:MODEL", "api:MODEL@URL")


class PairExplainer(Protocol):
    """Judges whether a picture shows the ground of a tile, and says why.

    It may also have ``compare``, see :func:`gleam.explaining.comparing.compare`.
    """

    @property
    def name(self) -> str:
        """The name it is had by."""

    def explain(
        self,
        query: Any,
        tile: Any,
        view: View | str,
        pose: Pose = UNKNOWN_POSE,
        *,
        language: str = "en",
        tile_width_m: float | None = None,
    ) -> Verdict:
        """Return the verdict on a pair; see :meth:`gleam.explaining.evidence.EvidenceExplainer.explain`."""


class Explainer:
    """Where explainers come from."""

    @staticmethod
    def from_name(name: str, encoder: RegionEncoder | None) -> PairExplainer:
        """Return the explainer called ``name``.

        Args:
            name: ``evidence``: sentences bound to measured regions, no language model. ``student`` or
                ``student:FOLDER``: the small model shipped, or one tuned. ``local:MODEL``: an open
                multimodal model in a folder (or of the hub's name). ``api:MODEL@URL``: any server that
                speaks the OpenAI protocol; the pictures are sent there.
            encoder: The encoder whose match is to be explained; it measures the regions. ``local`` and
                ``api`` work without one, then no regions are cited.

        Raises:
            GleamError: No explainer has that name, or what it needs is missing; the names are listed.
        """
        kind, _, rest = name.strip().partition(":")
        kind = kind.strip().lower()
        made: PairExplainer
        if kind == "evidence" and not rest:
            made = _home("gleam.explaining.evidence").EvidenceExplainer(_needed(encoder, name))
        elif kind == "student":
            student = _home("gleam.explaining.student").StudentExplainer
            made = student(_needed(encoder, name), *([rest] if rest else ()))
        elif kind == "local" and rest:
            made = _home("gleam.explaining.local").LocalExplainer(rest, encoder)
        elif kind == "api" and rest:
            made = _home("gleam.explaining.explainers.api").ApiExplainer(rest, encoder)
        elif kind in ("local", "api"):
            form = next(n for n in NAMES if n.startswith(kind))
            raise GleamError(f"The explainer {name!r} lacks its model: write {form}.")
        else:
            raise unknown_name("explainer", name, NAMES)
        return made


def _needed(encoder: RegionEncoder | None, name: str) -> RegionEncoder:
    if encoder is None:
        raise GleamError(f"The explainer {name!r} needs an encoder, which measures what it says.")
    return encoder


def _home(module: str) -> Any:
    """Import where an explainer lives; only the one that was asked for may need an extra."""
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name is not None and module.startswith(error.name):
            raise GleamError(f"This build of GLEAM has no {module}; choose another explainer.") from None
        raise GleamError(
            f"This explainer needs the package {error.name}; run: pip install 'gleam-geo[explain]'."
        ) from None
