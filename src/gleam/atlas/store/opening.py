"""Opening the store of an atlas by its address."""

from __future__ import annotations

import os
from pathlib import Path

from gleam.atlas.store.protocol import TileStore
from gleam.errors import AtlasError

FROZEN = "frozen"
_KINDS = (
    "leave it out for the table inside the atlas folder, or write 'frozen' for a pack made by "
    "`gleam atlas freeze`, 'milvus+http://HOST:PORT/COLLECTION' for a Milvus server, or 'milvus:FILE.db' "
    "for Milvus Lite"
)


def open_store(
    folder: str | os.PathLike[str], url: str | None = None, *, dim: int | None = None
) -> TileStore:
    """Open the tiles of an atlas wherever they lie.

    Args:
        folder: The atlas folder.
        url: None for the LanceDB table in the folder; ``frozen`` for a FAISS pack in the folder;
            ``milvus+http://HOST:PORT/COLLECTION`` (or ``milvus+https``) for a server, whose token comes
            from the environment variable ``GLEAM_MILVUS_TOKEN`` alone; ``milvus:FILE.db`` for Milvus Lite,
            relative to the folder.
        dim: Length of the vectors; with it, a missing table is made.

    Raises:
        AtlasError: The address is none of these, the tiles are missing (and ``dim`` is not given), cannot
            be read or reached, or have another length.
    """
    path = Path(folder)
    if url is None:
        from gleam.atlas.store.lancedb import LanceStore

        return LanceStore(path, dim=dim)
    if url == FROZEN:
        from gleam.atlas.store.frozen import FrozenStore

        store = FrozenStore(path)
        if dim is not None and dim != store.dim:
            raise AtlasError(f"{path} holds vectors of {store.dim} numbers, not of {dim}.")
        return store
    if url.startswith(("milvus:", "milvus+http://", "milvus+https://")):
        from gleam.atlas.store.milvus import MilvusStore

        return MilvusStore(url, folder=path, dim=dim)
    raise AtlasError(f"{url!r} is no address of a store; {_KINDS}.")
