"""A language model as judge: which of two explanations is better, by a fixed rubric, asked in both orders.

Models prefer what stands first, so a text wins only when it wins in both orders; how often the two orders
agree is reported. The judge should be of another family than the teachers. Every reply is on the disk before
it is read, so a run that is stopped pays for nothing twice.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from gleam.errors import BenchError
from gleam.explaining.benchmark.folder import Bench
from gleam.explaining.chat import Chat, ChatRequest, Target
from gleam.explaining.chat.pictures import jpeg_of
from gleam.explaining.chat.prices import cost_usd
from gleam.explaining.chat.problems import PASSING, ChatError, ReplyError
from gleam.explaining.chat.reply import read_reply, usage_of
from gleam.explaining.prompts import CAPTIONS
from gleam.explaining.scoring.figures import Figure, mean_of
from gleam.explaining.scoring.items import Item
from gleam.explaining.scoring.record import file_name
from gleam.progress import track

TRIES, LONGEST_WAIT_S = 3, 30.0
CHOICES = ("A", "B", "tie")
_POINTS = {"win": 1.0, "tie": 0.5, "loss": 0.0}
_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "evidence": {"type": "array", "items": {"type": "string"}},
        "choice": {"type": "string", "enum": list(CHOICES)},
    },
    "required": ["evidence", "choice"],
    "additionalProperties": False,
}


@dataclass(frozen=True)
class Judgement:
    """What came of a text against its reference.

    outcome: ``win``, ``tie`` or ``loss``; None when a reply was unusable. steady: both orders gave the same.
    """

    item: Item
    outcome: str | None
    steady: bool


@cache
def rubric() -> Mapping[str, Any]:
    """Return the rubric: ``version``, ``system``, ``prompt`` and the words for the truth."""
    import yaml

    text = files("gleam.explaining.scoring").joinpath("judge_rubric.yaml").read_text(encoding="utf-8")
    found: Mapping[str, Any] = yaml.safe_load(text)
    return found


class Judge:
    """Compares texts with their references.

    Args:
        target: ``MODEL@URL``.
        bench: Whose pictures are shown.
        folder: Where every reply is kept.

    Raises:
        GleamError: The target is unusable or its key is missing.
    """

    def __init__(self, target: str, bench: Bench, folder: Path) -> None:
        self._chat = Chat(Target.parse(target))
        self._bench = bench
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / f"{file_name(str(self._chat.target))}.jsonl"
        self._replies = _read_replies(self._path)
        self.usd = 0.0
        self.calls = 0

    @property
    def name(self) -> str:
        """Model, server and version of the rubric."""
        return f"{self._chat.target}, rubric {rubric()['version']}"

    def judge(self, items: Sequence[Item], most: int) -> list[Judgement]:
        """Judge at most so many texts that have a reference, in both orders.

        Raises:
            ChatError: The server does not answer, also when asked again.
        """
        own = [item for item in items if item.references and item.text.strip()]
        own.sort(key=lambda item: hashlib.sha256(item.pair.pair_id.encode()).digest())
        return [self._one(item) for item in track(own[:most], "Judging texts", total=len(own[:most]))]

    def _one(self, item: Item) -> Judgement:
        reference = item.references[0]
        first = self._choice(item, item.text, reference)
        second = self._choice(item, reference, item.text)
        seen = {"A": "win", "B": "loss", "tie": "tie"}.get(first or "")
        turned = {"A": "loss", "B": "win", "tie": "tie"}.get(second or "")
        if seen is None or turned is None:
            return Judgement(item, None, False)
        return Judgement(item, seen if seen == turned else "tie", seen == turned)

    def _choice(self, item: Item, a: str, b: str) -> str | None:
        """Return the choice between two texts in this order; None when the reply cannot be used."""
        request = self._request(item, a, b)
        asked = {**request.plain(), "server": self._chat.target.url, "model": self._chat.target.model}
        key = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
        if key not in self._replies:
            body = self._send(request)
            inputs, outputs = usage_of(body)
            self.usd += cost_usd(self._chat.target.model, inputs or 0, outputs or 0) or 0.0
            self.calls += 1
            self._keep(key, item, body)
        try:
            choice = read_reply(self._replies[key]).data.get("choice")
        except ReplyError:
            return None
        return choice if choice in CHOICES else None

    def _request(self, item: Item, a: str, b: str) -> ChatRequest:
        told, pair = rubric(), item.pair
        pictures = [jpeg_of(self._bench.image_path(image)) for image in (pair.query_image, pair.tile_image)]
        truth = told["truth"]["match" if pair.match else "no_match"]
        # Not str.format of the whole: a text may hold braces.
        prompt = str(told["prompt"]).format(view=pair.view.value, truth=truth, a="\0a", b="\0b")
        return ChatRequest(
            system=str(told["system"]),
            prompt=prompt.replace("\0a", a).replace("\0b", b),
            pictures=tuple(zip(CAPTIONS["en"], pictures, strict=True)),
            schema=_SCHEMA,
            schema_name="judgement",
            max_tokens=700,
            temperature=0.0,
        )

    def _send(self, request: ChatRequest) -> bytes:
        """Send a request, again when the trouble may pass."""
        wait = 0.5
        for left in reversed(range(TRIES)):
            try:
                return self._chat.send(request).body
            except ChatError as error:
                asked = error.retry_after_s if error.retry_after_s is not None else wait
                if error.kind not in PASSING or left == 0 or asked > LONGEST_WAIT_S:
                    raise
                time.sleep(asked)
                wait *= 2
        raise AssertionError("the last try returns or raises")

    def _keep(self, key: str, item: Item, body: bytes) -> None:
        line = {
            "key": key,
            "pair_id": item.pair.pair_id,
            "language": item.prediction.language,
            "explainer": item.prediction.explainer,
            "rubric": rubric()["version"],
            "reply": body.decode("utf-8", "replace"),
        }
        with self._path.open("ab") as stream:
            stream.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
            stream.flush()
            os.fsync(stream.fileno())
        self._replies[key] = body


def judge_figures(judgements: Sequence[Judgement], seed: int = 0) -> dict[str, Figure | None]:
    """Return the mean outcome (win 1, tie 0.5) against the references, how steady and how usable it is."""
    known = [j for j in judgements if j.outcome is not None]
    groups = [j.item.pair.query_place for j in known]
    return {
        "judge_score": mean_of([_POINTS[j.outcome or "tie"] for j in known], groups, seed),
        "judge_steady": mean_of([j.steady for j in known], groups, seed),
        "judge_usable": mean_of(
            [j.outcome is not None for j in judgements], [j.item.pair.query_place for j in judgements], seed
        ),
    }


def _read_replies(path: Path) -> dict[str, bytes]:
    """Read what was paid for; a line that a kill tore off is cut off."""
    if not path.is_file():
        return {}
    raw = path.read_bytes()
    whole = raw.rfind(b"\n") + 1
    if whole < len(raw):
        with path.open("r+b") as stream:
            stream.truncate(whole)
    replies = {}
    for number, line in enumerate(raw[:whole].splitlines(), start=1):
        try:
            data = json.loads(line)
            replies[str(data["key"])] = str(data["reply"]).encode()
        except (ValueError, TypeError, KeyError, RecursionError):
            raise BenchError(f"{path}, line {number}: this is no recorded judgement.") from None
    return replies
