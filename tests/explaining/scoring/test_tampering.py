"""Controls: which pictures are shown, and what is made of the answers."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from gleam.explaining.scoring.compare import _as_shown
from gleam.explaining.scoring.controls import other_tile, questions
from gleam.explaining.scoring.items import join
from gleam.explaining.scoring.running import pictures_of
from gleam.explaining.scoring.tampering import control_figures, says_other


def test_controls_are_balanced_nested_and_turn_the_truth_round(bench):
    pairs = bench.pairs("test")
    asked = list(questions(pairs, 6, seed=0))
    assert [q.pair for q in asked[: len(pairs)]] == pairs
    controls = asked[len(pairs) :]
    of_kind = Counter(q.control for q in controls)
    assert of_kind["blank_query"] == of_kind["blank_tile"] == of_kind["text_only"] == 6
    truths = Counter(q.pair.match for q in controls if q.control == "text_only")
    assert truths[True] == truths[False] == 3
    for q in controls:
        if q.control == "swapped_tile":
            same_place = q.tile.tile_place == q.pair.query_place
            assert same_place is not q.pair.match
    fewer = {(q.pair.pair_id, q.control, q.tile.tile_image) for q in questions(pairs, 2, seed=0)}
    assert fewer <= {(q.pair.pair_id, q.control, q.tile.tile_image) for q in asked}


def test_a_swapped_tile_is_far_away(bench):
    pairs = bench.pairs("test")
    near = next(p for p in pairs if p.match)
    close = [p if p.tile_place == near.query_place else _moved(p, near.query_lat + 1e-4) for p in pairs]
    assert other_tile(near, close, seed=0) is None
    assert other_tile(near, pairs, seed=0) is not None


def _moved(pair, lat):
    return replace(pair, tile_lat=lat)


def test_blank_pictures_have_the_size_of_the_real_ones(bench):
    pairs = bench.pairs("test")
    for q in questions(pairs, 2, seed=0):
        query, tile = pictures_of(bench, q)
        for picture, blank in zip((query, tile), q.blank, strict=True):
            if blank:
                assert picture.shape == (24, 24, 3) and np.ptp(picture) == 0
            else:
                assert picture.is_file()


def answers(bench, helpers, attributes, looks):
    """Figures of an explainer that looks at the pictures, or says of all what it said of the real ones."""
    found = []
    for q in questions(bench.pairs("test"), 12, seed=0):
        pair, match = q.pair, q.pair.match
        text = helpers.true_text(pair, attributes, "en", "own")
        if looks and q.control == "swapped_tile":
            match = not match
            text = "The drone photo shows a river. They are " + (
                "the same place." if match else "different places."
            )
        elif looks and q.control != "none":
            match, text = False, "A picture is blank, so nothing can be said; it is no match."
        found.append(helpers.predict(pair, "en", text, match=match, control=q.control))
    items = [_as_shown(item) for item in join(bench, found)]
    real = [i for i in items if i.prediction.control == "none"]
    return control_figures(real, [i for i in items if i.prediction.control != "none"])


def test_who_looks_and_who_does_not(bench, helpers, attributes):
    looking = answers(bench, helpers, attributes, looks=True)
    assert looking["swapped_verdict_changes"].value == looking["swapped_text_changes"].value == 1.0
    assert looking["blank_match"].value == 0.0 and looking["blank_text_changes"].value == 1.0
    assert looking["text_only_accuracy"].value == 0.5
    blind = answers(bench, helpers, attributes, looks=False)
    assert blind["swapped_verdict_changes"].value == blind["swapped_text_changes"].value == 0.0
    assert blind["blank_match"].value == 0.5 and blind["blank_text_changes"].value == 0.0
    # Right without any picture: something gives the pairs away.
    assert blind["text_only_accuracy"].value == 1.0


@pytest.mark.parametrize(
    ("one", "other", "differs"),
    [
        ("Both show red roofs. It is the same place.", "Red roofs are in both: the same place.", False),
        ("Both show red roofs. It is the same place.", "Both show red roofs. Different places.", True),
        ("Both show red roofs.", "Both show grey roofs.", True),
        ("Region 1 has a similarity of 0.4.", "Region 1 has a similarity of 0.9.", True),
    ],
)  # fmt: skip
def test_other_words_alone_are_no_other_content(bench, helpers, one, other, differs):
    pair = bench.pairs("test")[0]
    a, b = join(bench, [helpers.predict(pair, "en", text) for text in (one, other)])
    assert says_other(a, b) is differs
