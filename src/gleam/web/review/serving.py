"""Running the server of a review."""

from __future__ import annotations

import threading
import webbrowser
from pathlib import Path

from gleam.explaining.reviewing.store import ReviewStore
from gleam.progress import say
from gleam.web.serving import KEEP_ALIVE_S, MOST_CONNECTIONS, STOP_S, bind, check_installed
from gleam.web.settings import Settings


def settings_for(bench: Path, host: str, port: int, token: str | None) -> Settings:
    """Return the settings of a server for a review, checked as those of ``gleam serve`` are."""
    return Settings(atlas=bench, host=host, port=port, token=token)


def serve_review(
    store: ReviewStore, settings: Settings, *, encoder: str | None, open_browser: bool = False
) -> None:
    """Serve until stopped by a signal.

    Raises:
        GleamError: Something is missing, or the address is taken.
    """
    check_installed()
    from uvicorn import Config, Server

    from gleam.web.review.app import create_review_app

    bound = bind(settings)
    try:
        config = Config(
            create_review_app(store, settings, encoder),
            # The access log would hold the token of /?token=.
            access_log=False,
            log_level="warning",
            server_header=False,
            limit_concurrency=MOST_CONNECTIONS,
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=STOP_S,
            proxy_headers=False,
            ws="none",
            lifespan="on",
        )
        bound.listen()  # so that who opens the address at once waits instead of being refused
        host, port = bound.getsockname()[:2]
        address = f"http://{f'[{host}]' if ':' in host else host}:{port}/"
        say(f"Review {store.bench.info.name} at {address} (Ctrl-C stops it; nothing decided is lost).")
        if open_browser:
            threading.Timer(0.5, webbrowser.open, (address,)).start()
        Server(config).run(sockets=[bound])
    finally:
        bound.close()
