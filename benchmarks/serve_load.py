"""How many photos per second the server locates, beside the bare encoder and the bare locator in one process.

    python benchmarks/serve_load.py --folder /tmp/load

makes a city and its atlas (at least 1,000 tiles), measures the baselines (the encoder alone: decoding,
preparing and embedding the photo under every heading tried; and the locator alone, on photos it was asked
before; both called from as many threads as the server has workers, on the same photos), then starts the real
server and loads it with photos of 128 x 128 pixels as multipart forms. Everything is done for four kinds of
question: photos whose camera is told by their metadata and photos that tell nothing, each with the closer
look at the best places (``refine`` 10, the default) and without (``refine`` 0).

The server remembers the squares between tiles that it has looked at, so a neighbourhood is dearer the first
time. Each kind of question therefore begins with a fresh server: first photos of ground it never looked at,
at 5 requests per second for the latency; then the other photos, each once, as fast as it answers ("new");
then all over and over with ``wrk`` (Debian package ``wrk``), as fast as it answers, and once more at 5 per
second ("again").

Prints a table and the ratios; ``--json`` prints the same as data. The machine should be idle.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from PIL import Image

PIXELS = 128
LATENCY_RATE = 5.0
PLACES = 300
SCRIPT = """
local bodies = {}
for n = 0, %(count)d - 1 do
  local file = io.open(string.format("%(folder)s/%%04d.form", n), "rb")
  bodies[n] = file:read("*all")
  file:close()
end
local at = 0
wrk.method = "POST"
wrk.headers["Content-Type"] = "multipart/form-data; boundary=load"
function request()
  at = (at + 1) %% %(count)d
  return wrk.format(nil, nil, nil, bodies[at])
end
local worst = {}
function response(status)
  worst[status] = (worst[status] or 0) + 1
end
function done(summary, latency)
  io.write(string.format("RESULT %%d %%d %%d %%f %%f %%f\\n", summary.requests, summary.duration,
    summary.errors.status, latency:percentile(50) / 1000, latency:percentile(95) / 1000, latency.max / 1000))
end
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, help="Keeps city and atlas for the next run [temporary].")
    parser.add_argument("--atlas", type=Path, help="Another atlas than that of the city.")
    parser.add_argument("--photos", type=Path, help="Folder of photos for it.")
    parser.add_argument("--seconds", type=float, default=20.0, help="Of each measurement.")
    parser.add_argument("--workers", type=int, help="Photos at once [cores].")
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--json", action="store_true")
    told = parser.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("wrk is not installed; run: apt-get install wrk")
    folder = told.folder or Path(tempfile.mkdtemp(prefix="gleam-load-"))
    workers = told.workers or len(os.sched_getaffinity(0))
    atlas = told.atlas or make_atlas(folder, told.seed)
    pictures = told.photos or folder / "city" / "images" / "drone"
    photos = {known: small_photos(pictures, metadata=known) for known in (True, False)}
    rows: list[dict[str, Any]] = []
    for known in photos:
        for refine in (10, 0):
            options = {"view": "drone", "refine": refine}
            speed = bare(atlas, photos[known], options, workers, told.seconds)
            encoding = bare(atlas, photos[known], options, workers, told.seconds / 2, encoder_alone=True)
            rows.append({"pose_known": known, "refine": refine, "bare": speed, "encoder": encoding})
    for row in rows:
        options = {"view": "drone", "refine": row["refine"]}
        forms = write_forms(folder, photos[row["pose_known"]], options)
        bodies = [path.read_bytes() for path in sorted(forms.glob("*.form"))]
        slow = round(told.seconds * LATENCY_RATE)
        assert slow < len(bodies), (
            f"{len(bodies)} photos are too few for {told.seconds:g} seconds of new ones"
        )
        with Server(atlas, folder, workers) as server:
            row["latency"] = paced(server.url, bodies[:slow], LATENCY_RATE)
            row["new"] = once_each(server.url, bodies[slow:], connections=2 * workers)
            row["again"] = wrk(server.url, forms, told.seconds, connections=2 * workers)
            row["latency_again"] = paced(server.url, bodies[:slow], LATENCY_RATE)
        row["ratio"] = row["encoder"]["per_s"] / row["again"]["per_s"]
    about = {"tiles": tiles_of(atlas), "workers": workers, "photos": len(photos[True]), "seed": told.seed}
    print(json.dumps({**about, "rows": rows}, indent=2) if told.json else table(about, rows))


