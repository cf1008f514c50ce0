"""Explainers by name behind one interface."""

from __future__ import annotations

from typing import Any, Protocol

from gleam.errors import unknown_name
from gleam.explaining.contributions import RegionEncoder
from gleam.explaining.verdict import Verdict
from gleam.views import UNKNOWN_POSE, Pose, View

NAMES = ("evidence",)


class PairExplainer(Protocol):
    """Judges whether a picture shows the ground of a tile, and says why."""

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
    def from_name(name: str, encoder: RegionEncoder) -> PairExplainer:
        """Return the explainer called ``name``.

        Args:
            name: ``evidence``: sentences bound to measured regions, no language model.
            encoder: The encoder whose match is to be explained.

        Raises:
            GleamError: No explainer has that name; the names are listed.
        """
        from gleam.explaining.evidence import EvidenceExplainer

        if name.strip().lower() == EvidenceExplainer.name:
            return EvidenceExplainer(encoder)
        raise unknown_name("explainer", name, NAMES)
