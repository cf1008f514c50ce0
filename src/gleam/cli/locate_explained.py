"""What ``gleam locate --explain`` prints; the pipeline itself is :mod:`gleam.explaining.pipeline`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gleam.atlas import Atlas
from gleam.encoder import Encoder
from gleam.errors import GleamError
from gleam.explaining import Explainer
from gleam.explaining.pipeline import Explained, Pipeline
from gleam.files import to_json
from gleam.locating import Answer
from gleam.locating.batch import Failure
from gleam.locating.job import Outcome


class Explaining:
    """Explains answers as they come and keeps them.

    An explanation that fails never costs an answer: the answer is shown with the reason.
    """

    def __init__(
        self, name: str, encoder: Encoder, atlas: Atlas, *, language: str, top: int, rerank: bool
    ) -> None:
        explainer = Explainer.from_name(name, encoder)
        self._pipeline = Pipeline(explainer, atlas, language=language, top=top, rerank=rerank)
        self._results: list[dict[str, Any]] = []
        self._last: Explained | None = None
        self._why: str | None = None
        self.answers: list[Answer] = []
        self.failed = 0

    def take(self, photo: Path, result: Answer | Failure) -> Answer | Failure:
        """Explain an answer and return it, in its new order when that was asked for."""
        self._last, self._why = None, None
        if not isinstance(result, Answer):
            self._results.append({"photo": result.photo, "error": result.error})
            return result
        try:
            self._last = self._pipeline.explain(photo, result)
        except GleamError as error:
            self._why = str(error)
            self.failed += 1
        answer = result if self._last is None else self._last.answer
        self.answers.append(answer)
        self._results.append(self._shown(answer))
        return answer

    def line(self) -> str:
        """Return the last result as one line of JSON."""
        return to_json(self._results[-1], indent=None)

    def text(self) -> str:
        """Return the last explanation for a person."""
        if self._why is not None:
            return f"  not explained: {self._why}"
        if self._last is None or self._last.verdict is None:
            return "  nothing to explain"
        lines = [f"  {self._last.verdict.text}"]
        if self._last.standings:
            fared = ", ".join(f"candidate {s.rank}: {s.score:.2f}" for s in self._last.standings)
            lines.append(f"  compared pairwise: {fared}{' (reranked)' if self._last.reranked else ''}")
        return "\n".join(lines)

    def document(self, outcome: Outcome) -> Any:
        """Return all results as one document: the one result of a single photo, else a list and a summary."""
        if len(self._results) == 1:
            return self._results[0]
        return {"results": self._results, "summary": dict(outcome.summary.counts)}

    def _shown(self, answer: Answer) -> dict[str, Any]:
        if self._last is not None:
            return self._last.to_json()
        return {"answer": answer.to_json(), "verdict": None, "not_explained": self._why}
