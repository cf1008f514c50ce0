"""From an answer to an explained answer: the encoder ranks, an explainer compares and says why.

What an explainer says never moves a position or changes a status. Only when reranking is asked for may
the tournament put another of the encoder's own candidates first; then nothing that was calibrated for the
encoder's first place is claimed of it any more.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from gleam.atlas import Atlas
from gleam.errors import GleamError
from gleam.explaining.comparing import Contestant, Tournament, hold_tournament
from gleam.explaining.explainer import PairExplainer
from gleam.explaining.ground import picture_of
from gleam.explaining.sentences import parse_language
from gleam.explaining.verdict import Verdict
from gleam.locating.answer import Answer, Candidate, Status
from gleam.views import Pose, View, parse_view

TOP = 3
"""Candidates that are compared: three duels, six questions to a model that can compare."""
MOST = 10
_CLAIMED = (Status.LOCATED, Status.AMBIGUOUS)


@dataclass(frozen=True)
class Standing:
    """How a candidate fared. rank: of the encoder. score: mean probability against the others."""

    rank: int
    score: float


@dataclass(frozen=True)
class Explained:
    """An answer and what an explainer says of it.

    answer: as located, but for its candidates' order when reranking was asked for and changed it.
    verdict: on the photo and the winner; None where nothing was found. standings: of the candidates
    compared, best first. reranked: whether the explainer put another first. swing: mean difference
    between the answers to the two orders of a duel. seconds: of comparing and explaining.
    """

    answer: Answer
    verdict: Verdict | None
    standings: tuple[Standing, ...] = ()
    reranked: bool = False
    swing: float = 0.0
    seconds: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """Return plain data: the answer, the verdict, and how the candidates fared."""
        return {
            "answer": self.answer.to_json(),
            "verdict": None if self.verdict is None else self.verdict.model_dump(mode="json"),
            "comparison": {
                "standings": [{"rank": s.rank, "score": s.score} for s in self.standings],
                "reranked": self.reranked,
                "swing": round(self.swing, 4),
                "seconds": round(self.seconds, 4),
            },
        }


class Pipeline:
    """Explains answers of one atlas.

    Args:
        explainer: Compares and explains.
        atlas: Where the answers come from.
        language: ``en`` or ``zh``.
        top: Candidates to compare; 1 compares none.
        rerank: Whether the winner of the comparison becomes the answer.

    Raises:
        GleamError: An unknown language, or ``top`` is out of range.
    """

    def __init__(
        self,
        explainer: PairExplainer,
        atlas: Atlas,
        *,
        language: str = "en",
        top: int = TOP,
        rerank: bool = False,
    ) -> None:
        if not 1 <= top <= MOST:
            raise GleamError(f"{top} candidates cannot be compared: give 1 to {MOST}.")
        self._explainer = explainer
        self._atlas = atlas
        self._language = parse_language(language)
        self._top = top
        self._rerank = rerank

    def explain(self, photo: Any, answer: Answer) -> Explained:
        """Compare the best candidates of an answer and explain the winner.

        Args:
            photo: The photo that was located.
            answer: What was found.

        Raises:
            GleamError: The explainer fails; the answer stands as it is.
        """
        if not answer.candidates:
            return Explained(answer, None)
        started = time.perf_counter()
        view = parse_view(answer.view)
        compared = answer.candidates[: self._top]
        contestants = [self._contestant(answer, candidate) for candidate in compared]
        tournament = (
            hold_tournament(self._explainer, photo, contestants, view, self._language)
            if len(contestants) > 1
            else None
        )
        order = tournament.order if tournament is not None else (0,)
        # A refusal is not overturned by words: then the encoder's own first is explained.
        reranked = self._rerank and answer.status in _CLAIMED and order[0] != 0
        chosen = order[0] if reranked else 0
        verdict = self._verdict(photo, view, contestants, chosen, tournament)
        return Explained(
            answer=_reordered(answer, order, self._explainer.name) if reranked else answer,
            verdict=verdict,
            standings=_standings(compared, tournament),
            reranked=reranked,
            swing=_swing(tournament),
            seconds=time.perf_counter() - started,
        )

    def _contestant(self, answer: Answer, candidate: Candidate) -> Contestant:
        known = {name: value for name, value in answer.pose.items() if name in Pose.__slots__}
        pose = Pose(**known)
        if candidate.heading_deg is not None:
            pose = pose.with_heading(candidate.heading_deg)
        picture, width_m = picture_of(self._atlas, candidate)
        return Contestant(picture, width_m, pose)

    def _verdict(
        self,
        photo: Any,
        view: View,
        contestants: Sequence[Contestant],
        chosen: int,
        tournament: Tournament | None,
    ) -> Verdict:
        if tournament is not None and chosen in tournament.verdicts:
            return tournament.verdicts[chosen]
        winner = contestants[chosen]
        return self._explainer.explain(
            photo, winner.picture, view, winner.pose, language=self._language, tile_width_m=winner.width_m
        )


def _reordered(answer: Answer, order: Sequence[int], explainer: str) -> Answer:
    """Return the answer with its candidates in another order, and no claim that was made for the former."""
    moved = [answer.candidates[number] for number in order]
    listed = [*moved, *answer.candidates[len(order) :]]
    first = listed[0]
    searched = first.heading_deg is not None
    return replace(
        answer,
        status=Status.AMBIGUOUS,
        lat=first.lat,
        lon=first.lon,
        radius95_m=None,
        radius95_from=None,
        region95=(),
        covariance_m2=None,
        probability=None,
        calibration=None,
        camera_lat=None,
        camera_lon=None,
        heading_deg=first.heading_deg if searched else answer.heading_deg,
        candidates=tuple(replace(candidate, rank=n) for n, candidate in enumerate(listed, start=1)),
        notes=(
            *answer.notes,
            f"reranked by {explainer}: the encoder's candidate {first.rank} was put first; the two "
            "disagree, so the answer is ambiguous and no probability or region is claimed",
        ),
    )


def _standings(compared: Sequence[Candidate], tournament: Tournament | None) -> tuple[Standing, ...]:
    if tournament is None:
        return ()
    return tuple(Standing(compared[n].rank, round(tournament.scores[n], 4)) for n in tournament.order)


def _swing(tournament: Tournament | None) -> float:
    if tournament is None or not tournament.duels:
        return 0.0
    return sum(duel.swing for duel in tournament.duels) / len(tournament.duels)
