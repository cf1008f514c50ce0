"""What a review is about and how it is done; changes of it are events of the history too."""

from __future__ import annotations

import hashlib
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from gleam.explaining.verdict import LANGUAGES, Language


class ReviewSettings(BaseModel):
    """How a review is done.

    languages: whose texts are revised. split: of which pairs (``all``: every). double: share of the pairs
    that two people judge independently. adjudicators: who may settle what they differ on; nobody named means
    anybody but the two. seed: which pairs are judged twice, and in which order pairs come.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    languages: tuple[Language, ...] = LANGUAGES
    split: Literal["train", "val", "test", "all"] = "test"
    double: Annotated[float, Field(ge=0, le=1)] = 1.0
    adjudicators: tuple[str, ...] = ()
    seed: int = 0

    def needed(self, pair_id: str) -> int:
        """Return how many independent reviews a pair needs: 1 or 2."""
        return 2 if self.lot(pair_id) < self.double else 1

    def lot(self, pair_id: str) -> float:
        """Return a number in [0, 1) that is drawn for a pair once and for all."""
        drawn = hashlib.sha256(f"{self.seed}/{pair_id}".encode()).digest()[:6]
        return int.from_bytes(drawn) / 2**48

    def may_adjudicate(self, name: str, reviewers: frozenset[str]) -> bool:
        """Tell whether somebody may settle what ``reviewers`` differ on."""
        return name in self.adjudicators if self.adjudicators else name not in reviewers
