"""Make the pictures of the map page in docs/images, from a city made for it.

    python docs/screenshots.py                      some minutes on two cores
    python docs/screenshots.py --work FOLDER        keep city and atlas there, and use them if they exist

Needs the extra `dev` and a Chromium (GLEAM_CHROMIUM names one that is not at a usual place). The city is
made from a fixed seed and the photos are chosen by number before any result was seen, except where the
picture is to show a certain answer; what each shows is listed in SHOTS.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

IMAGES = Path(__file__).parent / "images"
CITY = ["--seed", "41", "--size", "1", "--places", "40", "--pixels", "256", "--no-tiles"]
DESK = {"viewport": {"width": 1440, "height": 900}}
PHONE = {
    "viewport": {"width": 390, "height": 1200},
    "is_mobile": True,
    "has_touch": True,
    "device_scale_factor": 2,
}
SHOTS: dict[str, dict[str, Any]] = {
    "page-en.jpg": {"photo": "drone/p00003.jpg", "locale": "en-US", **DESK},
    "page-zh.jpg": {"photo": "panorama/p00012.jpg", "locale": "zh-CN", **DESK},
    "page-dark.jpg": {"photo": "panorama/p00005.jpg", "locale": "en-US", "color_scheme": "dark", **DESK},
    "page-phone.jpg": {"photo": "map/p00012.jpg", "locale": "en-US", **PHONE},
    "page-batch.jpg": {"photo": None, "locale": "en-US", **DESK},
}
BATCH = 24
QUALITY = 84
WAIT_MS = 240_000
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--disable-background-networking",
]


def main() -> None:
    """Make city and atlas, serve them, and take every picture."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", type=Path, help="folder for city and atlas; a temporary one when left out")
    parser.add_argument("--only", choices=SHOTS, action="append", help="take only this picture; repeatable")
    chosen = parser.parse_args()
    with contextlib.ExitStack() as stack:
        work = chosen.work or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        work.mkdir(parents=True, exist_ok=True)
        city = make_area(work)
        take(stack.enter_context(serving(work)), city, chosen.only or list(SHOTS))


def gleam(*words: str) -> list[str]:
    """Return a command line of GLEAM."""
    return [sys.executable, "-m", "gleam", *words]


def make_area(work: Path) -> Path:
    """Make the city and its atlas unless they are there; return the city's folder."""
    city, atlas = work / "town", work / "town.atlas"
    if not city.exists():
        subprocess.run(gleam("city", "make", str(city), *CITY), check=True)
    if not atlas.exists():
        imagery = max((city / "rasters").glob("*.tif"))
        told = ["--encoder", "city", "--date", "2026-05-01", "--licence", "CC0-1.0"]
        subprocess.run(gleam("atlas", "build", str(imagery), "--out", str(atlas), *told), check=True)
    return city


@contextlib.contextmanager
def serving(work: Path) -> Iterator[str]:
    """Run the server over the atlas; gives its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    imagery = max((work / "town" / "rasters").glob("*.tif"))
    server = subprocess.Popen(
        gleam(
            *("serve", "--atlas", str(work / "town.atlas"), "--port", str(port)),
            *("--imagery", str(imagery), "--work", str(work / "batches")),
        )
    )
    address = f"http://127.0.0.1:{port}"
    try:
        while server.poll() is None:
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"{address}/healthz", timeout=5).close()
                break
            time.sleep(0.5)
        if server.poll() is not None:
            sys.exit("The server did not start; its message stands above.")
        yield address
    finally:
        server.terminate()
        server.wait(30)


def take(address: str, city: Path, wanted: list[str]) -> None:
    """Take the pictures that are wanted."""
    from playwright.sync_api import sync_playwright

    executable = os.environ.get("GLEAM_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        for name in wanted:
            shot = dict(SHOTS[name])
            photo = shot.pop("photo")
            context = browser.new_context(reduced_motion="reduce", **shot)
            page = context.new_page()
            page.set_default_timeout(WAIT_MS)
            page.goto(address)
            page.wait_for_selector("body[data-ready]")
            if photo is None:
                _batch(page, city)
            else:
                _answer(page, city / "images" / photo, lit="is_mobile" not in shot)
            page.wait_for_timeout(3000)
            path = IMAGES / name
            page.screenshot(path=path, type="jpeg", quality=QUALITY)
            print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")
            context.close()


def _answer(page: Any, photo: Path, *, lit: bool) -> None:
    page.set_input_files("#files", photo)
    page.wait_for_selector("#why-panel .why-region")
    page.wait_for_selector(".tile-shot.winner .region")
    # As when the pointer rests on a region: its twins are lit.
    if lit:
        page.locator(".photo-shot .region").first.focus()


def _batch(page: Any, city: Path) -> None:
    photos = [
        {"name": f"{view}-{file.name}", "mimeType": "image/jpeg", "buffer": file.read_bytes()}
        for view in ("drone", "panorama", "map")
        for file in sorted((city / "images" / view).glob("*.jpg"))[: BATCH // 3]
    ]
    page.set_input_files("#files", photos)
    page.click("#start")
    page.locator("#table .chip:not(.waiting)").nth(2 * BATCH // 3 - 1).wait_for()
    page.click("#sort-confidence")


if __name__ == "__main__":
    main()
