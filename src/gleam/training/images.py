"""Prepared squares on disk: every image is decoded and brought towards the bird's view once.

A training sees each image many times; decoding and geometry cost about ten times what the compact
network needs for it. The squares of one view of one table are kept as one memory-mapped array under a
name made from the rows, the files' sizes and times, and the preparation: other content, other name.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gleam.errors import GleamError, ImageError
from gleam.files import atomic_folder, read_json, write_json
from gleam.imagery.decode import load_image
from gleam.imagery.preparation import Preparation, prepare
from gleam.places.table import PlaceImage, Places
from gleam.progress import progress
from gleam.views import View

FORMAT = 1
"""Raised when the same inputs would give other squares than a cache written before."""

HOW_TO_SKIP = "Mend the file, or set skip_bad to leave such images out."

_BLOCK = 16


@dataclass(frozen=True)
class PreparedImages:
    """Prepared squares of the rows of one view.

    pixels: (n, S, S, 3) uint8, memory-mapped (of raw panoramas their own height and width). north_up: (n,)
    whether north is up, as far as known.
    usable: (n,) False where the image could not be read. problems: one sentence per such image.
    """

    pixels: NDArray[np.uint8]
    north_up: NDArray[np.bool_]
    usable: NDArray[np.bool_]
    problems: tuple[str, ...]


def default_cache() -> Path:
    """Return the folder of prepared squares: ``GLEAM_CACHE``, or the user's cache folder."""
    chosen = os.environ.get("GLEAM_CACHE")
    if chosen:
        return Path(chosen) / "prepared"
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "gleam" / "prepared"


def prepared_images(
    places: Places,
    view: View,
    preparation: Preparation,
    cache: Path,
    *,
    workers: int = 2,
    skip_bad: bool = False,
    title: str = "",
) -> PreparedImages:
    """Return the prepared squares of ``places``, all of one view, from the cache or made now.

    Args:
        places: Rows of ``view`` only.
        view: How the images see the world.
        preparation: Size and ground width of the squares.
        cache: Folder of the cache.
        workers: Threads that decode and prepare.
        skip_bad: Mark images that cannot be read as not usable, instead of raising.
        title: Of the progress bar.

    Raises:
        ImageError: An image cannot be read and ``skip_bad`` is false; names the row and the file.
    """
    folder = cache / _key(places, view, preparation)
    if not (folder / "rows.json").is_file():
        _build(folder, places, view, preparation, workers=workers, skip_bad=skip_bad, title=title)
    prepared = _open(folder)
    if prepared.problems and not skip_bad:
        raise ImageError(f"{prepared.problems[0]} {HOW_TO_SKIP}")
    return prepared


def _key(places: Places, view: View, preparation: Preparation) -> str:
    digest = hashlib.sha256()
    head = {"format": FORMAT, "view": view.value, "preparation": preparation.to_dict()}
    digest.update(json.dumps(head, sort_keys=True).encode())
    for row in places:
        path = places.path_of(row)
        try:
            stat = path.stat()
            stamp = f"{stat.st_size} {stat.st_mtime_ns}"
        except OSError:
            stamp = "missing"
        digest.update(f"\n{path.resolve()}|{stamp}|{row.pose}".encode())
    return f"{view.value}-{digest.hexdigest()[:24]}"


def _open(folder: Path) -> PreparedImages:
    rows = read_json(folder / "rows.json")
    try:
        pixels = np.load(folder / "pixels.npy", mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError) as error:
        raise GleamError(
            f"The cache {folder} is damaged ({error}); remove that folder and run again."
        ) from error
    return PreparedImages(
        pixels=pixels,
        north_up=np.array(rows["north_up"], dtype=bool),
        usable=np.array(rows["usable"], dtype=bool),
        problems=tuple(rows["problems"]),
    )


def _build(
    folder: Path,
    places: Places,
    view: View,
    preparation: Preparation,
    *,
    workers: int,
    skip_bad: bool,
    title: str,
) -> None:
    with atomic_folder(folder) as temporary:
        north_up, problems = _fill(
            temporary / "pixels.npy",
            places,
            view,
            preparation,
            workers=workers,
            skip_bad=skip_bad,
            title=title or f"Preparing {view.value} images",
        )
        content = {
            "north_up": north_up.astype(int),
            "usable": [int(problem is None) for problem in problems],
            "problems": [problem for problem in problems if problem is not None],
        }
        write_json(temporary / "rows.json", content, indent=None)


def _fill(
    file: Path,
    places: Places,
    view: View,
    preparation: Preparation,
    *,
    workers: int,
    skip_bad: bool,
    title: str,
) -> tuple[NDArray[np.bool_], list[str | None]]:
    """Write the squares of all rows; return which are north-up, and what was wrong with each."""
    rows, count = list(places), len(places)
    pixels = np.lib.format.open_memmap(
        file, mode="w+", dtype=np.uint8, shape=(count, *preparation.size(view), 3)
    )
    north_up = np.zeros(count, dtype=bool)
    problems: list[str | None] = [None] * count

    def work(numbers: range) -> int:
        for i in numbers:
            try:
                pixels[i], north_up[i] = _prepare_one(rows[i], places.path_of(rows[i]), view, preparation)
            except ImageError as error:
                which = f"place {rows[i].place}, {view.value} image {i + 1} of {count}"
                problem = f"{places.file or 'The table'}, {which}: {error}"
                if not skip_bad:
                    raise ImageError(f"{problem} {HOW_TO_SKIP}") from error
                problems[i] = problem
        return len(numbers)

    _run(work, [range(a, min(a + _BLOCK, count)) for a in range(0, count, _BLOCK)], count, workers, title)
    pixels.flush()
    return north_up, problems


def _prepare_one(
    row: PlaceImage, path: Path, view: View, preparation: Preparation
) -> tuple[NDArray[np.uint8], bool]:
    # Decode at reduced scale where allowed, yet with room for the geometry to sample from.
    image = load_image(path, target=4 * preparation.pixels)
    prepared = prepare(image, view, row.pose, preparation)
    return prepared.pixels, prepared.north_up


def _run(work: Callable[[range], int], blocks: Sequence[range], count: int, workers: int, title: str) -> None:
    with progress(title, count) as bar, ThreadPoolExecutor(workers) as pool:
        jobs = [pool.submit(work, block) for block in blocks]
        try:
            for job in jobs:
                bar.advance(job.result())
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
