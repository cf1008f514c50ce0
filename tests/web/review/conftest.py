"""A real server on a small benchmark, and a real browser on its page.

Playwright's plain interface allows one running copy per thread, and other tests hold one in the main thread:
here the browser lives in a thread of its own, in which the tests marked ``in_browser`` run too.
"""

import contextlib
import functools
import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

TINY = "gleam_test_tiny_bench"
USUAL = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")
WAIT_MS = 60_000
BROWSER_THREAD = ThreadPoolExecutor(1, "browser")


def in_browser(test):
    """Run a test in the browser's thread."""

    @functools.wraps(test)
    def wrapped(**fixtures):
        BROWSER_THREAD.submit(test, **fixtures).result()

    return wrapped


@pytest.fixture(scope="session")
def tiny():
    """The module that makes small benchmarks."""
    if TINY not in sys.modules:
        path = Path(__file__).parents[2] / "explaining" / "reviewing" / "tiny_bench.py"
        spec = importlib.util.spec_from_file_location(TINY, path)
        module = importlib.util.module_from_spec(spec)
        sys.modules[TINY] = module
        spec.loader.exec_module(module)
    return sys.modules[TINY]


class Served:
    """A server in a thread of this process. url: without a slash at its end. store: the review."""

    def __init__(self, store, url):
        self.store = store
        self.url = url


@pytest.fixture
def serve(tiny, tmp_path):
    """Start servers: ``serve(6, double=0.0)``, with token, encoder, change, teachers."""
    from uvicorn import Config, Server

    from gleam.explaining.benchmark import Bench
    from gleam.explaining.reviewing.settings import ReviewSettings
    from gleam.explaining.reviewing.store import ReviewStore
    from gleam.web.review.app import create_review_app
    from gleam.web.review.serving import settings_for
    from gleam.web.serving import bind

    with contextlib.ExitStack() as stack:

        def start(count=6, *, token=None, encoder=None, change=None, teachers=("city",), **settings):
            root = tiny.make_bench(tmp_path / "bench", count, split="test", change=change, teachers=teachers)
            store = ReviewStore(Bench.open(root))
            store.configure(ReviewSettings(**settings))
            chosen = settings_for(root, "127.0.0.1", 0, token)
            bound = bind(chosen)
            app = create_review_app(store, chosen, encoder)
            server = Server(Config(app, log_level="warning", access_log=False, ws="none", lifespan="on"))
            thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
            thread.start()

            def stop():
                server.should_exit = True
                thread.join(20)
                bound.close()

            stack.callback(stop)
            return Served(store, f"http://127.0.0.1:{bound.getsockname()[1]}")

        yield start


class Process:
    """``gleam bench review`` as people start it; ``kill`` is kill -9."""

    def __init__(self, bench, *options, port=0):
        command = [sys.executable, "-m", "gleam.cli.main", "bench", "review", str(bench), "--encoder", "none"]
        command += ["--port", str(port), *options]
        env = {**os.environ, "OMP_NUM_THREADS": "1", "GLEAM_QUIET": ""}
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=env)
        for line in self.process.stderr:
            found = re.search(r"http://[^ ]+:(\d+)/", line)
            if found:
                self.port = int(found[1])
                self.url = f"http://127.0.0.1:{self.port}"
                return
        raise AssertionError("the server did not start")

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process.stderr.close()


@pytest.fixture
def process():
    """Start real processes: ``process(bench, "--double", "0")``."""
    started = []

    def start(*arguments, **options):
        started.append(Process(*arguments, **options))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.kill()


@pytest.fixture(scope="session")
def chromium():
    """The browser that all tests here share; skipped, with the reason, where there is none."""
    named = os.environ.get("GLEAM_CHROMIUM")
    executable = (
        named if named and Path(named).exists() else next(filter(None, map(shutil.which, USUAL)), None)
    )
    if executable is None:
        pytest.skip("no Chromium was found; name one in GLEAM_CHROMIUM")
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

    def start():
        playwright = sync_api.sync_playwright().start()
        return playwright, playwright.chromium.launch(executable_path=executable, args=list(ARGUMENTS))

    playwright, browser = BROWSER_THREAD.submit(start).result()
    yield browser
    BROWSER_THREAD.submit(lambda: (browser.close(), playwright.stop())).result()


class Visit:
    """A person at the page, in a window with its own storage.

    complaints: errors of the console and of scripts. strangers: requests to other servers. expected: parts of
    complaints that a test provokes.
    """

    def __init__(self, browser, url, name, part, *, width=1360, height=860, **context):
        self.url, self.name = url, name
        self.complaints, self.strangers, self.expected = [], [], []
        options = {"locale": "en-US", "reduced_motion": "reduce", **context}
        self.context = browser.new_context(viewport={"width": width, "height": height}, **options)
        self.page = self.context.new_page()
        self.page.set_default_timeout(WAIT_MS)
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", self._asked)
        self.page.goto(f"{url}/{part}")
        self.page.fill("#name", name)
        self.page.keyboard.press("Enter")

    @property
    def pair(self):
        """The pair in the address."""
        return self.page.url.rpartition("/")[2]

    def ready(self):
        """Wait until an item can be decided."""
        self.page.wait_for_selector("#accept:enabled")
        return self

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)

    def press_and_move_on(self, *keys):
        """Press keys and wait for the next item, or for the end."""
        before = self.page.url
        self.press(*keys)
        self.page.wait_for_function(
            "before => location.href !== before && document.querySelector('#accept, .done')", arg=before
        )
        self.page.wait_for_function("async () => !(await import('/review/state.js')).state.busy")

    def text(self, selector):
        return self.page.locator(selector).first.inner_text().strip()

    def value(self, language):
        return self.page.input_value(f"#text-{language}")

    def drafted(self):
        """Wait until the draft is on the server."""
        self.page.wait_for_function("() => document.querySelector('#draft-told').textContent.includes(':')")

    def _heard(self, message):
        if message.type == "error" and not any(part in message.text for part in self.expected):
            self.complaints.append(message.text)

    def _asked(self, request):
        if not request.url.startswith((self.url, "blob:", "data:")):
            self.strangers.append(request.url)


@pytest.fixture
def visit(chromium):
    """Let people visit a page: ``visit(url, "ann")``; at the end nothing may have gone wrong in any."""
    visits = []

    def opened(url, name, part="", **window):
        visits.append(Visit(chromium, url, name, part, **window))
        return visits[-1]

    yield opened
    BROWSER_THREAD.submit(lambda: [one.context.close() for one in visits]).result()
    for one in visits:
        assert one.complaints == []
        assert one.strangers == []
