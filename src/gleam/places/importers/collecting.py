"""Gathering the rows of a data set, and remembering all that was looked for and not found."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from gleam.errors import TableError
from gleam.places.entries import joined, parts
from gleam.places.importers.options import ImportOptions
from gleam.places.table import PlaceImage
from gleam.progress import Bar
from gleam.views import View

IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp"})
_BAR_STEP = 1000
"""Rows between two movements of the bar, which costs more than a row."""


@dataclass
class LeftOut:
    """Images that were left out for one reason: how many, and the first of them."""

    reason: str
    first: str
    count: int = 1

    def __str__(self) -> str:
        """Say it as users read it."""
        return f"{self.count:,} {self.reason}, the first is {self.first}"


@dataclass
class Collector:
    """The rows found so far under ``root`` and everything that was missing.

    absent: whole parts that are not there ("the city Chicago"). left_out: images that labels name but
    that cannot be used, by reason. notes: what else users should know. bar: shows how far it has come.
    """

    root: Path
    options: ImportOptions
    source: str
    licence: str
    rows: list[PlaceImage] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)
    left_out: dict[str, LeftOut] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    bar: Bar = field(default_factory=lambda: Bar("", None))
    _numbers: dict[tuple[str, View, str], int] = field(default_factory=dict)
    _listed: dict[str, frozenset[str]] = field(default_factory=dict)

    def add(self, place: str, view: View, path: str, split: str | None, **known: Any) -> bool:
        """Add the image at ``path`` (relative to the root, with ``/``), or count it as missing.

        An image that was added before gains the splits that it did not have.

        Raises a ``TableError`` for a path that leads out of the root.
        """
        folder, _, name = path.rpartition("/")
        if path.startswith("/") or "\\" in path or ".." in path.split("/"):
            raise TableError(f"{self.root}: {path!r} is no path inside the data set.")
        if name not in self.files(folder):
            self.leave_out(f"{view.value} images are missing", path)
            return False
        key = (place, view, path)
        if key in self._numbers:
            self._add_split(self._numbers[key], split)
            return True
        self._numbers[key] = len(self.rows)
        row = PlaceImage(place, view, path, split=split, source=self.source, licence=self.licence, **known)
        self.rows.append(row)
        if len(self.rows) % _BAR_STEP == 0:
            self.bar.advance(_BAR_STEP)
        return True

    def _add_split(self, number: int, split: str | None) -> None:
        row = self.rows[number]
        self.rows[number] = replace(row, split=joined([*parts(row.split), *parts(split)]))
        if self.rows[number].split == row.split:
            self.leave_out("images are named a second time", row.path)

    def leave_out(self, reason: str, example: str) -> None:
        """Count an image that is left out for ``reason``, which follows the number in messages."""
        if reason in self.left_out:
            self.left_out[reason].count += 1
        else:
            self.left_out[reason] = LeftOut(reason, example)

    def files(self, folder: str) -> frozenset[str]:
        """Names of the files in a folder under the root; none when it does not exist. Listed once."""
        if folder not in self._listed:
            self._listed[folder] = frozenset(e.name for e in self._entries(folder) if e.is_file())
        return self._listed[folder]

    def folders(self, folder: str) -> list[str]:
        """Names of the folders in a folder under the root, sorted; none when it does not exist."""
        return sorted(e.name for e in self._entries(folder) if e.is_dir() and not e.name.startswith("."))

    def has(self, folder: str) -> bool:
        """Tell whether there is such a folder under the root."""
        return (self.root / folder).is_dir()

    def images(self, folder: str) -> list[str]:
        """Names of the image files in a folder, sorted; other files are counted as left out."""
        names = []
        for name in sorted(self.files(folder)):
            if Path(name).suffix.lower() in IMAGE_SUFFIXES:
                names.append(name)
            elif not name.startswith("."):
                self.leave_out("files are no images", f"{folder}/{name}")
        return names

    def class_images(self, folder: str) -> Iterator[tuple[str, str]]:
        """Yield (class, file name) of a folder that holds one folder of images per class.

        Empty classes are counted as left out: a broken archive must not make a data set silently small.
        """
        for name in self.folders(folder):
            found = self.images(f"{folder}/{name}")
            if not found:
                self.leave_out("folders have no image in them", f"{folder}/{name}")
            for image in found:
                yield name, image

    def first_folder(self, *candidates: str) -> str | None:
        """Return the first of the folders that exists."""
        return next((folder for folder in candidates if self.has(folder)), None)

    def drop_unanswered(self) -> None:
        """Leave out query images no satellite image of whose places is there, and count them."""
        tiles = {row.place for row in self.rows if row.view is View.SATELLITE}
        kept = []
        for row in self.rows:
            if row.view is View.SATELLITE or tiles.intersection((row.place, *parts(row.positives))):
                kept.append(row)
            else:
                self.leave_out(f"{row.view.value} images have no satellite image of their place", row.path)
        self.rows = kept

    def _entries(self, folder: str) -> Iterable[os.DirEntry[str]]:
        try:
            with os.scandir(self.root / folder) as entries:
                return list(entries)
        except (FileNotFoundError, NotADirectoryError, ValueError):
            return []  # ValueError: a name that no file can have, such as one with a zero byte in it
        except OSError as error:
            if error.errno == errno.ENAMETOOLONG:
                return []
            raise TableError(f"{self.root / folder}: cannot be listed ({error.strerror}).") from error
