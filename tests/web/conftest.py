"""A small city with its atlas, made once, and real servers over it on loopback."""

import itertools
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

SEED = 3
STRIDE_M = 56.0
"""Half a tile: an atlas of some hundred tiles, built in seconds."""


@dataclass(frozen=True)
class CityAtlas:
    """folder: of the city. atlas: of its newest imagery. places: the rows of its table, as dicts."""

    folder: Path
    atlas: Path
    places: list[dict[str, Any]]

    def photo(self, view: str = "drone", number: int = 0) -> tuple[Path, dict[str, Any]]:
        """Return the file of a photo and its row: place, lat, lon, heading."""
        row = [r for r in self.places if r["view"] == view][number]
        return self.folder / row["path"], row


@dataclass(frozen=True)
class Running:
    """A server that runs in a thread of this process. url: without a slash at its end."""

    url: str
    app: Any

    @property
    def service(self) -> Any:
        return self.app.state.service


@contextmanager
def held_after(server: Running, count: int) -> Iterator[None]:
    """Let the server look at so many photos; with the next it waits until its batch is told to stop.

    Without it a machine faster than the test would have answered all before anyone could cancel.
    """
    service, begun, over = server.service, itertools.count(1), threading.Event()
    look = service.locator.look

    def held(*args: Any, **options: Any) -> Any:
        if next(begun) > count:
            while not over.is_set() and not any(_stopping(b) for b in service.batches.all()):
                time.sleep(0.01)
        return look(*args, **options)

    service.locator.look = held
    try:
        yield
    finally:
        over.set()
        del service.locator.look


def _stopping(batch: Any) -> bool:
    return bool(batch.cancelled and batch.about.state == "running")


@pytest.fixture(scope="session")
def city_atlas(tmp_path_factory: pytest.TempPathFactory) -> CityAtlas:
    """Make the city and its atlas with the shipped encoder."""
    import pyarrow.parquet as pq

    from gleam import Atlas, Encoder
    from gleam.city.make import make_city
    from gleam.views import View

    # A folder named by GLEAM_WEB_CITY keeps city and atlas between runs.
    kept = os.environ.get("GLEAM_WEB_CITY")
    base = Path(kept) if kept else tmp_path_factory.mktemp("web")
    views = (View.DRONE, View.GROUND, View.MAP)
    make_city(base / "city", seed=SEED, size_km=0.6, places=12, pixels=160, views=views, tiles=False)
    newest = sorted((base / "city" / "rasters").glob("*.tif"))[-1]
    if not (base / "atlas").exists():
        Atlas.build(newest, Encoder.from_pretrained("city"), base / "atlas", stride_m=STRIDE_M).close()
    rows = pq.read_table(base / "city" / "places.parquet").to_pylist()
    return CityAtlas(base / "city", base / "atlas", rows)


@contextmanager
def running(**settings: Any) -> Iterator[Running]:
    """Run a server with these settings on a free port of loopback until the block ends."""
    from gleam.web.serving import bind, make_server
    from gleam.web.settings import Settings

    chosen = Settings(**{"port": 0, "host": "127.0.0.1", **settings})
    bound = bind(chosen)
    server = make_server(chosen)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
    thread.start()
    port = bound.getsockname()[1]
    while thread.is_alive() and not server.started:
        time.sleep(0.01)
    try:
        yield Running(f"http://127.0.0.1:{port}", server.config.app)
    finally:
        server.should_exit = True
        thread.join(20)
        bound.close()


@pytest.fixture(scope="session")
def server(city_atlas: CityAtlas, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The server that most tests share: loopback, no token, photos may be kept."""
    base = tmp_path_factory.mktemp("serve")
    with running(
        atlas=city_atlas.atlas, keep=base / "kept", work=base / "work", rate_per_s=1000.0
    ) as started:
        yield started


@pytest.fixture
def serve(city_atlas: CityAtlas, tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """Start servers with settings of their own: ``serve(token="...")``."""
    with ExitStack() as stack:
        yield lambda **settings: stack.enter_context(
            running(**{"atlas": city_atlas.atlas, "work": tmp_path / "work", **settings})
        )
