"""The benchmark's folder: its format, read and written through here by everybody.

bench.json       what it is, how it was made, from which tables
pairs.parquet    the pairs, see :mod:`gleam.explaining.benchmark.pair`
images/ab/HASH.jpg   pictures under the SHA-256 of their content
texts.jsonl      texts of teachers, drawn from ledger.sqlite
facts.parquet    of the built-in city only: what stands at every place
revised.jsonl    what people made of the texts
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict, ValidationError

from gleam.errors import BenchError, unknown_name
from gleam.explaining.benchmark.controls import CONTROLS, Control
from gleam.explaining.benchmark.pair import SPLITS, Pair, is_sha256, read_pairs
from gleam.explaining.benchmark.text import PEOPLE, Revision, Text, read_lines
from gleam.explaining.sentences import parse_language
from gleam.files import atomic_write, read_json, write_json
from gleam.imagery.decode import IMAGE_SUFFIXES

FORMAT = "gleam-x"
VERSION = 1
"""Of the folder; raised when a reader of an older version would misunderstand it."""

INFO, PAIRS, IMAGES, TEXTS = "bench.json", "pairs.parquet", "images", "texts.jsonl"
FACTS, LEDGER, REVISED, REVIEW = "facts.parquet", "ledger.sqlite", "revised.jsonl", "review.sqlite"


class Source(BaseModel):
    """A places table that pairs were drawn from."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    table: str
    path: str
    sha256: str
    licence: str | None = None


