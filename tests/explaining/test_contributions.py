"""Evidence by region: it adds up, it is symmetric, and it points at what was changed."""

import numpy as np
import pytest

from gleam.explaining.contributions import contributions, layouts
from gleam.imagery.preparation import prepare
from gleam.views import Pose, View

WHOLE = Pose(heading_deg=0.0, ground_width_m=128.0)


def squares(encoder, *pictures):
    return [prepare(p, View.SATELLITE, WHOLE, encoder.preparation).pixels for p in pictures]


@pytest.fixture(params=["pixels", "network"])
def any_encoder(request, encoder):
    return encoder if request.param == "pixels" else request.getfixturevalue("tiny_encoder")


def test_the_evidence_adds_up_to_the_similarity(any_encoder, place, elsewhere):
    for picture in (place, elsewhere):
        query, tile = squares(any_encoder, picture, place)
        found = contributions(any_encoder, query, tile, View.MAP)
        q = any_encoder.embed(layouts(query), View.MAP)
        t = any_encoder.embed(tile[None], View.SATELLITE)[0]
        assert found.similarity == pytest.approx(float(q[0] @ t), abs=1e-5)
        assert found.control == pytest.approx(float((q[1:] @ t).mean()), abs=1e-5)
        assert found.best_control == pytest.approx(float((q[1:] @ t).max()), abs=1e-5)
        assert found.evidence.sum() + found.rest == pytest.approx(found.similarity - found.control, abs=1e-5)
        assert np.abs(found.shares()).sum() + abs(found.rest) / found.measured == pytest.approx(1.0)
        assert np.all(np.abs(found.local) <= 1)


def test_without_a_rest_the_regions_are_all(encoder, place, elsewhere):
    """The grey layout has nothing outside its regions."""
    found = contributions(encoder, *squares(encoder, elsewhere, place), View.MAP)
    assert found.rest == pytest.approx(0, abs=1e-5)


def test_a_slow_obvious_reference(encoder, place, elsewhere):
    query, tile = squares(encoder, elsewhere, place)
    found = contributions(encoder, query, tile, View.MAP)
    t, t_shares = (a[0] for a in encoder.embed(tile[None], View.SATELLITE, patches=True))
    added = []
    for layout in layouts(query):
        q, q_shares = (a[0] for a in encoder.embed(layout[None], View.MAP, patches=True))
        table = np.zeros((4, 4))
        for i in range(4):
            for j in range(4):
                table[i, j] = (float(q_shares[i, j] @ t) + float(q @ t_shares[i, j])) / 2
        added.append(table)
    assert np.allclose(found.evidence, added[0] - np.mean(added[1:], axis=0), atol=1e-6)


@pytest.mark.parametrize("cell", [(0, 0), (1, 2), (3, 3)])
def test_what_was_changed_is_what_speaks_against(encoder, place, cell):
    """Turn one region of the query upside down in brightness: it must have the least evidence."""
    changed = place.copy()
    i, j = cell
    window = (slice(32 * i, 32 * i + 32), slice(32 * j, 32 * j + 32))
    changed[window] = 255 - changed[window]
    same = contributions(encoder, *squares(encoder, place, place), View.MAP)
    found = contributions(encoder, *squares(encoder, changed, place), View.MAP)
    assert np.unravel_index(int(np.argmin(found.evidence - same.evidence)), (4, 4)) == cell
    assert np.unravel_index(int(np.argmin(found.local)), (4, 4)) == cell
    assert found.similarity < same.similarity


def test_layouts_are_the_eight_ways_to_lay_a_square(place):
    eight = layouts(place[:8, :8])
    assert np.array_equal(eight[0], place[:8, :8])
    assert len({a.tobytes() for a in eight}) == 8
