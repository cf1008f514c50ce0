"""Running ``writer.py`` and killing it at chosen moments."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil

WRITER = Path(__file__).with_name("writer.py")
PATIENCE_S = 600.0


def start(**order):
    """Start a writer and return it once it is about to begin."""
    command = [sys.executable, str(WRITER), json.dumps(order, default=str)]
    environment = {**os.environ, "GLEAM_QUIET": "1", "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    )
    assert process.stdout is not None
    process.stdout.readline()
    return process


def finish(process):
    """Wait for a writer and return what it said."""
    _, errors = process.communicate(timeout=PATIENCE_S)
    return process.returncode, errors


def kill(process):
    """End a writer as a power cut would, and see its workers go with it."""
    workers = psutil.Process(process.pid).children(recursive=True)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    _, alive = psutil.wait_procs(workers, timeout=60)
    # Ray's own agents write no tiles, and notice the end of their node by a slow pulse.
    alive = [w for w in alive if "Agent" not in w.name()]
    assert not alive, f"workers outlive the writer: {alive}"


def run_with_kills(rng, kills, moment, **order):
    """Start the same writer again and again, kill it ``kills`` times, let the last one end.

    moment: called with the atlas folder before each start; returns whether it is time.
    """
    done = 0
    for _ in range(kills):
        due = moment(Path(order["out"]))
        process = start(**order)
        deadline = time.monotonic() + PATIENCE_S
        while process.poll() is None and not due() and time.monotonic() < deadline:
            time.sleep(0.005)
        time.sleep(rng.uniform(0.0, 0.15))
        if process.poll() is not None:
            break
        kill(process)
        done += 1
    code, errors = finish(start(**order))
    return done, code, errors


def after_units(rng, most):
    """Return a moment: a random number of units more in the journal or waiting as fragments."""

    def moment(out):
        goal = _units(out) + rng.randint(0, most)
        return lambda: _units(out) >= goal

    return moment


def after_announcement(out):
    """Return a moment: the manifest says that imagery is being removed."""
    return lambda: '"removing"' in (out / "atlas.json").read_text()


def _units(out):
    journal = out / "units.jsonl"
    try:
        lines = journal.read_bytes().count(b"\n")
    except FileNotFoundError:
        lines = 0
    fragments = out / ".work" / "fragments"
    return lines + (len(list(fragments.glob("[!.]*.arrow"))) if fragments.is_dir() else 0)
