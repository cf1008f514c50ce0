"""Many photos: a folder, a list; one that fails becomes an entry and does not stop the rest."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gleam.errors import GleamError
from gleam.locating.answer import Answer

PHOTO_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp")


@dataclass(frozen=True, slots=True)
class Failure:
    """A photo that could not be used, and why in one sentence."""

    photo: str
    error: str


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
    photos: Sequence[Path], locate: Callable[[Path], Answer]
) -> Iterator[tuple[Path, Answer | Failure]]:
    """Yield each photo with its answer or its failure, in order.

    Only what GLEAM says in a sentence becomes a failure; a bug is raised.
    """
    for photo in photos:
        try:
            yield photo, locate(photo)
        except GleamError as error:
            # Unreadable, or its metadata tells an impossible pose: both are a matter of this photo.
            yield photo, Failure(str(photo), str(error))