class BenchInfo(BaseModel):
    """What ``bench.json`` says."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    format: Literal["gleam-x"] = "gleam-x"
    version: Literal[1] = 1
    name: str
    created: str
    seed: int
    sources: tuple[Source, ...] = ()
    splits: dict[str, int] = {}
    prompts: str = ""
    teachers: tuple[str, ...] = ()
    recipe: dict[str, Any] = {}
    counts: dict[str, Any] = {}
    notes: dict[str, Any] = {}


class Bench:
    """A benchmark folder, opened for reading; see the module for what lies in it."""

    def __init__(self, root: Path, info: BenchInfo) -> None:
        self.root = root
        self.info = info

    @classmethod
    def open(cls, folder: str | os.PathLike[str]) -> Bench:
        """Open a benchmark folder.

        Raises:
            BenchError: It is missing, is something else, or is of another version.
        """
        root = Path(folder)
        return cls(root, read_info(root))

    def __repr__(self) -> str:
        counts = ", ".join(f"{count} {split}" for split, count in self.info.splits.items())
        return f"Bench({str(self.root)!r}: {counts})"

    @cached_property
    def _pairs(self) -> list[Pair]:
        return read_pairs(self.root / PAIRS)

    @cached_property
    def _by_id(self) -> dict[str, Pair]:
        return {pair.pair_id: pair for pair in self._pairs}

    def pairs(self, split: str | None = None) -> list[Pair]:
        """Return the pairs, all or of one split, in the order of the file.

        Raises:
            BenchError: The table of pairs is damaged.
            GleamError: There is no such split.
        """
        if split is not None and split not in SPLITS:
            raise unknown_name("split", split, SPLITS)
        return [pair for pair in self._pairs if split is None or pair.split == split]

    def pair(self, pair_id: str) -> Pair:
        """Return one pair; raise a ``BenchError`` when there is none of that name."""
        if pair_id not in self._by_id:
            raise BenchError(f"{self.root} has no pair {pair_id!r}.")
        return self._by_id[pair_id]

    def image_path(self, sha256: str) -> Path:
        """Return the file of a picture.

        Raises:
            BenchError: The name is no SHA-256, or the picture has vanished.
        """
        if not is_sha256(sha256):
            raise BenchError(f"{sha256!r} is no SHA-256 of a picture.")
        folder = self.root / IMAGES / sha256[:2]
        for suffix in IMAGE_SUFFIXES:
            file = folder / f"{sha256}{suffix}"
            if file.is_file():
                return file
        raise BenchError(
            f"{folder / sha256}.* has vanished; run `gleam bench check {self.root}` and copy it back."
        )

    def records(self) -> list[Text]:
        """Return every line of ``texts.jsonl``, the refused, invalid and failed ones too."""
        return read_lines(self.root / TEXTS, Text)

    def revisions(self) -> list[Revision]:
        """Return what people made of the texts; the last word on a pair and language counts."""
        return read_lines(self.root / REVISED, Revision)

    def controls(self) -> list[Control]:
        """Return the texts that are wrong on purpose; they are not among the others."""
        return read_lines(self.root / CONTROLS, Control)

    def texts(
        self, language: str | None = None, split: str | None = None, revised: bool = True
    ) -> list[Text]:
        """Return the usable texts.

        Args:
            language: ``en`` or ``zh``; both when left out.
            split: Of the pairs; all when left out.
            revised: Put what people wrote in place of what the teachers wrote on the same pair in the same
                language, and leave out what they discarded.

        Raises:
            BenchError: A line is damaged, or speaks of a pair that is not there.
            GleamError: An unknown language or split.
        """
        spoken = None if language is None else parse_language(language)
        wanted = {pair.pair_id for pair in self.pairs(split)}
        last = {(r.pair_id, r.language): r for r in self.revisions()} if revised else {}
        texts: list[Text] = []
        done: set[tuple[str, str]] = set()
        for text in self.records():
            if text.pair_id not in self._by_id:
                raise BenchError(
                    f"{self.root / TEXTS} speaks of the pair {text.pair_id!r}, which is not there."
                )
            key = (text.pair_id, text.language)
            if text.status != "ok" or text.pair_id not in wanted or spoken not in (None, text.language):
                continue
            revision = last.get(key)
            if revision is None:
                texts.append(text)
            elif revision.status != "discarded" and key not in done:
                texts.append(_revised(text, revision))
                done.add(key)
        return texts

    @cached_property
    def _facts(self) -> Mapping[str, str]:
        file = self.root / FACTS
        if not file.is_file():
            return {}
        try:
            table = pq.read_table(file, columns=["place", "facts"])
        except (pa.ArrowException, OSError) as error:
            raise BenchError(f"{file} cannot be read: {str(error).splitlines()[0]}.") from None
        columns = table.to_pydict()
        return dict(zip(columns["place"], columns["facts"], strict=True))

    def facts(self, place: str) -> dict[str, Any] | None:
        """Return what stands at a place of the built-in city; None where nothing is known.

        Raises:
            BenchError: The facts cannot be read.
        """
        text = self._facts.get(place)
        if text is None:
            return None
        try:
            return dict(json.loads(text))
        except (ValueError, TypeError):
            raise BenchError(f"{self.root / FACTS}: the facts of {place!r} are not a JSON object.") from None


def read_info(root: Path) -> BenchInfo:
    """Read ``bench.json``; raise a ``BenchError`` when the folder is no benchmark of this version."""
    if not (root / INFO).is_file():
        what = "holds no bench.json" if root.is_dir() else "does not exist"
        raise BenchError(f"{root} {what}; make a benchmark with `gleam bench make PLACES --out {root}`.")
    data = read_json(root / INFO)
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise BenchError(f"{root / INFO} is not of a GLEAM-X benchmark (its format is not {FORMAT!r}).")
    version = data.get("version")
    if version != VERSION:
        newer = isinstance(version, int) and version > VERSION
        cure = "update GLEAM" if newer else "make it anew with `gleam bench make`"
        raise BenchError(
            f"{root} is a benchmark of version {version!r}; this GLEAM reads version {VERSION}: {cure}."
        )
    try:
        return BenchInfo.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        raise BenchError(f"{root / INFO}, {'.'.join(map(str, first['loc']))}: {first['msg']}.") from None


def write_info(root: Path, info: BenchInfo) -> None:
    """Write ``bench.json`` atomically."""
    write_json(root / INFO, info.model_dump())


def write_facts(root: Path, facts: Mapping[str, str]) -> None:
    """Write ``facts.parquet``: place -> JSON of its facts."""
    places = sorted(facts)
    columns = {
        "place": pa.array(places, pa.string()),
        "facts": pa.array([facts[p] for p in places], pa.string()),
    }
    with atomic_write(root / FACTS) as temporary:
        pq.write_table(pa.table(columns), temporary, compression="zstd")


def _revised(text: Text, revision: Revision) -> Text:
    if revision.status == "accepted" and not revision.explanation:
        return text.model_copy(update={"revised": True})
    return text.model_copy(
        update={
            "teacher": PEOPLE,
            "explanation": revision.explanation or text.explanation,
            "match": text.match if revision.match is None else revision.match,
            "revised": True,
        }
    )
