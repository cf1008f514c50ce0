"""Many photos: a folder, a list; one that fails becomes an entry and does not stop the rest."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from gleam.errors import GleamError
from gleam.imagery.decode import load_image
from gleam.imagery.exif import read_metadata
from gleam.locating.answer import Answer, Status
from gleam.progress import say, track

if TYPE_CHECKING:
    from gleam.locating.ledger import Ledger
    from gleam.locating.locator import Locator

PHOTO_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp")
EXIT_SOME_FAILED = 3
EXIT_NONE_LOCATED = 4
_PROBE_PIXELS = 64
"""A photo that can be decoded at this size can be decoded."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A photo that could not be used.

    photo: its name without folders, as in answers, so that tables of both can be joined by it. error: why, in
    one sentence, which tells the path.
    """

    photo: str
    error: str


Results: TypeAlias = Iterator[tuple[Path, Answer | Failure]]


@dataclass(frozen=True, slots=True)
class Summary:
    """How a batch went: photos per status (``failed`` among them)."""

    counts: Mapping[str, int]

    @classmethod
    def of(cls, results: Iterable[Answer | Failure]) -> Summary:
        """Count results."""
        counts = Counter(r.status.value if isinstance(r, Answer) else "failed" for r in results)
        return cls({name: counts[name] for name in [*(s.value for s in Status), "failed"]})

    @property
    def exit_code(self) -> int:
        """What a command leaves with: 0, 3 when a photo failed, 4 when no other was located either.

        An ambiguous answer counts as located here: it comes with its candidates.
        """
        if self.counts["failed"]:
            return EXIT_SOME_FAILED
        found = self.counts[Status.LOCATED.value] + self.counts[Status.AMBIGUOUS.value]
        return 0 if found else EXIT_NONE_LOCATED

    def __str__(self) -> str:
        told = ", ".join(f"{n} {name.replace('_', ' ')}" for name, n in self.counts.items() if n)
        total = sum(self.counts.values())
        return f"{total} photo{'' if total == 1 else 's'}: {told or 'nothing'}"


def find_photos(paths: Sequence[str | os.PathLike[str]]) -> list[Path]:
    """Return the photos named by files and folders, folders sorted by name and not searched deeper.

    Raises:
        GleamError: Nothing was given, or a folder holds no photo.
    """
    photos: list[Path] = []
    for path in map(Path, paths):
        if not path.is_dir():
            photos.append(path)
            continue
        inside = sorted(
            p for p in path.iterdir() if p.suffix.lower() in PHOTO_SUFFIXES and not p.name.startswith(".")
        )
        if not inside:
            raise GleamError(f"The folder {path} holds no photo ({', '.join(PHOTO_SUFFIXES)}).")
        photos += inside
    if not photos:
        raise GleamError("No photo was given; name files or a folder.")
    return photos


def locate_all(
    photos: Sequence[Path], locate: Callable[[Path], Answer], ledger: Ledger | None = None
) -> Results:
    """Yield each photo with its answer or its failure, in order, each as soon as it is there.

    Only what GLEAM says in a sentence becomes a failure; a bug is raised. With a ledger, photos that it
    has an answer for are not located again, every result is on the disk before it is yielded, and the
    ledger is put in order at the end.
    """
    kept = [ledger.kept(photo) if ledger is not None else None for photo in photos]
    done = len(photos) - kept.count(None)
    if done:
        say(f"{done} of {len(photos)} photos are answered already.")
    left = iter(track(range(kept.count(None)), "Locating"))
    for photo, known in zip(photos, kept, strict=True):
        if known is not None:
            yield photo, known
            continue
        next(left)
        try:
            result: Answer | Failure = locate(photo)
        except GleamError as error:
            # Unreadable, or its metadata tells an impossible pose: both are a matter of this photo.
            result = Failure(photo.name, str(error))
        if ledger is not None:
            ledger.add(photo, result)
        yield photo, result
    next(left, None)  # counts the last photo and closes the bar
    if ledger is not None:
        ledger.put_in_order(photos)


def locate_as_one(locator: Locator, photos: Sequence[Path], options: Mapping[str, Any]) -> Results:
    """Yield the one answer of several photos of one place, with the first of them, and the failures.

    Raises:
        GleamError: None of the photos can be read, or an option is impossible.
    """
    from gleam.locating.several.together import locate_together

    usable, failures = _readable(photos)
    view, rest = _view_and_rest(options)
    yield usable[0], locate_together(locator, usable, view, **rest)
    yield from failures


def locate_flight(
    locator: Locator, photos: Sequence[Path], max_speed_mps: float, options: Mapping[str, Any]
) -> Results:
    """Yield the photos of one flight with their answers, in the order they were taken, and the failures.

    The order and the seconds between them come from the capture times; when a photo lacks one, the
    photos are taken in the order given and at unknown intervals.

    Raises:
        GleamError: None of the photos can be read, or an option is impossible.
    """
    from gleam.locating.several.sequence import locate_sequence

    usable, failures = _readable(photos)
    ordered, times_s = in_order_of_capture(usable)
    if times_s is None:
        say("Not every photo tells when it was taken: they are followed in the order given.")
    view, rest = _view_and_rest(options)
    answers = locate_sequence(locator, ordered, view, times_s=times_s, max_speed_mps=max_speed_mps, **rest)
    yield from zip(ordered, answers, strict=True)
    yield from failures


def in_order_of_capture(photos: Sequence[Path]) -> tuple[list[Path], list[float] | None]:
    """Return the photos by their capture time with the seconds since the first.

    They stay as they are, without times, when one lacks its time or only some tell a time zone.
    """
    taken = [read_metadata(photo).taken for photo in photos]
    known = [moment for moment in taken if moment is not None]
    if len(known) < len(photos) or len({moment.tzinfo is None for moment in known}) > 1:
        return list(photos), None
    order = sorted(range(len(photos)), key=known.__getitem__)
    seconds = [(known[i] - known[order[0]]).total_seconds() for i in order]
    return [photos[i] for i in order], seconds


def _readable(photos: Sequence[Path]) -> tuple[list[Path], list[tuple[Path, Answer | Failure]]]:
    """Return the photos that can be decoded, and the others with the reason."""
    usable: list[Path] = []
    failures: list[tuple[Path, Answer | Failure]] = []
    for photo in track(photos, "Reading"):
        try:
            load_image(photo, target=_PROBE_PIXELS)
            usable.append(photo)
        except GleamError as error:
            failures.append((photo, Failure(photo.name, str(error))))
    if not usable:
        first = failures[0][1]
        why = first.error if isinstance(first, Failure) else ""
        raise GleamError(f"None of the {len(photos)} photos can be read. The first: {why}")
    return usable, failures


def _view_and_rest(options: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
    return options.get("view"), {name: value for name, value in options.items() if name != "view"}
