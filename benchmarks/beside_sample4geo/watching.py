"""Runs a job in a process of its own and watches the memory of its whole family."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

EVERY_S = 0.5


def run_child(words: Sequence[str], log: Path) -> dict[str, Any]:
    """Return the JSON document that ends the child's output, and ``family_mb``, the peak over time.

    ``family_mb``: anonymous and shared memory of the process and its workers, pages that they share counted
    once. Mapped files do not count: the system takes their pages back when it needs them.
    """
    environment = dict(os.environ, OMP_NUM_THREADS="1", GLEAM_QUIET="1", PYTHONWARNINGS="ignore")
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w", encoding="utf-8") as out:
        child = subprocess.Popen(words, stdout=out, stderr=subprocess.STDOUT, env=environment)
        peak = 0.0
        while child.poll() is None:
            peak = max(peak, sum(map(_unshared_mb, _family(child.pid))))
            time.sleep(EVERY_S)
    text = log.read_text(encoding="utf-8")
    if child.returncode != 0:
        sys.exit(f"{' '.join(words)} ended with {child.returncode}; its output is in {log}:\n{text[-2000:]}")
    result: dict[str, Any] = json.loads(text.splitlines()[-1])
    return result | {"family_mb": peak}


def _family(pid: int) -> list[int]:
    """Return a process and all its descendants that are alive."""
    found = [pid]
    for member in found:
        try:
            children = Path(f"/proc/{member}/task/{member}/children").read_text(encoding="utf-8")
        except OSError:
            continue
        found += map(int, children.split())
    return found


def _unshared_mb(pid: int) -> float:
    """Return the proportional anonymous and shared memory of a process; 0 when it has just ended."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0.0
    kilobytes = {line.split(":")[0]: int(line.split()[1]) for line in lines[1:]}
    return (kilobytes.get("Pss_Anon", 0) + kilobytes.get("Pss_Shmem", 0)) / 1024
