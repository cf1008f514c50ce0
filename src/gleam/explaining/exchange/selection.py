"""Which texts of a benchmark are exported."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from gleam.errors import GleamError
from gleam.explaining.benchmark.folder import REVIEW, Bench
from gleam.explaining.benchmark.pair import SPLITS, Pair, Split
from gleam.explaining.benchmark.text import Text
from gleam.explaining.reviewing.revised import write_revised
from gleam.explaining.reviewing.store import ReviewStore
from gleam.explaining.verdict import LANGUAGES, Language

Status = Literal["teacher", "accepted", "edited"]


@dataclass(frozen=True)
class Wish:
    """What to export.

    split: of the pairs; all when None. languages: of the texts. revised_only: only texts that people accepted
    or edited. label_only: verdicts without texts. completion: for TRL, split each conversation into a prompt
    and a completion.
    """

    split: Split | None = None
    languages: tuple[Language, ...] = LANGUAGES
    revised_only: bool = False
    label_only: bool = False
    completion: bool = False


@dataclass(frozen=True)
class Record:
    """A text on a pair, and whether people saw it."""

    pair: Pair
    text: Text
    status: Status

    @property
    def match(self) -> bool:
        """What people say, where they revised it; else the truth of the pair."""
        return self.pair.match if self.text.match is None or not self.text.revised else self.text.match


@dataclass(frozen=True)
class Selection:
    """What is exported.

    records: in the order of the benchmark. seq: number of the last event of the review, 0 without one.
    left_out: texts that were not taken, by reason.
    """

    bench: Bench
    wish: Wish
    records: Sequence[Record]
    seq: int = 0
    left_out: dict[str, int] = field(default_factory=dict)

    def of(self, split: Split) -> list[Record]:
        """Return the records of a split."""
        return [record for record in self.records if record.pair.split == split]

    @property
    def splits(self) -> tuple[Split, ...]:
        """The splits that have records."""
        return tuple(split for split in SPLITS if self.of(split))

    @property
    def pictures(self) -> list[str]:
        """The SHA-256 of every picture, once each."""
        return list(
            dict.fromkeys(sha for r in self.records for sha in (r.pair.query_image, r.pair.tile_image))
        )


def select(bench: Bench, wish: Wish) -> Selection:
    """Choose what to export; what people decided until now is taken into account.

    A text that argues against the truth of its pair is left out and counted, unless people revised it.

    Raises:
        GleamError: Nothing is left, or the benchmark is damaged.
    """
    seq = 0
    if (bench.root / REVIEW).is_file():
        store = ReviewStore(bench)
        seq = store.board().seq
        write_revised(store)
    statuses = {(r.pair_id, r.language): r.status for r in bench.revisions()}
    left_out: Counter[str] = Counter()
    asked = {(p.pair_id, language) for p in bench.pairs(wish.split) for language in wish.languages}
    left_out["discarded by people"] = sum(statuses[key] == "discarded" for key in asked & statuses.keys())
    left_out["not written by the teacher"] = sum(
        text.status != "ok" for text in bench.records() if (text.pair_id, text.language) in asked
    )
    records = []
    for text in bench.texts(split=wish.split):
        if text.language not in wish.languages:
            continue
        told = statuses.get((text.pair_id, text.language))
        status: Status = told if told in ("accepted", "edited") else "teacher"
        record = Record(bench.pair(text.pair_id), text, status)
        if wish.revised_only and record.status == "teacher":
            left_out["not revised by people"] += 1
        elif record.status == "teacher" and text.match is not None and text.match != record.pair.match:
            left_out["argues for the wrong verdict"] += 1
        else:
            records.append(record)
    if not records:
        why = ", ".join(f"{count} {reason}" for reason, count in left_out.items() if count)
        raise GleamError(
            f"Nothing of {bench.root} is left to export{f' ({why})' if why else ''}; ask for another split "
            "or language, or leave out --revised-only."
        )
    return Selection(bench, wish, records, seq, {reason: n for reason, n in left_out.items() if n})
