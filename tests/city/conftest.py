"""One small city for all tests of this room: 0.6 km, 6 places, 32 pixels."""

from pathlib import Path

import pytest

from gleam.city.make import make_city

SMALL = {"seed": 11, "size_km": 0.6, "places": 6, "pixels": 32, "mosaic_m_per_px": 1.0}


@pytest.fixture(scope="session")
def small_recipe() -> dict[str, object]:
    """Keyword arguments of ``make_city`` for the small city."""
    return dict(SMALL)


@pytest.fixture(scope="session")
def small_city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the finished small city. Read it only."""
    out = tmp_path_factory.mktemp("cities") / "small"
    make_city(out, workers=2, **SMALL)
    return out
