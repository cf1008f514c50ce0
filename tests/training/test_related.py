"""Semi-positives: never negatives in the loss, and not in one batch where that can be helped."""

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from gleam.imagery.preparation import Preparation
from gleam.places.table import Places
from gleam.training.batches import load_step
from gleam.training.config import LossConfig, PhaseConfig
from gleam.training.dataset import PlaceSet, open_places
from gleam.training.loss import contrastive_loss, view_pairs
from gleam.training.related import Related, keep_apart
from gleam.training.sampler import Batch, Sampling, epoch_batches
from gleam.views import View

PREPARATION = Preparation(pixels=32)


def semi_positives(make_table: Callable[..., Path], folder: Path) -> PlaceSet:
    """Ten places far apart; the panorama of each names the next as one that shows part of it."""
    make_table(folder, 10, views=(View.SATELLITE, View.PANORAMA))
    rows = [
        replace(row, semi_positives=f"place-{int(row.place[-3:]) + 1:03d}")
        if row.view is View.PANORAMA
        else row
        for row in Places.read(folder)
    ]
    Places(rows, folder).write(folder)
    return open_places([str(folder)], None, [View.PANORAMA], PREPARATION, folder / "cache")


def test_semi_positives_are_masked_in_the_loss(make_table: Callable[..., Path], tmp_path: Path) -> None:
    places = semi_positives(make_table, tmp_path / "table")
    assert len(places.related) == 9  # the last one names a place that is not there
    everyone = np.arange(10)
    step = np.abs(everyone[:, None] - everyone)
    np.testing.assert_array_equal(places.close_pairs(everyone, 0.25), step == 1)
    batch = Batch(np.array([4, 0, 5, 9]), (View.PANORAMA,))
    phase = PhaseConfig(name="p", places=["x"], steps=1)
    inputs = load_step(places, batch, phase, torch.Generator().manual_seed(0))
    assert inputs.clash.nonzero().tolist() == [[0, 2], [2, 0]]
    # The similarity of a place to its semi-positive moves neither loss nor gradient.
    pairs = view_pairs(inputs.views, LossConfig())
    vectors = torch.nn.functional.normalize(
        torch.randn(2, 4, 8, generator=torch.Generator().manual_seed(1), dtype=torch.float64), dim=-1
    )
    losses, gradients = [], []
    for swap in (False, True):
        changed = vectors.clone()
        if swap:
            changed[0, 2] = torch.nn.functional.normalize(vectors[1, 0] + vectors[0, 2], dim=-1)
        changed.requires_grad_()
        only_first = inputs.present.clone()
        only_first[1, 1:] = False  # the panorama of place 4 alone asks
        loss = contrastive_loss(changed, only_first, inputs.clash, torch.tensor(10.0), pairs)
        (gradient,) = torch.autograd.grad(loss, changed)
        losses.append(float(loss.detach()))
        gradients.append(gradient)
    assert losses[0] == losses[1] > 0
    assert float(gradients[0][0, 2].abs().sum()) == 0.0
    torch.testing.assert_close(gradients[0], gradients[1])


def test_related_places_do_not_meet(make_table: Callable[..., Path], tmp_path: Path) -> None:
    places = semi_positives(make_table, tmp_path / "table")
    for together in (True, False):
        plan = Sampling((View.PANORAMA,), places.present[:, 1:], 4, together, True, related=places.related)
        plain = replace(plan, related=None)
        for epoch in range(20):
            batches = epoch_batches(plan, seed=1, phase=0, epoch=epoch)
            assert sorted(len(b.places) for b in batches) == sorted(
                len(b.places) for b in epoch_batches(plain, seed=1, phase=0, epoch=epoch)
            )
            assert sorted(np.concatenate([b.places for b in batches]).tolist()) == list(range(10))
        met = [
            sum(
                b - a == 1
                for batch in epoch_batches(s, seed=1, phase=0, epoch=e)
                for a, b in pairwise(sorted(batch.places))
            )
            for s in (plan, plain)
            for e in range(20)
        ]
        assert sum(met[:20]) <= 0.2 * sum(met[20:])


@given(
    st.integers(2, 40),
    st.lists(st.tuples(st.integers(0, 39), st.integers(0, 39)), max_size=80),
    st.integers(1, 9),
    st.integers(0, 99),
)
def test_keeping_apart_keeps_everything_else(
    count: int, pairs: list[tuple[int, int]], size: int, seed: int
) -> None:
    pairs = [(a % count, b % count) for a, b in pairs]
    related = Related.from_pairs(pairs, count)
    order = np.random.default_rng(seed).permutation(count)
    sizes = [min(size, count - a) for a in range(0, count, size)]
    found = keep_apart(order, sizes, related)
    assert sorted(found.tolist()) == list(range(count))
    if not len(related):
        np.testing.assert_array_equal(found, order)

    def meetings(places: np.ndarray) -> int:
        total, at = 0, 0
        for part in sizes:
            batch = places[at : at + part]
            total += int(related.holds(batch, np.broadcast_to(batch, (part, part))).sum())
            at += part
        return total

    # All batches but those that run out of other places are free of them.
    assert meetings(found) <= meetings(order) or meetings(found) <= 2 * sizes[-1] * size


@given(st.integers(1, 20), st.lists(st.tuples(st.integers(0, 19), st.integers(0, 19)), max_size=60))
def test_the_relation_equals_a_set_of_pairs(count: int, pairs: list[tuple[int, int]]) -> None:
    pairs = [(a % count, b % count) for a, b in pairs]
    wanted = {p for a, b in pairs if a != b for p in ((a, b), (b, a))}
    related = Related.from_pairs(pairs, count)
    everyone = np.arange(count)
    held = related.holds(everyone, np.broadcast_to(everyone, (count, count)))
    assert {(int(a), int(b)) for a, b in zip(*held.nonzero(), strict=True)} == wanted
    assert {(a, int(b)) for a in range(count) for b in related.of(a)} == wanted
    assert 2 * len(related) == len(wanted)
