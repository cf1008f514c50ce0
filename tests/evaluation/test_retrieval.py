"""Chunked search against the slow, obvious way: the whole matrix, in whole numbers, item by item."""

from __future__ import annotations

import tracemalloc
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from gleam.errors import GleamError
from gleam.evaluation import metrics
from gleam.evaluation.relevance import Relevance
from gleam.evaluation.retrieval import search
from gleam.evaluation.similarity import GRID, exact_unit_vectors


def whole_numbers(vectors):
    """Unit vectors as Python integers, in which every product and sum is exact."""
    return [[round(x / GRID) for x in row] for row in exact_unit_vectors(np.asarray(vectors, float))]


def brute_force(queries, gallery, positives, ignored, per_query):
    """Ranks of the positives of each query, sorted, and its similarities, by definition."""
    q, g = whole_numbers(queries), whole_numbers(gallery)
    ranks, scores, row = [], [], 0
    for number, count in enumerate(per_query):
        mine = q[row : row + count]
        row += count
        score = [max(sum(a * b for a, b in zip(v, tile, strict=True)) for v in mine) for tile in g]
        scores.append(score)
        right = sorted(positives[number], key=lambda i: -score[i])
        wrong = [i for i in range(len(g)) if i not in positives[number] and i not in ignored[number]]
        ranks.append([n + 1 + sum(score[w] >= score[p] for w in wrong) for n, p in enumerate(right)])
    return ranks, scores


@st.composite
def worlds(draw):
    """Few small vectors with small numbers: many exact ties; positives and ignored items at random."""
    gallery = draw(st.integers(1, 9))
    dim = draw(st.integers(1, 3))
    counts = draw(st.lists(st.integers(1, 3), min_size=1, max_size=7))
    cell = st.integers(-1, 1)
    vector = st.lists(cell, min_size=dim, max_size=dim).filter(any)
    g = draw(st.lists(vector, min_size=gallery, max_size=gallery))
    q = draw(st.lists(vector, min_size=sum(counts), max_size=sum(counts)))
    positives, ignored = [], []
    for _ in counts:
        role = draw(st.lists(st.sampled_from("+-0 "), min_size=gallery, max_size=gallery))
        positives.append([i for i, r in enumerate(role) if r == "+"])
        ignored.append([i for i, r in enumerate(role) if r == "0"])
    return np.array(q, float), np.array(g, float), counts, positives, ignored


@given(world=worlds(), chunk=st.integers(1, 9), top=st.integers(1, 12))
def test_equals_brute_force_with_ties_for_every_chunk(world, chunk, top):
    q, g, counts, positives, ignored = world
    relevance = Relevance.from_lists(positives, len(g), ignored)
    found = search(q, g, relevance, vectors_per_query=counts, chunk=chunk, top=top)
    ranks, scores = brute_force(q, g, positives, ignored, counts)
    assert found.positive_ranks.tolist() == [r for one in ranks for r in one]
    assert found.best.tolist() == [one[0] if one else 0 for one in ranks]
    for number, score in enumerate(scores):
        order = sorted(range(len(g)), key=lambda i: (-score[i], i in positives[number], i))[:top]
        assert found.top[number, : len(order)].tolist() == order
        assert (found.top[number, len(order) :] == -1).all()
        assert found.top_scores[number, : len(order)].tolist() == [float(score[i]) * GRID**2 for i in order]


@given(world=worlds())
def test_average_precisions_equal_their_definitions(world):
    q, g, counts, positives, ignored = world
    relevance = Relevance.from_lists(positives, len(g), ignored)
    found = search(q, g, relevance, vectors_per_query=counts)
    ranks, _ = brute_force(q, g, positives, ignored, counts)
    step, trapezoid = metrics.ap_step(found), metrics.ap_trapezoid(found)
    for number, mine in enumerate(ranks):
        if not mine:
            assert np.isnan(step[number])
            assert np.isnan(trapezoid[number])
            continue
        want_step, want_trapezoid = Fraction(0), Fraction(0)
        for hits, rank in enumerate(mine, 1):
            precision = Fraction(hits, rank)
            before = Fraction(hits - 1, rank - 1) if rank > 1 else Fraction(1)
            want_step += precision / len(mine)
            want_trapezoid += (before + precision) / 2 / len(mine)
        assert step[number] == pytest.approx(float(want_step))
        assert trapezoid[number] == pytest.approx(float(want_trapezoid))


