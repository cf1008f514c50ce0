"""What an operator decides about a server."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gleam.errors import GleamError

TOKEN_VARIABLE = "GLEAM_TOKEN"
SHORTEST_TOKEN = 16
"""A shorter secret can be guessed."""
LANGUAGES = ("en", "zh")
MIB = 2**20


@dataclass(frozen=True)
class Settings:
    """Of one server.

    Args:
        atlas: Folder of the atlas.
        encoder: Name or folder of the encoder; the one that the atlas names when not given.
        host, port: Where it listens.
        token: What every request has to show; needed unless it listens on this machine alone.
        max_upload_bytes: Of one request, all parts together.
        max_batch_bytes: Of one batch, all photos together.
        max_photo_pixels: Of one photo, read from its header before it is decoded.
        rate_per_s: Requests per second that make work, for each client.
        queue: Photos that may wait or be in work; more are told to come back.
        workers: Photos located at once; one for each core when not given.
        keep: Folder for photos that a request asks to keep; without it none can be kept.
        work: Folder for batches in progress, see :func:`default_work_folder`.
        allowed_hosts: Hosts that photos may be fetched from by URL; none when empty.
        imagery: Paths of imagery of the atlas, for a sharper map than its thumbnails give.
        explainers: Those that requests may choose from. A request cannot name a model, a folder or a server
            of its own.
        language: Of the page; that of the browser when not given.
        results_s: Seconds that a result, or a batch that is over, is held.
        slowest_body_s: Seconds that a request may take before its bytes are counted against them.

    Raises:
        GleamError: A value is impossible, or a token is missing or too short.
    """

    atlas: Path
    encoder: str | None = None
    host: str = "127.0.0.1"
    port: int = 8765
    token: str | None = field(default=None, repr=False)
    max_upload_bytes: int = 32 * MIB
    max_batch_bytes: int = 1024 * MIB
    max_photo_pixels: int = 60_000_000
    rate_per_s: float = 50.0
    queue: int = 64
    workers: int | None = None
    keep: Path | None = None
    work: Path | None = None
    allowed_hosts: tuple[str, ...] = ()
    imagery: tuple[Path, ...] = ()
    explainers: tuple[str, ...] = ("evidence", "student")
    language: str | None = None
    results_s: float = 24 * 3600.0
    slowest_body_s: float = 30.0

    @property
    def work_folder(self) -> Path:
        """Where batches lie."""
        return self.work if self.work is not None else default_work_folder(self.port)

    def __post_init__(self) -> None:
        """Refuse what cannot work or is not safe."""
        if not 0 <= self.port <= 65535:
            raise GleamError(f"Port {self.port} does not exist; choose one of 1 to 65535.")
        if self.language is not None and self.language not in LANGUAGES:
            raise GleamError(f"There is no page in {self.language!r}; choose one of: {', '.join(LANGUAGES)}.")
        if self.queue < 1 or min(self.max_upload_bytes, self.max_batch_bytes) < 1 or not self.rate_per_s > 0:
            raise GleamError("The queue, the largest upload and the rate have to be above zero.")
        if self.token is not None and len(self.token) < SHORTEST_TOKEN:
            raise GleamError(
                f"The token has {len(self.token)} characters, which can be guessed; use at least "
                f"{SHORTEST_TOKEN}, as `openssl rand -hex 32` makes them."
            )
        if self.token is None and not is_loopback(self.host):
            raise GleamError(
                f"On {self.host} others could reach this server: set a token in {TOKEN_VARIABLE} and pass "
                "--token-from-environment, or listen on 127.0.0.1."
            )

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return is_loopback(self.host)


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach an address.

    Names other than ``localhost`` count as reachable, whatever they resolve to now.
    """
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def token_from_environment(environment: Mapping[str, str] = os.environ) -> str:
    """Return the token that the environment holds.

    Raises:
        GleamError: It holds none.
    """
    token = environment.get(TOKEN_VARIABLE, "").strip()
    if not token:
        raise GleamError(
            f"{TOKEN_VARIABLE} is not set; put the token there, as `openssl rand -hex 32` makes."
        )
    return token


def default_work_folder(port: int, environment: Mapping[str, str] = os.environ) -> Path:
    """Return where batches of a server on ``port`` lie, so that a later start finds and resumes them."""
    state = environment.get("XDG_STATE_HOME")
    base = Path(state) if state else Path.home() / ".local" / "state"
    return base / "gleam" / "serve" / str(port)
