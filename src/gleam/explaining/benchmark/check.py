"""Whether a benchmark folder is whole: pictures there, unchanged, not twice; texts on pairs that exist."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from gleam.errors import BenchError, GleamError
from gleam.explaining.benchmark.folder import IMAGES, Bench
from gleam.explaining.benchmark.pair import SPLITS, is_sha256
from gleam.files import sha256_of
from gleam.imagery.decode import load_image
from gleam.progress import track


@dataclass
class Findings:
    """What was looked at and what is wrong with it, one sentence each."""

    pairs: int = 0
    pictures: int = 0
    texts: int = 0
    problems: list[str] = field(default_factory=list)

    def add(self, problem: str) -> None:
        """Note what is wrong."""
        self.problems.append(problem)


def check_bench(bench: Bench) -> Findings:
    """Look at every file of a benchmark.

    Found are: pictures that vanished, changed, cannot be decoded, or lie there twice (the same file or the
    same pixels under two names); places or pictures in two splits; pairs listed twice; unequal numbers of
    matches; texts and revisions on pairs that are not there.

    Raises:
        BenchError: The table of pairs or a file of texts cannot be read at all.
    """
    findings = Findings()
    pairs = bench.pairs()
    findings.pairs = len(pairs)
    for pair_id, count in Counter(pair.pair_id for pair in pairs).items():
        if count > 1:
            findings.add(f"The pair {pair_id} is listed {count} times.")
    _check_splits(bench, findings)
    _check_pictures(bench, findings)
    known = {pair.pair_id for pair in pairs}
    for kind, lines in (("text", bench.records()), ("revision", bench.revisions())):
        for line in lines:
            findings.texts += kind == "text"
            if line.pair_id not in known:
                findings.add(f"A {kind} speaks of the pair {line.pair_id!r}, which is not there.")
    return findings


def _check_splits(bench: Bench, findings: Findings) -> None:
    homes: dict[tuple[str, str], set[str]] = defaultdict(set)
    balance: dict[str, list[int]] = {split: [0, 0] for split in SPLITS}
    for pair in bench.pairs():
        for place in (pair.query_place, pair.tile_place):
            homes["place", place].add(pair.split)
        for image in (pair.query_image, pair.tile_image):
            homes["picture", image].add(pair.split)
        balance[pair.split][pair.match] += 1
    for (kind, name), splits in sorted(homes.items()):
        if len(splits) > 1:
            findings.add(f"The {kind} {name} is in the splits {' and '.join(sorted(splits))}.")
    for split, (negatives, positives) in balance.items():
        if negatives != positives:
            findings.add(f"The split {split} has {positives} matches and {negatives} non-matches.")


def _check_pictures(bench: Bench, findings: Findings) -> None:
    wanted = {image for pair in bench.pairs() for image in (pair.query_image, pair.tile_image)}
    folder = bench.root / IMAGES
    there: dict[str, list[Path]] = defaultdict(list)
    for file in sorted(folder.glob("*/*")):
        there[file.stem].append(file)
    pixels: dict[bytes, str] = {}
    for image in track(sorted(wanted), "Checking pictures"):
        findings.pictures += 1
        try:
            file = bench.image_path(image)
            shown = load_image(file)
        except BenchError:
            findings.add(f"The picture {image} has vanished; copy it back from its source.")
            continue
        except GleamError as error:
            findings.add(str(error))
            continue
        if sha256_of(file) != image:
            findings.add(f"{file} was changed: its content is not what its name says.")
        if len(there[image]) > 1:
            findings.add(f"The picture {image} lies there {len(there[image])} times.")
        look = np.ascontiguousarray(shown).tobytes() + str(shown.shape).encode()
        twin = pixels.setdefault(_digest(look), image)
        if twin != image:
            findings.add(f"The pictures {twin} and {image} show the same pixels.")
    for name in sorted(there.keys() - wanted):
        what = "belongs to no pair" if is_sha256(name) else "is no picture of a benchmark"
        findings.add(f"{there[name][0]} {what}.")


def _digest(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()
