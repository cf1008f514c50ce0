"""Reading single variables of a MATLAB file, in a process of its own.

A damaged file of this format can crash scipy's reader as a whole (a segmentation fault, not an exception),
and sizes in it can ask for any amount of memory. So a child process reads the file, with limited memory,
and hands back plain arrays; whatever happens to it becomes a ``TableError`` here.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gleam.errors import TableError

MOST_SECONDS = 600
MOST_MEMORY = 8 * 2**30
REFUSED = 2
"""Exit code of the child when the file is readable but is not as expected; it says why on stderr."""


def read_variables(file: Path, wanted: Sequence[str]) -> dict[str, NDArray[Any]]:
    """Return variables of ``file`` by name; a field of a structure is wanted as ``variable.field``.

    Character matrices and cells of texts come as text (n,), numbers as float64, fields as int64 (n,).
    Variables that the file lacks are left out.

    Raises a ``TableError`` for a file that cannot be read, and for a field that a variable lacks.
    """
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "variables.npz"
        # By path, and without the folder of this file in front: the child imports next to nothing.
        command = [sys.executable, "-P", __file__, str(file), str(out), *wanted]
        try:
            child = subprocess.run(
                command, stdin=subprocess.DEVNULL, capture_output=True, timeout=MOST_SECONDS, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise TableError(f"{file}: reading it took more than {MOST_SECONDS} s.") from error
        said = child.stderr.decode("utf-8", "replace").strip().splitlines()
        if child.returncode == REFUSED:
            raise TableError(f"{file}: {said[-1] if said else 'not as expected'}.")
        if child.returncode != 0 or not out.is_file():
            raise TableError(f"{file}: not a readable MATLAB file; fetch it once more.")
        with np.load(out, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}


def _main(file: str, out: str, *wanted: str) -> None:
    """Read in the child: write the wanted variables to ``out``, or say why not and leave with 2."""
    _limit_memory()
    from scipy.io import loadmat

    data = loadmat(file, variable_names=[name.partition(".")[0] for name in wanted])
    arrays: dict[str, NDArray[Any]] = {}
    for name in wanted:
        variable, _, field = name.partition(".")
        if variable not in data:
            continue
        try:
            arrays[name] = _plain(np.asarray(data[variable]), field)
        except (ValueError, TypeError, OverflowError) as error:
            first = (str(error).splitlines() or [""])[0]
            print(f"{name} is not what the publisher's file holds ({first})", file=sys.stderr)
            sys.exit(REFUSED)
    np.savez(out, **arrays)  # type: ignore[arg-type]


def _plain(value: NDArray[Any], field: str) -> NDArray[Any]:
    if field:
        if value.dtype.names is None or field not in value.dtype.names or value.size == 0:
            raise ValueError("there is no such field")
        return np.asarray(value[field].flat[0], np.int64).ravel()
    if value.dtype.kind in "OUS":
        return np.array([str(np.asarray(text).item()).strip() for text in value.ravel()], np.str_)
    return np.asarray(value, np.float64)


def _limit_memory() -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))


if __name__ == "__main__":
    _main(*sys.argv[1:])
