"""Writing a frozen pack: the tiles of a store as a few files that are read in place, without an engine.

    pack.json        what is in it, the settings of the index, and the size of every file
    tiles.arrow      id, lat, lon, width_m, source and where the thumbnail lies; ordered by id
    vectors.npy      (N, D) float16 in that order: the last word on similarity
    index.faiss      inverted lists of 8-bit vectors (IVF, SQ8) for large packs
    thumbnails.bin   JPEG files one after the other

All but the first are mapped into memory, so that a pack larger than the memory of a drone works.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gleam.atlas.store.faiss_engine import load_faiss, threads
from gleam.errors import AtlasError
from gleam.files import to_json
from gleam.progress import progress

if TYPE_CHECKING:
    from gleam.atlas.store.protocol import TileStore

FORMAT = 1
PACK, TILES, VECTORS, INDEX, THUMBNAILS = (
    "pack.json",
    "tiles.arrow",
    "vectors.npy",
    "index.faiss",
    "thumbnails.bin",
)
INDEX_ROWS = 5_000
"""Smaller packs need no index: comparing every tile takes a few milliseconds."""
RECALL = 0.985
"""The share of the true ten best that the index must find; as many lists are searched as that takes."""
CANDIDATES = 4
"""So many times the hits asked for come from the 8-bit vectors and are compared again in full."""
_MIN_CANDIDATES = 40
_CHUNK = 8192
_TRAIN_PER_LIST, _TRAIN_ROUNDS = 40, 10
_PROBE_QUERIES = 200
_UNSORTED = "unsorted.tmp"


def candidates_for(k: int) -> int:
    """Return how many hits the index gives for ``k`` that are asked for."""
    return max(_MIN_CANDIDATES, CANDIDATES * k)


def write_pack(store: TileStore, folder: Path, *, index_rows: int = INDEX_ROWS, seed: int = 0) -> None:
    """Write everything a store holds as a pack into an empty folder.

    Args:
        store: Where the tiles come from; not changed.
        folder: An existing folder; the caller writes it elsewhere and renames it.
        index_rows: Packs of at least so many tiles get an index.
        seed: Of the sample that the index learns from, so that a pack is made the same way twice.

    Raises:
        AtlasError: The store is empty, or the library ``faiss-cpu`` is missing.
    """
    load_faiss()
    total = store.count()
    if total == 0:
        raise AtlasError("An atlas without tiles cannot be frozen; build it first.")
    _copy_rows(store, folder, total)
    vectors = np.load(folder / VECTORS, mmap_mode="r")
    about: dict[str, Any] = {"format": FORMAT, "tiles": total, "dim": store.dim, "index": None}
    if total >= index_rows:
        about["index"] = _write_index(vectors, folder / INDEX, np.random.default_rng(seed))
    sizes = {file.name: file.stat().st_size for file in sorted(folder.iterdir()) if file.name != PACK}
    (folder / PACK).write_text(to_json({**about, "files": sizes}) + "\n", encoding="utf-8")


def read_pack(folder: Path) -> dict[str, Any]:
    """Return what ``pack.json`` says, after comparing the files with it.

    Raises:
        AtlasError: It is missing or damaged, of another format, or a file is missing or cut short.
    """
    path = folder / PACK
    try:
        about = json.loads(path.read_text(encoding="utf-8"))
        found, files = about["format"], dict(about["files"])
        if found != FORMAT:
            raise AtlasError(f"{path} has format {found!r}; this version reads format {FORMAT}.")
        for name in (TILES, VECTORS, THUMBNAILS, *([INDEX] if about["index"] else [])):
            there = (folder / name).stat().st_size if (folder / name).is_file() else None
            if there != files[name]:
                what = "is missing" if there is None else f"has {there} bytes instead of {files[name]}"
                raise AtlasError(f"{folder / name} {what}; copy the frozen atlas again.")
        if int(about["tiles"]) < 1 or int(about["dim"]) < 1:
            raise ValueError("it counts no tiles")
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = (
            f"{path.name} is missing" if isinstance(error, FileNotFoundError) else f"{path.name}: {error}"
        )
        raise AtlasError(
            f"{folder} cannot be read as a frozen atlas ({reason}); copy it again or make it anew with "
            "`gleam atlas freeze`."
        ) from error
    return dict(about)


def _copy_rows(store: TileStore, folder: Path, total: int) -> None:
    """Write tiles, vectors and thumbnails; vectors pass through a file, so that memory stays flat."""
    import pyarrow as pa

    columns: dict[str, list[Any]] = {name: [] for name in ("id", "lat", "lon", "width_m", "source")}
    starts, lengths, at = [], [], 0
    unsorted = np.lib.format.open_memmap(
        folder / _UNSORTED, mode="w+", dtype=np.float16, shape=(total, store.dim)
    )
    with (folder / THUMBNAILS).open("wb") as pictures, progress("Copying tiles", total) as bar:
        for batch in store.batches():
            if len(columns["id"]) + len(batch.tiles) > total:
                raise AtlasError("Tiles were added while the atlas was being frozen; run it again.")
            unsorted[len(columns["id"]) : len(columns["id"]) + len(batch.tiles)] = batch.vectors
            for tile, picture in zip(batch.tiles, batch.thumbnails, strict=True):
                for name, values in columns.items():
                    values.append(getattr(tile, name))
                pictures.write(picture)
                starts.append(at)
                lengths.append(len(picture))
                at += len(picture)
            bar.advance(len(batch.tiles))
    if len(columns["id"]) != total:
        raise AtlasError("Tiles were removed while the atlas was being frozen; run it again.")
    order = np.argsort(np.array(columns["id"], dtype=object), kind="stable")
    table = pa.table(
        {
            "id": pa.array(columns["id"], pa.large_string()),
            "lat": pa.array(columns["lat"], pa.float64()),
            "lon": pa.array(columns["lon"], pa.float64()),
            "width_m": pa.array(columns["width_m"], pa.float64()),
            "source": pa.array(columns["source"], pa.large_string()),
            "thumbnail_at": pa.array(starts, pa.int64()),
            "thumbnail_bytes": pa.array(lengths, pa.int32()),
        }
    ).take(pa.array(order))
    with pa.OSFile(str(folder / TILES), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table.combine_chunks())
    ordered = np.lib.format.open_memmap(
        folder / VECTORS, mode="w+", dtype=np.float16, shape=(total, store.dim)
    )
    for first in range(0, total, _CHUNK):
        ordered[first : first + _CHUNK] = unsorted[order[first : first + _CHUNK]]
    ordered.flush()
    del ordered, unsorted
    (folder / _UNSORTED).unlink()


def _write_index(
    vectors: NDArray[np.float16], path: Path, rng: np.random.Generator
) -> dict[str, int | float]:
    faiss = load_faiss()
    total, dim = vectors.shape
    # About 4 times the root: fewer lists cannot tell the clusters of a large atlas apart, and all of them
    # would have to be searched.
    lists = int(2 ** np.clip(np.round(np.log2(4 * np.sqrt(total))), 4, 14))
    lists = min(lists, 2 ** int(np.log2(max(16, total / 16))))
    index = faiss.index_factory(dim, f"IVF{lists},SQ8", faiss.METRIC_INNER_PRODUCT)
    with progress("Building the index", total) as bar:
        sample = np.sort(rng.permutation(total)[: lists * _TRAIN_PER_LIST])
        faiss.extract_index_ivf(index).cp.niter = _TRAIN_ROUNDS
        index.train(np.asarray(vectors[sample], np.float32))
        for first in range(0, total, _CHUNK):
            index.add(np.asarray(vectors[first : first + _CHUNK], np.float32))
            bar.advance(min(_CHUNK, total - first))
    probes, recall = _probes_for(index, vectors, lists, rng)
    faiss.write_index(index, str(path))
    return {"lists": lists, "probes": probes, "recall_at_10": round(recall, 4)}


def _probes_for(
    index: Any, vectors: NDArray[np.float16], lists: int, rng: np.random.Generator
) -> tuple[int, float]:
    """Return how many lists to search for ``RECALL``, and the recall reached.

    The questions are stored vectors with as much noise as signal: a photo is about as far from its tile.
    """
    faiss = load_faiss()
    total, dim = vectors.shape
    queries = np.asarray(vectors[rng.integers(0, total, _PROBE_QUERIES)], np.float32)
    queries += rng.normal(0, 1 / np.sqrt(dim), queries.shape).astype(np.float32)
    queries /= np.linalg.norm(queries, axis=1, keepdims=True)
    best_scores = np.full((len(queries), 10), -np.inf, np.float32)
    best = np.zeros((len(queries), 10), np.int64)
    for first in range(0, total, _CHUNK):
        scores = queries @ np.asarray(vectors[first : first + _CHUNK], np.float32).T
        joined = np.concatenate([best_scores, scores], 1)
        rows = np.concatenate(
            [best, np.broadcast_to(np.arange(first, first + scores.shape[1]), scores.shape)], 1
        )
        top = np.argpartition(-joined, 9, axis=1)[:, :10]
        best_scores, best = np.take_along_axis(joined, top, 1), np.take_along_axis(rows, top, 1)
    probes, recall = 4, 0.0
    while True:
        with threads(len(queries)):
            _, found = index.search(
                queries, candidates_for(10), params=faiss.SearchParametersIVF(nprobe=probes)
            )
        recall = float(np.mean([len(np.intersect1d(a, b)) / 10 for a, b in zip(best, found, strict=True)]))
        if recall >= RECALL or probes >= lists:
            return probes, recall
        probes = min(lists, max(probes + 1, int(probes * 1.5)))
