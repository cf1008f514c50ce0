"""Edited exports back into the review: what was changed outside becomes decisions in the history."""

from __future__ import annotations

import hashlib
import os
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from gleam.errors import GleamError
from gleam.explaining.benchmark.folder import Bench
from gleam.explaining.benchmark.text import Text
from gleam.explaining.exchange.conversation import guarded
from gleam.explaining.exchange.formats import FORMATS
from gleam.explaining.exchange.manifest import Manifest, read_manifest
from gleam.explaining.exchange.row import Row
from gleam.explaining.exchange.selection import Record
from gleam.explaining.reviewing.decisions import Decision, TextChoice, parse_reviewer, tidy
from gleam.explaining.reviewing.revised import write_revised
from gleam.explaining.reviewing.store import ReviewStore
from gleam.explaining.verdict import Language


@dataclass(frozen=True)
class BroughtIn:
    """rows: that were read. changed: texts and verdicts that differ. pairs: on which something was recorded.

    conflicts: pairs that others decided on since the export; nothing was recorded on them.
    """

    rows: int
    changed: int
    pairs: int
    conflicts: tuple[str, ...]


@dataclass(frozen=True)
class _Change:
    row: Row
    language: Language
    teacher: str
    match: bool
    text: str
    flips: bool


def bring_in(
    bench: Bench, folder: str | os.PathLike[str], reviewer: str, *, only_check: bool = False
) -> BroughtIn:
    """Record what was edited in an export.

    Everything is read and checked before anything is recorded. Rows are matched by pair, language and
    teacher; what is as it was leaves no trace. A row that is missing was not changed.

    Args:
        bench: The benchmark that the export was made from.
        folder: The export.
        reviewer: Under whose name it is recorded.
        only_check: Record nothing.

    Raises:
        GleamError: It is another benchmark's export, a row is damaged or unknown, a picture was changed, or
            rows contradict each other. Nothing was recorded then.
    """
    root, name = Path(folder), parse_reviewer(reviewer)
    manifest = read_manifest(root)
    _check_origin(manifest, bench, root)
    known = {(t.pair_id, t.language, t.teacher): t for t in bench.texts()}
    changes: dict[str, list[_Change]] = defaultdict(list)
    intact: set[tuple[str, str]] = set()
    verdicts: dict[str, dict[str, bool]] = defaultdict(dict)
    rows = 0
    for row in FORMATS[manifest.kind].read(root, manifest):
        rows += 1
        text = known.get((row.pair_id, row.language, row.teacher))
        if text is None:
            raise GleamError(
                f"{row.where}: the benchmark has no text in {row.language} by {row.teacher!r} on the pair "
                f"{row.pair_id!r}; keep pair_id, language and teacher as they were exported."
            )
        _check_pictures(row, bench, intact)
        verdicts[row.pair_id][row.where] = row.match
        change = _change(row, text, bench)
        if change is not None:
            changes[row.pair_id].append(change)
    _check_agree(changes, verdicts)
    store = ReviewStore(bench)
    conflicts = [pair for pair in changes if store.board().of(pair).head() > manifest.seq]
    changed = sum(map(len, changes.values()))
    recorded = 0
    if not only_check:
        for pair_id, made in changes.items():
            if pair_id not in conflicts:
                store.bring_in(pair_id, name, _decision(made), base=manifest.seq)
                recorded += 1
        write_revised(store)
    return BroughtIn(rows, changed, recorded, tuple(conflicts))


def _check_origin(manifest: Manifest, bench: Bench, root: Path) -> None:
    theirs, ours = (manifest.benchmark, manifest.benchmark_created), (bench.info.name, bench.info.created)
    if theirs != ours:
        raise GleamError(
            f"{root} was exported from the benchmark {theirs[0]!r} of {theirs[1]}; "
            f"{bench.root} is {ours[0]!r} of {ours[1]}."
        )


def _check_pictures(row: Row, bench: Bench, intact: set[tuple[str, str]]) -> None:
    """Check that both pictures are those of the pair; each is hashed once per row that embeds it."""
    pair = bench.pair(row.pair_id)
    wanted = (pair.query_image, pair.tile_image)
    if len(row.pictures) != len(wanted):
        raise GleamError(f"{row.where}: it has {len(row.pictures)} pictures where a pair has 2.")
    for what, read, sha in zip(("query", "tile"), row.pictures, wanted, strict=True):
        if (row.where, sha) in intact:
            continue
        if hashlib.sha256(read()).hexdigest() != sha:
            raise GleamError(
                f"{row.where}: the {what} picture is not the one of the pair {row.pair_id!r}; an export may "
                "have its texts and verdicts changed, never its pictures."
            )
        intact.add((row.where, sha))


def _change(row: Row, text: Text, bench: Bench) -> _Change | None:
    """Return what differs between a row and the text it was made from, None when nothing does."""
    before = Record(bench.pair(text.pair_id), text, "teacher").match
    words = text.explanation if row.text is None else row.text
    same_words = tidy(words) in (tidy(text.explanation), tidy(guarded(text.explanation)))
    if same_words and row.match == before:
        return None
    if not tidy(words):
        raise GleamError(f"{row.where}: the text is empty; discard it in gleam bench review instead.")
    kept = text.explanation if same_words else words
    return _Change(row, text.language, text.teacher, row.match, kept, row.match != before)


def _check_agree(changes: dict[str, list[_Change]], verdicts: dict[str, dict[str, bool]]) -> None:
    for pair_id, made in changes.items():
        languages = [change.language for change in made]
        if len(set(languages)) < len(languages):
            wheres = " and ".join(change.row.where for change in made)
            raise GleamError(f"{wheres} change the text on the pair {pair_id!r} in one language; change one.")
        if any(change.flips for change in made) and len(set(verdicts[pair_id].values())) > 1:
            wheres = " and ".join(verdicts[pair_id])
            raise GleamError(
                f"{wheres} disagree on the verdict of the pair {pair_id!r}; a pair has one verdict."
            )


def _decision(made: list[_Change]) -> Decision:
    texts = {change.language: TextChoice(teacher=change.teacher, text=change.text) for change in made}
    return Decision(match=made[0].match, texts=texts)
