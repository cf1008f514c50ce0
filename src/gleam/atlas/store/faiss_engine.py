"""Loading FAISS, and living with its threads."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from gleam.errors import AtlasError


def load_faiss() -> Any:
    """Return the module; its import takes a while, so nobody imports it at the top.

    Raises:
        AtlasError: It is not installed.
    """
    try:
        import faiss
    except ImportError:
        raise AtlasError(
            "Frozen atlases need the library faiss-cpu; install it with: pip install 'gleam-geo[frozen]'."
        ) from None
    return faiss


@contextlib.contextmanager
def threads(queries: int) -> Iterator[None]:
    """Search a single query with one thread, and many with all.

    Where torch was imported first, FAISS runs in torch's OpenMP: a number of threads set and left there
    would also hold for the encoder. So it is put back.
    """
    faiss = load_faiss()
    before = faiss.omp_get_max_threads()
    if queries > 8 or before == 1:
        yield
        return
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)
