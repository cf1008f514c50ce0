"""The explainer that asks a multimodal model on a server: ``api:MODEL@URL``.

The model judges and words; it cannot measure, so the regions and the overlay are those of the evidence
explainer, and nothing it says moves a position. Its text is its own and is marked with the model's name.
"""

from __future__ import annotations

import time
from typing import Any

from gleam.explaining.chat import Chat, ChatRequest, Target
from gleam.explaining.chat.pictures import jpeg_of
from gleam.explaining.chat.prices import cost_usd, price_of
from gleam.explaining.chat.problems import PASSING, ChatError, ReplyError
from gleam.explaining.chat.reply import ChatReply, read_reply
from gleam.explaining.chat.saying import choice_schema, read_said, verdict_schema
from gleam.explaining.contributions import RegionEncoder
from gleam.explaining.evidence import EvidenceExplainer
from gleam.explaining.prompts import CAPTIONS, COMPARED, VERSION, compare_prompt, pair_prompt, system_prompt
from gleam.explaining.sentences import parse_language
from gleam.explaining.verdict import ProbabilityFrom, Verdict
from gleam.views import UNKNOWN_POSE, Pose, View, parse_view

TRIES = 3
LONGEST_WAIT_S = 20.0
"""A person is waiting: a server that asks for more gets no second try."""


class ApiExplainer:
    """Asks a server that speaks the OpenAI protocol.

    Args:
        target: ``MODEL@URL`` or ``MODEL@NAME``, see :class:`gleam.explaining.chat.Target`.
        encoder: Measures the regions; without it none are cited.

    Raises:
        GleamError: The target is unusable, or its key is not in the environment.
    """

    def __init__(self, target: str, encoder: RegionEncoder | None = None) -> None:
        self._chat = Chat(Target.parse(target))
        self._evidence = EvidenceExplainer(encoder) if encoder is not None else None

    @property
    def name(self) -> str:
        """``api:MODEL@URL``."""
        return f"api:{self._chat.target}"

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
        """Ask for a verdict; see :meth:`gleam.explaining.evidence.EvidenceExplainer.explain`.

        Raises:
            ChatError: The server did not answer.
            ReplyError: Its reply is refused, malformed, cut off or in another language.
        """
        started = time.perf_counter()
        spoken, seen_as = parse_language(language), parse_view(view)
        request = ChatRequest(
            system=system_prompt(spoken),
            prompt=pair_prompt(spoken, seen_as, tile_width_m),
            pictures=tuple(zip(CAPTIONS[spoken], (jpeg_of(query), jpeg_of(tile)), strict=True)),
            schema=verdict_schema((spoken,)),
            schema_name="verdict",
            reasoning_tokens=self._thinking,
            logprobs=True,
        )
        reply = self._ask(request)
        said = read_said(reply.data, (spoken,))
        told = reply.probability_of("match", "true", "false")
        came_from: ProbabilityFrom = "stated" if told is None else "logprobs"
        probability = said.stated_probability if told is None else told
        measured = (
            None
            if self._evidence is None
            else self._evidence.explain(
                query, tile, seen_as, pose, language=spoken, tile_width_m=tile_width_m
            )
        )
        return Verdict(
            match=said.match,
            probability=probability,
            probability_from=came_from,
            calibration=None,
            threshold=None if measured is None else measured.threshold,
            similarity=None if measured is None else measured.similarity,
            control=None if measured is None else measured.control,
            evidence_for=() if measured is None else measured.evidence_for,
            evidence_against=() if measured is None else measured.evidence_against,
            elsewhere=1.0 if measured is None else measured.elsewhere,
            text=said.explanation[spoken],
            reasons=said.evidence[spoken],
            language=spoken,
            explainer=self.name,
            model=reply.model or self._chat.target.model,
            view=seen_as.value,
            seconds=round(time.perf_counter() - started, 4),
            cost_usd=self._cost(reply),
            notes=self._notes(measured),
        )

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
        """Return the probability that tile A, not tile B, shows the query's place; asked in this order only.

        Raises:
            ChatError: The server did not answer.
            ReplyError: Its reply is not usable.
        """
        seen_as = parse_view(view)
        pictures = (jpeg_of(query), jpeg_of(tile_a), jpeg_of(tile_b))
        request = ChatRequest(
            system=system_prompt("en"),
            prompt=compare_prompt("en", seen_as),
            pictures=tuple(zip(COMPARED["en"], pictures, strict=True)),
            schema=choice_schema(),
            schema_name="choice",
            reasoning_tokens=self._thinking,
            logprobs=True,
        )
        reply = self._ask(request)
        choice = reply.data.get("choice")
        if choice not in ("A", "B"):
            raise ReplyError(f'The reply\'s "choice" is {choice!r}, neither A nor B.')
        told = reply.probability_of("choice", "A", "B")
        return (1.0 if choice == "A" else 0.0) if told is None else told

    @property
    def _thinking(self) -> int:
        price = price_of(self._chat.target.model)
        return price.reasoning_tokens if price is not None else 0

    def _ask(self, request: ChatRequest) -> ChatReply:
        """Send a request, again when the trouble may pass."""
        wait = 0.5
        for left in reversed(range(TRIES)):
            try:
                return read_reply(self._chat.send(request).body)
            except ChatError as error:
                asked = error.retry_after_s if error.retry_after_s is not None else wait
                if error.kind not in PASSING or left == 0 or asked > LONGEST_WAIT_S:
                    raise
                time.sleep(asked)
                wait *= 2
        raise AssertionError("the last try returns or raises")

    def _cost(self, reply: ChatReply) -> float:
        return cost_usd(self._chat.target.model, reply.input_tokens or 0, reply.output_tokens or 0) or 0.0

    def _notes(self, measured: Verdict | None) -> tuple[str, ...]:
        notes = [
            f"both pictures were sent to {self._chat.target.address}",
            f"the text is the model's own (prompts {VERSION}); only the regions are measured",
            "the model was told not to obey writing in the pictures",
        ]
        if cost_usd(self._chat.target.model, 0, 0) is None:
            notes.append("the price of this model is not known, so no cost is told")
        if measured is None:
            notes.append("no encoder measured any region")
        return (*notes, *(measured.notes if measured is not None else ()))