def make_atlas(folder: Path, seed: int) -> Path:
    """Make a city of 1.2 km and the atlas of its newest imagery."""
    from gleam import Atlas, Encoder
    from gleam.city.make import make_city
    from gleam.views import View

    city = folder / "city"
    make_city(city, seed=seed, size_km=1.2, places=PLACES, views=(View.DRONE,), tiles=False)
    if not (folder / "atlas").exists():
        newest = sorted((city / "rasters").glob("*.tif"))[-1]
        Atlas.build(newest, Encoder.from_pretrained("city"), folder / "atlas").close()
    return folder / "atlas"


def tiles_of(atlas: Path) -> int:
    """Return the number of tiles; fewer than 1,000 would prove nothing."""
    from gleam import Atlas

    with Atlas.open(atlas) as opened:
        assert len(opened) >= 1000, len(opened)
        return len(opened)


def small_photos(folder: Path, *, metadata: bool) -> list[bytes]:
    """Return photos at 128 pixels; without their metadata the heading has to be searched."""
    photos = []
    for path in sorted(folder.glob("*.jpg")):
        buffer, photo = io.BytesIO(), Image.open(path)
        kept = {key: photo.info[key] for key in ("exif", "xmp") if metadata and key in photo.info}
        small = photo.resize((PIXELS, PIXELS), Image.Resampling.BOX)
        small.info.clear()
        small.save(buffer, "JPEG", quality=90, **kept)
        photos.append(buffer.getvalue())
    return photos


def bare(
    atlas: Path,
    photos: list[bytes],
    options: dict[str, Any],
    workers: int,
    seconds: float,
    *,
    encoder_alone: bool = False,
) -> dict[str, float]:
    """Locate, or only encode, without a server, in as many threads as it has workers: photos a second."""
    import torch

    from gleam import Atlas, Encoder, Locator
    from gleam.locating.query import may_be_reversed, read_camera
    from gleam.views import UNKNOWN_POSE, View

    with Atlas.open(atlas) as opened:
        locator = Locator(Encoder.from_pretrained("city"), opened)

        def once(photo: bytes) -> None:
            if not encoder_alone:
                locator.locate(photo, **options)
                return
            view = View(options["view"])
            camera = read_camera(photo, view, UNKNOWN_POSE, use_metadata=True)
            reversed_too = may_be_reversed(camera, view)
            locator.finder.queries(photo, view, camera.pose, or_reversed=reversed_too)

        for photo in photos:
            once(photo)
        done, lock, until = [0], threading.Lock(), time.monotonic() + seconds

        def work(number: int) -> None:
            torch.set_num_threads(1)
            at = number
            while time.monotonic() < until:
                once(photos[at % len(photos)])
                at += workers
                with lock:
                    done[0] += 1

        begun = time.monotonic()
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(work, range(workers)))
        return {"per_s": done[0] / (time.monotonic() - begun)}


def write_forms(folder: Path, photos: list[bytes], options: dict[str, Any]) -> Path:
    """Write the bodies of the requests, which wrk's script reads."""
    forms = folder / "forms"
    shutil.rmtree(forms, ignore_errors=True)
    forms.mkdir(parents=True)
    for number, photo in enumerate(photos):
        body = (
            b'--load\r\nContent-Disposition: form-data; name="options"\r\n\r\n'
            + json.dumps(options).encode()
            + b'\r\n--load\r\nContent-Disposition: form-data; name="photo"; filename="a.jpg"\r\n'
            + b"Content-Type: image/jpeg\r\n\r\n"
            + photo
            + b"\r\n--load--\r\n"
        )
        (forms / f"{number:04d}.form").write_bytes(body)
    (forms / "post.lua").write_text(SCRIPT % {"count": len(photos), "folder": forms})
    return forms


