"""The explainer that asks an open multimodal model on this machine."""

from __future__ import annotations

import threading
import time
from typing import Any

from gleam.explaining.contributions import RegionEncoder
from gleam.explaining.local.chat import Chat, comparison_chat, explanation_chat, verdict_chat
from gleam.explaining.local.generation import AnswerWriter
from gleam.explaining.local.model import LocalModel, Settings
from gleam.explaining.local.output import LIMITS, Answer, Limits
from gleam.explaining.local.probability import AnswerCalibrations
from gleam.explaining.local.prompts import VERSION, answers
from gleam.explaining.local.yes_no import answer_log_probabilities, yes_share
from gleam.explaining.sentences import parse_language
from gleam.explaining.verdict import Language, ProbabilityFrom, Verdict
from gleam.views import UNKNOWN_POSE, Pose, View, parse_view


class LocalExplainer:
    """Asks a model twice: for one word, whose probability is the verdict, and for the reasons.

    The word is asked for first and by itself, because after an explanation it is as good as settled and
    its probability says nothing more. The reasons come in a fixed form, evidence before the verdict. When
    they end in the other verdict, the model is asked once more to argue for the one it gave.

    Writing inside a picture cannot steer anything but the model's own impression: the prompts are fixed and
    hold nothing from outside, the form of the answer cannot be left, and neither a position nor its status
    depends on it.
    """

    def __init__(
        self,
        model: str | LocalModel,
        encoder: RegionEncoder | None = None,
        *,
        settings: Settings | None = None,
        limits: dict[str, Limits] | None = None,
    ) -> None:
        """Load the model.

        Args:
            model: ``MODEL[@REVISION][+ADAPTER]``, or a loaded model.
            encoder: Measures the regions that are cited; none are cited without one.
            settings: How to run a model that is not loaded yet.
            limits: Of the answers, by language; ``LIMITS`` when left out.

        Raises:
            GleamError: The model cannot be loaded, or a library is missing.
        """
        self.local = model if isinstance(model, LocalModel) else LocalModel.load(model, settings)
        self.name = f"local:{self.local.name}"
        self._limits = limits or LIMITS
        self._encoder = encoder
        self._writer = AnswerWriter(self.local)
        # A network of Qwen-VL remembers where the pictures of its last question lay: one question at a time.
        self._one_at_a_time = threading.Lock()
        adapter = self.local.adapter
        self._calibrations = (
            AnswerCalibrations() if adapter is None else AnswerCalibrations.read(adapter.folder)
        )

    def probability(
        self, query: Any, tile: Any, view: View | str, *, language: str = "en"
    ) -> tuple[float, str | None]:
        """Return the probability that two pictures show one place, and its calibration's name if it has one.

        Raises:
            ImageError: A picture cannot be read.
            GleamError: An unknown view or language.
        """
        return self.calibrated(self.log_odds(query, tile, view, language=language), parse_language(language))

    def calibrated(self, log_odds: float, language: Language) -> tuple[float, str | None]:
        """Return the probability for a model's own log-odds, and its calibration's name if it has one."""
        found = self._calibrations.probability(log_odds, language)
        return (yes_share(log_odds), None) if found is None else found

    def log_odds(self, query: Any, tile: Any, view: View | str, *, language: str = "en") -> float:
        """Return the model's own log-odds of yes over no, before any calibration."""
        spoken = parse_language(language)
        chat = verdict_chat(query, tile, parse_view(view), spoken)
        return self._leaning(chat, answers(spoken))

    def answer(self, query: Any, tile: Any, view: View | str, *, language: str = "en") -> Answer:
        """Return the model's reasons and the verdict they end in, which nobody else has settled.

        Raises:
            GleamError: The answer is empty or broken, or an unknown view or language.
        """
        spoken = parse_language(language)
        return self._answer(query, tile, parse_view(view), spoken, None)

    def compare(
        self,
        query: Any,
        tile_a: Any,
        tile_b: Any,
        view: View | str,
        pose: Pose = UNKNOWN_POSE,
        *,
        tile_width_m: float | None = None,
    ) -> float:
        """Return the probability that tile A, not tile B, shows the query's place.

        A model with an adapter of GLEAM was taught to judge one tile, so its two leanings are compared. Any
        other is shown both tiles at once, in this order only. Nothing is written either way.

        Raises:
            ImageError: A picture cannot be read.
            GleamError: An unknown view.
        """
        if self.local.adapter is not None and self.local.adapter.record is not None:
            return yes_share(self.log_odds(query, tile_a, view) - self.log_odds(query, tile_b, view))
        chat = comparison_chat(query, (tile_a, tile_b), parse_view(view), "en")
        return yes_share(self._leaning(chat, ("A", "B")))

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
        """Judge a pair; see :meth:`gleam.explaining.evidence.EvidenceExplainer.explain` for the arguments.

        Raises:
            ImageError: A picture cannot be read.
            GleamError: The model's answer is empty or broken; an unknown view or language; an impossible
                pose.
        """
        begun = time.perf_counter()
        spoken, seen_as = parse_language(language), parse_view(view)
        probability, calibration = self.probability(query, tile, seen_as, language=spoken)
        match = probability >= 0.5
        notes = [f"prompts {VERSION}; the model is told not to obey writing in the pictures"]
        written = self._answer(query, tile, seen_as, spoken, None)
        if written.match is not match:
            written = self._answer(query, tile, seen_as, spoken, match)
            notes.append("the model's first reasons ended in the other verdict, so it was asked again")
        if calibration is None:
            notes.append("the probability is the model's own and was not calibrated")
        source: ProbabilityFrom = "logprobs" if calibration is None else "calibration"
        measured, assumed = self._measured(query, tile, seen_as, pose, spoken, tile_width_m)
        return Verdict(
            **measured,
            match=match,
            probability=probability,
            probability_from=source,
            calibration=calibration,
            text=written.explanation,
            reasons=written.evidence,
            language=spoken,
            explainer=self.name,
            model=self.local.base.id,
            view=seen_as.value,
            seconds=round(time.perf_counter() - begun, 4),
            cost_usd=0.0,
            notes=(*notes, *(note for note in assumed if "was not read" not in note)),
        )

    def _leaning(self, chat: Chat, words: tuple[str, str]) -> float:
        with self._one_at_a_time:
            first, second = answer_log_probabilities(self.local, chat, words)
        return float(first - second)

    def _answer(self, query: Any, tile: Any, view: View, language: Language, given: bool | None) -> Answer:
        chat = explanation_chat(query, tile, view, language, given)
        with self._one_at_a_time:
            return self._writer.write(chat, language, self._limits[language], given)

    def _measured(
        self, query: Any, tile: Any, view: View, pose: Pose, language: Language, tile_width_m: float | None
    ) -> tuple[dict[str, Any], tuple[str, ...]]:
        """Return what the encoder measured on the pair, regions and similarities, and what it assumed."""
        if self._encoder is None:
            return {
                "threshold": None,
                "similarity": None,
                "control": None,
                "evidence_for": (),
                "evidence_against": (),
                "elsewhere": 1.0,
            }, ()
        from gleam.explaining.evidence import EvidenceExplainer

        seen = EvidenceExplainer(self._encoder).explain(
            query, tile, view, pose, language=language, tile_width_m=tile_width_m
        )
        return {
            "threshold": seen.threshold,
            "similarity": seen.similarity,
            "control": seen.control,
            "evidence_for": seen.evidence_for,
            "evidence_against": seen.evidence_against,
            "elsewhere": seen.elsewhere,
        }, seen.notes
