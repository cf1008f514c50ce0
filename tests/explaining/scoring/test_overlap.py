"""Overlap of words: pinned to known references, against slow ones, and the reasons why it does not lead."""

import math
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rouge_score import rouge_scorer
from sacrebleu.metrics import BLEU

from gleam.explaining.scoring.consistency import is_sound
from gleam.explaining.scoring.items import join
from gleam.explaining.scoring.overlap import Characters, bleu, chrf, corpus_bleu, overlap_figures, rouge_l
from gleam.explaining.scoring.proving import PARAPHRASE, prove

CASES = {
    "en": {
        "reference": "Both images show a crossing road with three red buildings north of the river, "
        "so they depict the same place.",
        "paraphrase": "The two images both contain a crossing road and three red buildings beside a river; "
        "they show the same place.",
        "invented": "Both images show a crossing road with five blue buildings north of the pond, "
        "so they depict the same place.",
        "negated": "Both images show a crossing road with three red buildings north of the river, "
        "but they do not depict the same place.",
    },
    "zh": {
        "reference": "两张图片都显示了十字路口和河流北侧的三栋红色建筑，因此它们是同一地点。",
        "paraphrase": "两幅图像均包含十字道路以及河边的三栋红色建筑，说明二者为同一地点。",
        "invented": "两张图片都显示了十字路口和池塘北侧的五栋蓝色建筑，因此它们是同一地点。",
        "negated": "两张图片都显示了十字路口和河流北侧的三栋红色建筑，但它们不是同一地点。",
    },
}


@pytest.mark.parametrize(
    ("language", "kind", "bleu_value", "rouge_value"),
    [
        ("en", "paraphrase", 21.7, 0.60),
        ("en", "invented", 68.9, 0.85),
        ("en", "negated", 75.9, 0.905),
        ("zh", "paraphrase", 32.7, 0.53),
        ("zh", "invented", 76.1, 0.88),
        ("zh", "negated", 85.4, 0.94),
    ],
)
def test_values_that_a_study_measured_are_met(language, kind, bleu_value, rouge_value):
    case = CASES[language]
    assert bleu(case[kind], [case["reference"]], language) == pytest.approx(bleu_value, abs=0.06)
    assert rouge_l(case[kind], [case["reference"]], language) == pytest.approx(rouge_value, abs=0.006)


def test_the_defaults_of_the_libraries_are_traps_for_chinese():
    case = CASES["zh"]
    default = BLEU(effective_order=True).sentence_score(case["paraphrase"], [case["reference"]]).score
    assert (
        default == pytest.approx(0.0, abs=1e-6) and bleu(case["paraphrase"], [case["reference"]], "zh") > 30
    )
    scorer = rouge_scorer.RougeScorer(["rougeL"])
    assert scorer.score(case["reference"], case["paraphrase"])["rougeL"].fmeasure == 0.0


@pytest.mark.parametrize("language", ["en", "zh"])
def test_overlap_ranks_lies_above_the_truth_in_other_words(language):
    """Why verdicts and facts lead the report and these come last."""
    case = CASES[language]
    for measure in (
        lambda text: bleu(text, [case["reference"]], language),
        lambda text: rouge_l(text, [case["reference"]], language),
        lambda text: chrf(text, [case["reference"]]),
    ):
        assert measure(case["negated"]) > measure(case["invented"]) > measure(case["paraphrase"])


def test_headline_scores_rank_them_rightly_on_the_facts_of_a_city(bench):
    for language in ("en", "zh"):
        rows = prove(bench, bench.pairs("test"), (language,), seed=0)
        assert rows[PARAPHRASE]["sound"]["value"] == 1.0
        for kind, row in rows.items():
            if kind != PARAPHRASE:
                assert row["sound"]["value"] == 0.0, kind
        negated = rows["negated_verdict"]
        for name in ("chrf", "bleu", "rouge_l"):
            assert negated[name]["value"] > rows[PARAPHRASE][name]["value"]