def wrk(url: str, forms: Path, seconds: float, connections: int) -> dict[str, float]:
    """Load the server as fast as it answers."""
    words = ["wrk", "-t1", f"-c{connections}", f"-d{seconds:g}s", "--timeout", "30s", "--latency"]
    printed = subprocess.run(
        [*words, "-s", str(forms / "post.lua"), f"{url}/v1/locate"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    found = re.search(r"RESULT (\d+) (\d+) (\d+) ([\d.]+) ([\d.]+) ([\d.]+)", printed)
    assert found, printed
    requests, micros, errors = (int(found.group(n)) for n in (1, 2, 3))
    assert errors == 0, f"{errors} of {requests} requests were refused"
    return {
        "per_s": requests / (micros / 1e6),
        "p50_ms": float(found.group(4)),
        "p95_ms": float(found.group(5)),
    }


def paced(url: str, bodies: list[bytes], rate: float) -> dict[str, float]:
    """Send at a fixed rate whatever comes back, as people do; wrk knows no rate. From due to answered."""
    taken: list[float] = []

    def send(body: bytes, due: float) -> None:
        time.sleep(max(0.0, due - time.monotonic()))
        post(HTTPConnection(url.removeprefix("http://"), timeout=120), body)
        # From when it was due, so that a queue in this script cannot hide one in the server.
        taken.append(time.monotonic() - due)

    begun = time.monotonic() + 0.1
    with ThreadPoolExecutor(64) as pool:
        list(pool.map(send, bodies, [begun + n / rate for n in range(len(bodies))]))
    cuts = statistics.quantiles(taken, n=20)
    return {"rate": rate, "p50_ms": 1000 * statistics.median(taken), "p95_ms": 1000 * cuts[18]}


def once_each(url: str, bodies: list[bytes], connections: int) -> dict[str, float]:
    """Send every photo once, as fast as they are answered."""

    def send(number: int) -> None:
        connection = HTTPConnection(url.removeprefix("http://"), timeout=120)
        for body in bodies[number::connections]:
            post(connection, body)

    begun = time.monotonic()
    with ThreadPoolExecutor(connections) as pool:
        list(pool.map(send, range(connections)))
    return {"photos": len(bodies), "per_s": len(bodies) / (time.monotonic() - begun)}


def post(connection: HTTPConnection, body: bytes) -> None:
    """Ask where a photo was taken."""
    connection.request("POST", "/v1/locate", body, {"Content-Type": "multipart/form-data; boundary=load"})
    response = connection.getresponse()
    response.read()
    assert response.status == 200, response.status


class Server:
    """``gleam serve`` in a process of its own."""

    def __init__(self, atlas: Path, folder: Path, workers: int) -> None:
        self._words = ["serve", "--atlas", str(atlas), "--port", "0", "--workers", str(workers)]
        self._words += ["--work", str(folder / "work"), "--rate", "10000", "--queue", "256"]
        self.url = ""

    def __enter__(self) -> Server:
        environment = {**os.environ, "GLEAM_QUIET": "0"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "gleam.cli.main", *self._words],
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
        assert self._process.stderr is not None
        for line in self._process.stderr:
            if found := re.search(r"http://[\d.:]+", line):
                self.url = found.group()
                break
        for _ in range(100):
            try:
                with urlopen(f"{self.url}/healthz", timeout=5) as response:
                    assert response.status == 200
                return self
            except OSError:
                time.sleep(0.1)
        raise RuntimeError("the server does not answer")

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(30)


def table(about: dict[str, Any], rows: list[dict[str, Any]]) -> str:
    """Return the figures for people."""
    lines = [
        f"{about['tiles']} tiles, {about['workers']} workers, {about['photos']} photos of {PIXELS} px, "
        f"seed {about['seed']}",
        "",
        "| camera | refine | encoder /s | locator /s | served new /s | served again /s "
        "| encoder/served again | p50, p95 of new at 5/s, ms | of again |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        camera = "told" if row["pose_known"] else "unknown"
        first, later = row["latency"], row["latency_again"]
        lines.append(
            f"| {camera} | {row['refine']} | {row['encoder']['per_s']:.1f} | {row['bare']['per_s']:.1f} "
            f"| {row['new']['per_s']:.1f} | {row['again']['per_s']:.1f} | {row['ratio']:.2f} "
            f"| {first['p50_ms']:.0f}, {first['p95_ms']:.0f} | {later['p50_ms']:.0f}, {later['p95_ms']:.0f} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
