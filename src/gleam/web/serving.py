"""Running the server."""

from __future__ import annotations

import gc
import importlib.util
import socket
import threading
import webbrowser
from typing import TYPE_CHECKING

from gleam.errors import GleamError
from gleam.progress import say
from gleam.web.settings import Settings

if TYPE_CHECKING:
    from uvicorn import Server

NEEDED = ("fastapi", "uvicorn", "python_multipart", "prometheus_client", "mgrs", "threadpoolctl")
MOST_CONNECTIONS = 512
"""Open at once; more are told 503."""
KEEP_ALIVE_S = 10
STOP_S = 10


def check_installed() -> None:
    """Raise a ``GleamError`` that says what to install when a part of the extra is missing."""
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise GleamError(
            f"gleam serve needs {', '.join(missing)}, which the base install leaves out; run: "
            "pip install 'gleam-geo[serve]'."
        )


def serve(settings: Settings, *, open_browser: bool = False) -> None:
    """Serve until stopped by a signal.

    Raises:
        GleamError: Something is missing, the atlas cannot be opened, or the address is taken.
    """
    check_installed()
    bound = bind(settings)
    try:
        server = make_server(settings)
        _keep_for_good()
        _one_core_for_each_photo()
        bound.listen()  # before the address is told, so that whoever reads it can connect
        host, port = bound.getsockname()[:2]
        address = f"http://{f'[{host}]' if ':' in host else host}:{port}/"
        once = " Open it once as /?token=TOKEN." if settings.token is not None else ""
        say(f"GLEAM serves {settings.atlas.name} at {address} (Ctrl-C stops it).{once}")
        if open_browser:
            threading.Timer(0.5, webbrowser.open, (address,)).start()
        server.run(sockets=[bound])
    finally:
        bound.close()


def _keep_for_good() -> None:
    """Spare the garbage collector what is loaded by now, some 300,000 objects that stay until the end.

    A photo of unknown heading makes thousands of small objects, and each few hundred set it going.
    """
    gc.collect()
    gc.freeze()


def _one_core_for_each_photo() -> None:
    """Let numpy use one thread: with as many workers as cores, more threads only wait for each other.

    Torch is told the same by each worker, see :class:`gleam.web.engine.Engine`.
    """
    from threadpoolctl import threadpool_limits

    threadpool_limits(limits=1, user_api="blas")


def bind(settings: Settings) -> socket.socket:
    """Return the socket that is listened on, so that a taken port is said before anything is loaded.

    Raises:
        GleamError: The address is taken or not one of this machine.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    bound = socket.socket(family)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((settings.host.strip("[]"), settings.port))
    except OSError as error:
        bound.close()
        raise GleamError(
            f"Cannot listen on {settings.host} port {settings.port} ({error.strerror or error}); choose "
            "another --port or --host."
        ) from None
    return bound


def make_server(settings: Settings) -> Server:
    """Return a server over the atlas, not started yet."""
    from uvicorn import Config, Server

    from gleam.web.app import create_app
    from gleam.web.protocol import ImpatientProtocol

    app = create_app(settings)
    app.state.service.warm()
    return Server(
        Config(
            app,
            http=ImpatientProtocol,
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
    )
