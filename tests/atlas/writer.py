"""A process that builds or changes an atlas and can be killed: ``python writer.py FOLDER VERB ...``.

A script of its own, since worker processes load the encoder from the module of their parent.
"""

from __future__ import annotations

import json
import resource
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from pixel_encoder import PixelEncoder


def main(order: dict) -> None:
    """Do what is ordered.

    verb: build, add or remove. out: the atlas. sources: of it. name: to remove. engine, workers: who cuts.
    limit: bytes that a file may have, as on a full disk. options: for the build.
    """
    from gleam.atlas.build import build_atlas
    from gleam.atlas.changing import add_imagery, remove_imagery
    from gleam.atlas.engines import GivenImagery, Work
    from gleam.errors import GleamError

    if order.get("limit"):
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (order["limit"], order["limit"]))
    given = GivenImagery.of(order.get("sources", []))
    small = {"unit_tiles": 12, "commit_tiles": order.get("commit_tiles", 12)}
    work = Work(order.get("engine", "local"), order.get("workers"), given, PixelEncoder, **small)
    out = Path(order["out"])
    print("ready", flush=True)
    try:
        if order["verb"] == "build":
            build_atlas(given.open(), PixelEncoder(), out, work=work, **order.get("options", {}))
        elif order["verb"] == "add":
            add_imagery(out, given.open(), PixelEncoder(), work)
        else:
            remove_imagery(out, order["name"])
    except GleamError as error:
        sys.exit(f"told: {error}")


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
