"""Batches: pure, complete, no place twice in one batch, equal views, look-alikes together."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gleam.training.sampler import Sampling, epoch_batches, shard
from gleam.views import View

VIEWS = (View.DRONE, View.MAP, View.GROUND)


def sampling(
    present: np.ndarray, size: int = 8, together: bool = True, equal: bool = True, world: int = 1
) -> Sampling:
    return Sampling(VIEWS, present, size, together, equal, world)


@st.composite
def presences(draw: st.DrawFn) -> np.ndarray:
    count = draw(st.integers(2, 60))
    share = draw(st.sampled_from([0.3, 0.8, 1.0]))
    present = np.random.default_rng(draw(st.integers(0, 999))).random((count, 3)) < share
    present[:, 0] |= ~present.any(1)
    return present


@given(presences(), st.integers(2, 20), st.booleans(), st.booleans(), st.integers(1, 3), st.integers(0, 5))
def test_every_rule_holds(
    present: np.ndarray, size: int, together: bool, equal: bool, world: int, epoch: int
) -> None:
    plan = sampling(present, size, together, equal, world)
    batches = epoch_batches(plan, seed=3, phase=1, epoch=epoch)
    again = epoch_batches(plan, seed=3, phase=1, epoch=epoch)
    assert [(b.places.tolist(), b.views) for b in batches] == [(b.places.tolist(), b.views) for b in again]
    seen = np.zeros(present.shape, int)
    for batch in batches:
        assert len(batch.places) >= 2
        assert len(set(batch.places.tolist())) == len(batch.places), "a place stands twice in a batch"
        assert len(batch.places) < max(size, 2 * world) + 2 * world
        for view in batch.views:
            column = VIEWS.index(view)
            assert together or present[batch.places, column].all()
            seen[batch.places, column] += present[batch.places, column]
    # Nothing is dropped: every place that can be in a batch is in one.
    own = present.sum(0)
    for column in range(3):
        if own[column] >= 2 * world or (together and len(present) >= 2):
            assert (seen[present[:, column], column] >= 1).all()
    if equal:
        shown = seen.sum(0)[own >= 2 * world]
        if together or own.max() >= 2 * world:
            assert shown.size == 0 or shown.max() - shown.min() < 2 * world
            assert shown.size == 0 or shown.max() == own.max()


def test_epochs_phases_and_seeds_differ() -> None:
    plan = sampling(np.ones((64, 3), bool))
    first = epoch_batches(plan, seed=0, phase=0, epoch=0)[0].places.tolist()
    for change in (
        {"seed": 1, "phase": 0, "epoch": 0},
        {"seed": 0, "phase": 1, "epoch": 0},
        {"seed": 0, "phase": 0, "epoch": 1},
    ):
        assert epoch_batches(plan, **change)[0].places.tolist() != first


def test_the_tail_is_kept_and_never_a_place_alone() -> None:
    for count, sizes in ((20, [4, 8, 8]), (17, [8, 9]), (16, [8, 8]), (3, [3])):
        batches = epoch_batches(sampling(np.ones((count, 3), bool)), seed=0, phase=0, epoch=0)
        assert sorted(len(b.places) for b in batches) == sizes


def test_rare_views_are_repeated_until_all_are_equal() -> None:
    present = np.ones((60, 3), bool)
    present[20:, 2] = False
    for together in (True, False):
        batches = epoch_batches(sampling(present, together=together), seed=0, phase=0, epoch=0)
        shown = {
            v: sum(int(present[b.places, VIEWS.index(v)].sum()) for b in batches if v in b.views)
            for v in VIEWS
        }
        assert shown == dict.fromkeys(VIEWS, 60)
        unequal = epoch_batches(sampling(present, together=together, equal=False), seed=0, phase=0, epoch=0)
        rare = sum(int(present[b.places, 2].sum()) for b in unequal if View.GROUND in b.views)
        assert rare == 20


def test_look_alikes_share_a_batch() -> None:
    count = 64
    # Place i looks like the others of its block of four.
    block = np.arange(count) // 4
    neighbours = np.array(
        [[j for j in range(count) if block[j] == block[i] and j != i] for i in range(count)], np.int32
    )
    plan = sampling(np.ones((count, 3), bool))
    batches = epoch_batches(plan, seed=0, phase=0, epoch=2, neighbours={None: neighbours}, per_seed=4)
    assert sorted(np.concatenate([b.places for b in batches]).tolist()) == list(range(count))
    for batch in batches:
        assert np.unique(block[batch.places], return_counts=True)[1].tolist() == [4, 4]
    random = epoch_batches(plan, seed=0, phase=0, epoch=2)
    assert len(random) == len(batches)
    assert any(len(np.unique(block[b.places])) > 2 for b in random)


def test_missing_neighbours_are_skipped() -> None:
    neighbours = np.full((10, 3), -1, np.int32)
    neighbours[:, 0] = (np.arange(10) + 1) % 10
    plan = sampling(np.ones((10, 3), bool), size=4)
    batches = epoch_batches(plan, seed=0, phase=0, epoch=0, neighbours={None: neighbours}, per_seed=3)
    assert sorted(np.concatenate([b.places for b in batches]).tolist()) == list(range(10))


@given(st.integers(0, 50), st.integers(1, 7))
def test_shards_cover_a_batch_once(count: int, world: int) -> None:
    parts = [list(range(count))[shard(count, rank, world)] for rank in range(world)]
    assert [place for part in parts for place in part] == list(range(count))
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


@pytest.mark.parametrize("world", [2, 3])
def test_every_process_gets_work(world: int) -> None:
    for count in range(2 * world, 40):
        for batch in epoch_batches(
            sampling(np.ones((count, 3), bool), world=world), seed=0, phase=0, epoch=0
        ):
            assert all(len(batch.places[shard(len(batch.places), r, world)]) >= 2 for r in range(world))
