"""Fixtures for images: real photos when a folder of them is at hand."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def realdata() -> Path:
    """The folder of real imagery for private tests, named by GLEAM_REALDATA; tests skip without it."""
    folder = os.environ.get("GLEAM_REALDATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("set GLEAM_REALDATA to the folder of real imagery to run this test")
    return Path(folder)
