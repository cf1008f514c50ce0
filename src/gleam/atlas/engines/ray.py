"""The engine of many machines: Ray Data over the same units."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from gleam.atlas.engines.worker import Job, Worker, taken_in
from gleam.atlas.fragments import Fragments
from gleam.atlas.units import CutUnit, Unit
from gleam.errors import AtlasError, GleamError

ADDRESS_VARIABLE = "RAY_ADDRESS"
"""Names a running cluster; without it one is started on this machine, on the loopback address alone."""
_MAX_BLOCKS = 4096
_SPARE_CPUS = 2
"""With as many logical cores as actors, Ray Data's own tasks find none and the pipeline stands still."""
_STORE_BYTES = 100_000_000
"""Only names of fragments travel through Ray."""


class RayEngine:
    """Actors of Ray Data write fragments; this process takes them in.

    On a cluster the imagery and the atlas have to lie in a folder that every machine sees under the same
    path.

    Raises:
        AtlasError: Ray is not installed, or the cluster cannot be reached.
    """

    def __init__(self, job: Job, workers: int) -> None:
        try:
            import ray
            import ray.data
        except ImportError:
            raise AtlasError(
                "The engine 'ray' needs Ray Data, which is not installed; run "
                '`pip install "gleam-geo[cluster]"`, or use --engine processes.'
            ) from None
        self._ray: Any = ray
        self._job, self._workers = job, workers
        self._fragments = Fragments(Path(job.folder))
        self._started = not ray.is_initialized()
        if self._started:
            self._start()

    def cut(self, units: Sequence[Unit]) -> Iterator[CutUnit]:
        """Yield every unit, as the actors finish them."""
        ray = self._ray
        context = ray.data.DataContext.get_current()
        context.enable_progress_bars = False
        logging.getLogger("ray.data").setLevel(logging.WARNING)
        rows = [asdict(unit) for unit in units]
        try:
            data = ray.data.from_items(rows, override_num_blocks=min(len(rows), _MAX_BLOCKS))
            names = data.map(
                _Actor,
                fn_constructor_args=(self._job,),
                compute=ray.data.ActorPoolStrategy(size=min(self._workers, len(rows))),
                num_cpus=1,
            )
            for row in names.iter_rows():
                yield taken_in(self._fragments, str(row["fragment"]))
        except ray.exceptions.RayError as error:
            raise _plain(error) from error

    def close(self) -> None:
        """End what was started here; a cluster that was there stays."""
        if self._started:
            self._ray.shutdown()

    def _start(self) -> None:
        shared = {"include_dashboard": False, "log_to_driver": False, "logging_level": logging.ERROR}
        try:
            if os.environ.get(ADDRESS_VARIABLE):
                self._ray.init(log_to_driver=False, logging_level=logging.ERROR)
            else:
                self._ray.init(
                    num_cpus=self._workers + _SPARE_CPUS,
                    object_store_memory=_STORE_BYTES,
                    _node_ip_address="127.0.0.1",
                    **shared,
                )
        except (ConnectionError, RuntimeError, ValueError) as error:
            raise AtlasError(
                f"Ray cannot be started or reached ({error}); use --engine processes."
            ) from error


class _Actor:
    """One worker inside Ray."""

    def __init__(self, job: Job) -> None:
        self._worker = Worker(job)

    def __call__(self, row: dict[str, Any]) -> dict[str, str]:
        return {"fragment": self._worker.cut(Unit(**row))}


def _plain(error: Any) -> GleamError:
    """Return the worker's own error when it is one for users."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, GleamError):
            return AtlasError(str(cause).splitlines()[0])
        following = getattr(cause, "cause", None) or cause.__cause__
        cause = following if following is not cause else None
    with contextlib.suppress(Exception):
        error = error.cause or error
    return AtlasError(f"A worker of Ray failed ({str(error).splitlines()[-1][:300]}); run the command again.")
