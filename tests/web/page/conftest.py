"""A real browser on the page: skipped, with the reason, where there is no Chromium."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.web.page.visit import Visit

USUAL = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--disable-background-networking",
)


def find_chromium() -> str | None:
    """Return the Chromium that GLEAM_CHROMIUM names, else the first usual one."""
    named = os.environ.get("GLEAM_CHROMIUM")
    if named:
        return named if Path(named).exists() else None
    return next((found for found in map(shutil.which, USUAL) if found), None)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """The browser that all tests share."""
    executable = find_chromium()
    if executable is None:
        pytest.skip("no Chromium was found; name one in GLEAM_CHROMIUM")
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: Any, server: Any) -> Iterator[Callable[..., Visit]]:
    """Open windows on the page; at the end of the test nothing may have gone wrong in any."""
    yield from _visits(chromium, server)


@pytest.fixture(scope="module")
def shared_visit(chromium: Any, server: Any) -> Iterator[Callable[..., Visit]]:
    """The same for windows that several tests look at."""
    yield from _visits(chromium, server)


def _visits(chromium: Any, server: Any) -> Iterator[Callable[..., Visit]]:
    visits: list[Visit] = []

    def opened(path: str = "/", *, url: str | None = None, **window: Any) -> Visit:
        visits.append(Visit(chromium, url or server.url, path, **window))
        return visits[-1]

    yield opened
    for one in visits:
        one.close()
    for one in visits:
        assert one.complaints == []
        assert one.strangers == []