def slow_rouge(text, reference):
    """Longest common subsequence by the plain recursion over a table."""
    a, b = Characters().tokenize(text), Characters().tokenize(reference)
    table = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            table[i + 1][j + 1] = table[i][j] + 1 if x == y else max(table[i][j + 1], table[i + 1][j])
    common = table[-1][-1]
    if not common:
        return 0.0
    precision, recall = common / len(a), common / len(b)
    return 2 * precision * recall / (precision + recall)


def slow_bleu(text, reference):
    """BLEU of one sentence over characters, orders that the text is too short for left out; no smoothing."""
    a, b = list(text), list(reference)
    logs = []
    for n in range(1, min(4, len(a)) + 1):
        grams = [Counter(tuple(x[i : i + n]) for i in range(len(x) - n + 1)) for x in (a, b)]
        hits = sum(min(count, grams[1][gram]) for gram, count in grams[0].items())
        logs.append(math.log(hits / sum(grams[0].values())))
    brevity = min(0.0, 1 - len(b) / len(a))
    return 100 * math.exp(brevity + sum(logs) / len(logs))


def slow_chrf(text, reference):
    """ChrF2 by counting: orders 1 to 6 of characters without spaces, averaged precision and recall."""
    a, b = text.replace(" ", ""), reference.replace(" ", "")
    precisions, recalls = [], []
    for n in range(1, 7):
        grams = [Counter(x[i : i + n] for i in range(len(x) - n + 1)) for x in (a, b)]
        if not grams[0] or not grams[1]:
            continue
        hits = sum(min(count, grams[1][gram]) for gram, count in grams[0].items())
        precisions.append(hits / sum(grams[0].values()))
        recalls.append(hits / sum(grams[1].values()))
    p, r = sum(precisions) / len(precisions), sum(recalls) / len(recalls)
    return 100 * 5 * p * r / (4 * p + r) if p + r else 0.0


@settings(max_examples=60, deadline=None)
@given(st.text("红屋顶河桥路a ", min_size=1, max_size=25), st.text("红屋顶河桥路a ", min_size=1, max_size=25))
def test_rouge_equals_a_slow_reference(text, reference):
    assert rouge_l(text, [reference], "zh") == pytest.approx(slow_rouge(text, reference))


@pytest.mark.parametrize("kind", ["paraphrase", "invented", "negated"])
def test_bleu_and_chrf_equal_slow_references(kind):
    zh, en = CASES["zh"], CASES["en"]
    # sacrebleu's Chinese tokens of these texts are single characters, punctuation too.
    assert bleu(zh[kind], [zh["reference"]], "zh") == pytest.approx(slow_bleu(zh[kind], zh["reference"]))
    for case in (zh, en):
        assert chrf(case[kind], [case["reference"]]) == pytest.approx(
            slow_chrf(case[kind], case["reference"])
        )


def test_the_best_of_several_references_counts():
    case = CASES["zh"]
    both = [case["paraphrase"], case["reference"]]
    assert rouge_l(case["reference"], both, "zh") == 1.0
    assert chrf(case["reference"], both) == pytest.approx(100.0)
    texts = [case["reference"], case["paraphrase"]]
    assert corpus_bleu(texts, [both, [case["paraphrase"]]], "zh") == pytest.approx(100.0)


def test_figures_by_language_leave_out_what_has_no_text(bench, attributes, helpers):
    pairs = bench.pairs("test")
    predictions = [
        helpers.predict(p, "en", helpers.true_text(p, attributes, "en", "reference")) for p in pairs
    ]
    predictions += [helpers.predict(p, "zh", "") for p in pairs]
    found = overlap_figures(join(bench, predictions))
    assert found["en"]["chrf"].value == pytest.approx(100.0) and found["en"]["bleu"].n == 12
    assert set(found["zh"].values()) == {None}
    assert all(is_sound(i) for i in join(bench, predictions) if i.text)
