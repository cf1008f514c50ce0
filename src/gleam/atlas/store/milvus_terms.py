"""What Milvus is told: the address of a collection, filters, and rows as it knows them."""

from __future__ import annotations

import base64
import json
import logging
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from gleam.atlas.region import Region
from gleam.atlas.store.checks import width_bounds
from gleam.atlas.store.exact import TILE_COLUMNS
from gleam.atlas.tiles import Tile, TileBatch
from gleam.errors import AtlasError

TOKEN_VARIABLE = "GLEAM_MILVUS_TOKEN"
COLLECTION = "tiles"
"""Name of the collection in a file of Milvus Lite."""
_MOST_THUMBNAIL_BYTES = 49_000


def quiet_engine() -> None:
    """Keep the client's own tracebacks off the terminal: the sentence of the error says what it was."""
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    for name in ("pymilvus", "grpc", "milvus_lite"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


def to_rows(batch: TileBatch, vectors: NDArray[np.float32]) -> list[dict[str, Any]]:
    """Return a batch as the rows of a collection; raise ``AtlasError`` for a thumbnail that is too large."""
    for tile, thumbnail in zip(batch.tiles, batch.thumbnails, strict=True):
        if len(thumbnail) > _MOST_THUMBNAIL_BYTES:
            raise AtlasError(
                f"The thumbnail of tile {tile.id} has {len(thumbnail)} bytes; Milvus keeps up to "
                f"{_MOST_THUMBNAIL_BYTES}."
            )
    return [
        {
            **{name: getattr(tile, name) for name in TILE_COLUMNS},
            "vector": vector,
            "thumbnail": base64.b64encode(thumbnail).decode(),
        }
        for tile, vector, thumbnail in zip(batch.tiles, vectors, batch.thumbnails, strict=True)
    ]


def parse(url: str, folder: Path) -> tuple[str, str]:
    """Return what the client connects to and the name of the collection."""
    if url.startswith(("milvus+http://", "milvus+https://")):
        try:
            parts = urlsplit(url.removeprefix("milvus+"))
            port = parts.port
        except ValueError as error:
            raise AtlasError(f"{url!r} is no address of a Milvus server: {error}.") from None
        if parts.username is not None or parts.password is not None:
            raise AtlasError(
                "A store's address is written into the atlas, so no password belongs in it; put the token "
                f"into the environment variable {TOKEN_VARIABLE}."
            )
        name = parts.path.strip("/")
        if not parts.hostname or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,254}", name):
            raise AtlasError(
                f"{url!r} is no address of tiles; write milvus+http://HOST:PORT/COLLECTION with a collection "
                "of letters, digits and underscores."
            )
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        return f"{parts.scheme}://{host}:{port or 19530}", name
    file = url.removeprefix("milvus:")
    if not file.endswith(".db"):
        raise AtlasError(f"{url!r} is no file of Milvus Lite; write milvus:FILE.db.")
    path = folder / file
    path.parent.mkdir(parents=True, exist_ok=True)
    return str(path), COLLECTION


def to_tile(row: dict[str, Any]) -> Tile:
    """Return the tile of a row."""
    return Tile(*(row[name] for name in TILE_COLUMNS))


def filter_of(region: Region | None, width_m: float | None) -> str:
    """Return the condition of a search, empty when all tiles are meant; a circle is cut out later."""
    parts = []
    if region is not None:
        boxes = [
            f"(lon >= {float(w)!r} && lon <= {float(e)!r} && lat >= {float(s)!r} && lat <= {float(n)!r})"
            for w, s, e, n in region.boxes
        ]
        parts.append("(" + " || ".join(boxes) + ")")
    if width_m is not None:
        low, high = width_bounds(float(width_m))
        parts.append(f"(width_m >= {low!r} && width_m <= {high!r})")
    return " && ".join(parts)


def id_in(ids: Sequence[str]) -> str:
    """Return the condition that an id is one of these."""
    return f"id in [{', '.join(quoted(i) for i in ids)}]"


def quoted(text: str) -> str:
    """Return a text as a literal."""
    return json.dumps(text, ensure_ascii=False)
