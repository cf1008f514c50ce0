"""Two processes search without pause while a third adds imagery."""

import json
import subprocess
import sys
from pathlib import Path

from gleam.atlas import Atlas
from gleam.atlas.build import build_atlas
from gleam.atlas.sources import open_sources

HERE = Path(__file__).parent


def test_readers_never_see_anything_half_done(imagery, more_imagery, tmp_path, encoder):
    out, stop = tmp_path / "a", tmp_path / "stop"
    whole = build_atlas(open_sources([imagery / "map.csv"]), encoder, out, stride_m=64.0)
    command = [sys.executable, str(HERE / "reader.py"), str(out), str(stop)]
    readers = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)
    ]
    try:
        for reader in readers:
            assert reader.stdout is not None
            assert reader.stdout.readline() == "ready\n", reader.communicate()
        order = {"verb": "add", "out": str(out), "sources": [str(more_imagery / "more.csv")]}
        writer = subprocess.run(
            [sys.executable, str(HERE / "writer.py"), json.dumps(order)],
            capture_output=True,
            text=True,
            timeout=600,
        )
        assert writer.returncode == 0, writer.stderr
    finally:
        stop.touch()
    for reader in readers:
        said, errors = reader.communicate(timeout=600)
        assert reader.returncode == 0, errors
        counts = json.loads(said)
        assert counts == sorted(counts)
        assert counts[0] == whole.tiles
        with Atlas.open(out) as atlas:
            assert counts[-1] == len(atlas) > whole.tiles
