"""From the ledger to ``texts.jsonl``: every reply read anew, in the order of the pairs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from gleam.explaining.benchmark.controls import CONTROLS, Control
from gleam.explaining.benchmark.folder import TEXTS
from gleam.explaining.benchmark.ledger import Ledger
from gleam.explaining.benchmark.ledger_form import Kept
from gleam.explaining.benchmark.pair import Pair
from gleam.explaining.benchmark.teachers import city, read_reply_of
from gleam.explaining.benchmark.text import Text, Usage, write_lines
from gleam.explaining.chat.problems import ReplyError


def derive(root: Path, ledger: Ledger, pairs: Sequence[Pair]) -> list[Text]:
    """Write ``texts.jsonl`` and ``controls.jsonl`` from the ledger and return the texts.

    The same ledger gives the same files to the byte. Requests that were never answered have a line with
    the status ``failed``; refused and malformed replies have one that says what was wrong.
    """
    order = {pair.pair_id: number for number, pair in enumerate(pairs)}
    texts: list[Text] = []
    controls: list[Control] = []
    for kept in ledger.kept():
        if kept.entry.pair_id not in order:
            continue
        if kept.entry.purpose == "control":
            controls += _controls(kept)
        else:
            texts += _texts(kept)
    texts.sort(key=lambda t: (order[t.pair_id], t.teacher, t.language, t.request_hash))
    controls.sort(key=lambda c: (order[c.pair_id], c.language))
    write_lines(root / TEXTS, texts)
    if controls:
        write_lines(root / CONTROLS, controls)
    return texts


def _texts(kept: Kept) -> Iterator[Text]:
    entry, said, problem = kept.entry, None, kept.problem
    status = kept.status or "failed"
    if status == "ok":
        try:
            said = read_reply_of(entry.teacher, kept.reply or b"", entry.languages)
        except ReplyError as error:
            # A later version may read more strictly than the one that recorded the reply.
            status, problem = ("refused" if error.refused else "invalid"), str(error)
    share = len(entry.languages)
    for language in entry.languages:
        yield Text(
            pair_id=entry.pair_id,
            language=language,
            teacher=entry.teacher,
            model=entry.model,
            prompt_version=entry.prompts,
            request_hash=entry.key,
            status=status,
            match=None if said is None else said.match,
            evidence=() if said is None else said.evidence[language],
            explanation="" if said is None else said.explanation[language],
            # A call that wrote both languages is shared between them; nothing is counted twice.
            usage=Usage(input_tokens=kept.input_tokens // share, output_tokens=kept.output_tokens // share),
            cost_usd=kept.cost_usd / share,
            seconds=kept.seconds / share,
            problem=problem,
        )


def _controls(kept: Kept) -> Iterator[Control]:
    if kept.status != "ok" or kept.reply is None:
        return
    data = city.fields_of(kept.reply)
    for language in kept.entry.languages:
        yield Control(
            pair_id=kept.entry.pair_id,
            language=language,
            match=bool(data["match"]),
            explanation=str(data["explanation"]),
            error=str(data["error"]),
            wrong=str(data["wrong"]),
        )
