"""What a server makes ready beside its first requests: the pictures of all tiles, while it is idle."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from gleam.web.service import Service
from gleam.web.settings import Settings


@pytest.fixture
def service(city_atlas: Any) -> Iterator[Service]:
    made = Service(Settings(atlas=city_atlas.atlas))
    yield made
    made.close()


def pictures(service: Service) -> int:
    return len(service.locator.finder._between._kept.prepared)


def until(reached: Any, seconds: float = 60.0) -> bool:
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if reached():
            return True
        time.sleep(0.01)
    return False


def test_the_pictures_of_all_tiles_are_made_ready(service: Service) -> None:
    service.warm()
    assert until(lambda: pictures(service) == len(service.atlas))


def test_photos_in_work_come_first(service: Service) -> None:
    service.engine.waiting = 1  # as while a photo is in work
    service.warm()
    time.sleep(0.3)
    before = pictures(service)
    service.engine.waiting = 0
    assert until(lambda: pictures(service) == len(service.atlas))
    assert before < len(service.atlas)


def test_a_server_that_ends_does_not_wait_for_it(city_atlas: Any) -> None:
    service = Service(Settings(atlas=city_atlas.atlas))
    tiles = len(service.atlas)
    service.engine.waiting = 1
    service.warm()
    begun = time.monotonic()
    service.close()
    assert time.monotonic() - begun < 10
    assert pictures(service) < tiles