@given(seed=st.integers(0, 2**31), chunk=st.integers(1, 80))
def test_random_float32_features_give_the_same_for_every_chunk_to_the_last_bit(seed, chunk):
    rng = np.random.default_rng(seed)
    gallery = rng.normal(size=(70, 33)).astype(np.float32)
    gallery[rng.integers(0, 70, 20)] = gallery[rng.integers(0, 70, 20)]
    queries = (gallery[:60] + rng.normal(size=(60, 33))).astype(np.float32)
    relevance = Relevance.from_lists([[i] for i in range(60)], 70)
    whole = search(queries, gallery, relevance, chunk=60)
    found = search(queries, gallery, relevance, chunk=chunk)
    for name in ("best", "positive_ranks", "top", "top_scores"):
        assert getattr(found, name).tobytes() == getattr(whole, name).tobytes()


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("dim", [1, 7, 512, 2048])
def test_similarities_are_exact_in_any_order_of_summation(dtype, dim):
    rng = np.random.default_rng(dim)
    a = exact_unit_vectors(rng.normal(size=(5, dim)).astype(dtype))
    b = exact_unit_vectors(rng.normal(size=(6, dim)).astype(dtype))
    product = a @ b.T
    shuffled = rng.permutation(dim)
    assert (product == np.ascontiguousarray(a[:, shuffled]) @ np.ascontiguousarray(b[:, shuffled]).T).all()
    exact = [[sum(Fraction(x) * Fraction(y) for x, y in zip(r, s, strict=True)) for s in b] for r in a]
    assert [[Fraction(x) for x in row] for row in product] == exact


def test_memory_does_not_grow_with_queries_times_gallery():
    size, dim, chunk = 2000, 16, 16
    vectors = np.random.default_rng(0).normal(size=(size, dim)).astype(np.float32)
    relevance = Relevance.from_labels(range(size), range(size))
    tracemalloc.start()
    try:
        search(vectors, vectors, relevance, chunk=chunk)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    full_matrix = size * size * 4
    assert peak < full_matrix / 8
    assert peak < 8 * chunk * size * 8


def test_similarities_are_cosines():
    rng = np.random.default_rng(3)
    a, b = rng.normal(size=(9, 40)) * 1e-3, rng.normal(size=(8, 40)) * 1e5
    relevance = Relevance.from_lists([[0]] * 9, 8)
    found = search(a, b, relevance, top=8)
    cosine = (a / np.linalg.norm(a, axis=1)[:, None]) @ (b / np.linalg.norm(b, axis=1)[:, None]).T
    np.testing.assert_allclose(found.top_scores, -np.sort(-cosine, axis=1), atol=2e-7)


def test_step_ap_is_that_of_scikit_learn_without_ties():
    rng = np.random.default_rng(8)
    gallery, queries = rng.normal(size=(40, 6)), rng.normal(size=(15, 6))
    positives = [np.flatnonzero(rng.random(40) < 0.2).tolist() or [3] for _ in range(15)]
    found = search(queries, gallery, Relevance.from_lists(positives, 40))
    scores = exact_unit_vectors(queries) @ exact_unit_vectors(gallery).T
    for number, mine in enumerate(positives):
        truth = np.isin(np.arange(40), mine)
        assert metrics.ap_step(found)[number] == pytest.approx(average_precision_score(truth, scores[number]))


