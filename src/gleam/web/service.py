"""What a server holds while it runs: the atlas, workers, results and the map."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import Any

from gleam.atlas import Atlas
from gleam.encoder import Encoder
from gleam.errors import GleamError
from gleam.locating import Locator
from gleam.web.basemap import Basemap
from gleam.web.batches import Batches
from gleam.web.engine import Engine
from gleam.web.explaining import Explainers
from gleam.web.fetching import Fetcher
from gleam.web.imagery import GivenImagery
from gleam.web.metrics import Metrics
from gleam.web.results import Results
from gleam.web.settings import Settings

MAP_QUEUE = 400
"""Tiles of the map that may wait; a browser asks for some dozens at once."""
EXPLAIN_QUEUE = 16
_PAUSE_S = 0.02
FETCHES, FETCH_QUEUE = 4, 16
FILE_QUEUE = 100
"""Uploads, exports and metadata that may wait: work of the disk more than of the processor."""


class Service:
    """Opens what the routes need; close it at the end.

    Raises:
        GleamError: The atlas or the encoder cannot be opened, or they do not belong together.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.atlas = Atlas.open(settings.atlas)
        self.encoder = Encoder.from_pretrained(settings.encoder or self.atlas.encoder_name)
        self.locator = Locator(self.encoder, self.atlas)
        imagery = GivenImagery(self.atlas, settings.imagery) if settings.imagery else None
        self.imagery = imagery
        self.basemap = Basemap(self.atlas, imagery)
        self.engine = Engine(settings.workers, settings.queue)
        self.mapper = Engine(1, MAP_QUEUE, "map")
        self.files = Engine(2, FILE_QUEUE, "files")
        self.results = Results(settings.results_s, settings.keep)
        self.metrics = Metrics()
        self.explaining = Engine(1, EXPLAIN_QUEUE, "explain")
        self.fetching = Engine(FETCHES, FETCH_QUEUE, "fetch")
        self.fetcher = Fetcher(settings.allowed_hosts, settings.max_upload_bytes)
        self.explainers = Explainers(settings.explainers, self.encoder)
        self.batches = Batches(
            settings.work_folder,
            self.locator,
            settings.results_s,
            lambda status: self.metrics.answers.labels(status).inc(),
        )
        self._closing = threading.Event()
        self._warming = threading.Thread(target=self._warm_pictures, name="warm", daemon=True)
        self.metrics.watch("gleam_queue", "Requests waiting or in work", lambda: self.engine.waiting)
        self.metrics.watch("gleam_batches", "Batches waiting or in work", lambda: self.batches.waiting)
        self.metrics.watch("gleam_results", "Results held in memory", lambda: len(self.results))
        self.metrics.watch("gleam_tiles", "Tiles of the atlas", lambda: len(self.atlas))

    def warm(self) -> None:
        """Locate one made-up picture, so that the first photo does not wait for what is loaded late."""
        import numpy as np

        noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
        self.locator.locate(noise, "drone", use_metadata=False)
        self._warming.start()

    def _warm_pictures(self) -> None:
        """Decode the tiles' pictures beside the first requests; without them those are only slower."""
        with suppress(GleamError):
            self.locator.finder.warm(self._closing_or_idle)

    def _closing_or_idle(self) -> bool:
        """Wait until no photo is in work; return whether the server ends."""
        while self.engine.waiting and not self._closing.wait(_PAUSE_S):
            pass
        return self._closing.is_set()

    def close(self) -> None:
        """Let work end and close the files."""
        self._closing.set()
        if self._warming.is_alive():
            self._warming.join()
        self.batches.close()
        self.engine.close()
        self.explaining.close()
        self.fetching.close()
        self.mapper.close()
        self.files.close()
        if self.imagery is not None:
            self.imagery.close()
        self.atlas.close()

    def describe(self) -> dict[str, Any]:
        """Return the body of ``/v1/atlas``."""
        from gleam.web.describing import describe

        return describe(self)