def test_of_equal_answers_the_farther_is_shown_first():
    queries, gallery = np.ones((1, 3)), np.ones((4, 3))
    positions = np.array([[48.0, 16.1], [48.0, 16.0], [48.0, 16.3], [48.0, 16.2]])
    found = search(
        queries,
        gallery,
        Relevance.from_lists([[1]], 4),
        query_positions=[[48.0, 16.0]],
        gallery_positions=positions,
    )
    assert found.top[0, :4].tolist() == [2, 3, 0, 1]


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: search(np.ones((0, 3)), np.ones((2, 3)), Relevance.from_lists([], 2)), "no query"),
        (lambda: search(np.ones((1, 3)), np.ones((0, 3)), Relevance.from_lists([[]], 0)), "gallery is empty"),
        (lambda: search(np.ones((1, 3)), np.ones((2, 4)), Relevance.from_lists([[0]], 2)), "3 dimensions"),
        (lambda: search(np.ones((2, 3)), np.ones((2, 3)), Relevance.from_lists([[0]], 2)), "1 queries and 2"),
        (lambda: search(np.ones(3), np.ones((2, 3)), Relevance.from_lists([[0]], 2)), "shape"),
        (
            lambda: search(np.zeros((1, 3)), np.ones((2, 3)), Relevance.from_lists([[0]], 2)),
            "Only zeros.*query 0",
        ),
        (
            lambda: search(np.ones((1, 3)), np.ones((2, 3)), Relevance.from_lists([[0]], 2), chunk=0),
            "chunk is 0",
        ),
        (
            lambda: search(
                np.ones((3, 3)), np.ones((2, 3)), Relevance.from_lists([[0]], 2), vectors_per_query=[2]
            ),
            "sums to 2",
        ),
        (lambda: Relevance.from_lists([[0]], 2, [[0]]), "both a positive and ignored"),
    ],
)
def test_wrong_input_is_refused(call, says):
    with pytest.raises(GleamError, match=says):
        call()


@pytest.mark.parametrize("chunk", [1, 4, 64])
def test_several_vectors_of_a_gallery_item_count_by_the_best(chunk):
    rng = np.random.default_rng(11)
    queries, counts = rng.normal(size=(14, 6)), np.array([2, 1, 3, 1, 4, 3])
    items, per_item = rng.normal(size=(21, 6)), np.array([3, 1, 5, 2, 1, 4, 1, 3, 1])
    relevance = Relevance.from_lists([[0], [1, 4], [2], [8], [5, 6], [7]], 9, ignored=[[3]] + [[]] * 5)
    found = search(
        queries, items, relevance, vectors_per_query=counts, vectors_per_item=per_item, top=9, chunk=chunk
    )
    unit = [v / np.linalg.norm(v, axis=1, keepdims=True) for v in (queries, items)]
    whole = unit[0] @ unit[1].T
    rows, columns = (
        np.split(np.arange(14), np.cumsum(counts)[:-1]),
        np.split(np.arange(21), np.cumsum(per_item)[:-1]),
    )
    best = np.array([[whole[np.ix_(r, c)].max() for c in columns] for r in rows])
    for query in range(6):
        order = np.argsort(-best[query])
        assert found.top[query].tolist() == order.tolist()
        right = set(relevance.positives(query).tolist())
        assert found.best_of_all[query] == min(order.tolist().index(i) for i in right) + 1
        kept = [i for i in order.tolist() if i not in relevance.ignored(query)]
        assert found.best[query] == min(kept.index(i) for i in right) + 1


def test_vectors_of_gallery_items_must_add_up():
    with pytest.raises(GleamError, match="vectors_per_item must be at least 1 each and sum to the 3 vectors"):
        search(np.eye(3), np.eye(3), Relevance.from_lists([[0]] * 3, 2), vectors_per_item=[1, 1])


def test_a_gallery_too_large_for_the_chunk_is_searched_in_smaller_ones(monkeypatch):
    from gleam.evaluation import retrieval

    rng = np.random.default_rng(5)
    queries, gallery = rng.normal(size=(30, 4)), rng.normal(size=(50, 4))
    relevance = Relevance.from_lists([[i] for i in range(30)], 50)
    whole = search(queries, gallery, relevance)
    asked = []
    plain = retrieval.exact_unit_vectors
    monkeypatch.setattr(retrieval, "exact_unit_vectors", lambda v: asked.append(len(v)) or plain(v))
    monkeypatch.setattr(retrieval, "_SCORES_AT_ONCE", 200)
    small = search(queries, gallery, relevance)
    assert max(asked[1:]) == 4
    assert small.best.tolist() == whole.best.tolist()
    assert np.array_equal(small.top_scores, whole.top_scores)
