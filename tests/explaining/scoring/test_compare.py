"""The whole: files in, one comparison out, with its report; by the command line too."""

import json
import re

import pytest
from typer.testing import CliRunner

from gleam.cli.main import build_app
from gleam.errors import GleamError
from gleam.explaining.scoring.baselines import LABEL_ONLY, MAJORITY, LabelOnly
from gleam.explaining.scoring.compare import Settings, compare
from gleam.explaining.scoring.items import join
from gleam.explaining.scoring.prediction import Prediction
from gleam.explaining.scoring.report_cases import in_words
from gleam.explaining.scoring.report_words import FAULTS
from gleam.explaining.scoring.worst import Fault, worst_cases

HOSTILE = '<script>alert("x")</script> & {braces} $dollar'


@pytest.fixture(scope="module")
def files(bench, attributes, helpers, tmp_path_factory):
    """A good author, and a bad one: wrong verdicts, contradictions, a failure, hostile text."""
    good, bad = [], []
    for number, pair in enumerate(bench.pairs("test")):
        for language in ("en", "zh"):
            text = helpers.true_text(pair, attributes, language, "own")
            good.append(helpers.predict(pair, language, text, explainer="good"))
            match = pair.match if number % 3 else not pair.match
            text = text if number != 1 or language == "zh" else HOSTILE
            bad.append(helpers.predict(pair, language, text, explainer="bad", match=match))
    bad[4] = Prediction(
        pair_id=bad[4].pair_id, language="en", explainer="bad", problem="The reply is cut off."
    )
    folder = tmp_path_factory.mktemp("predictions")
    paths = {}
    for name, rows in (("good", good), ("bad", bad)):
        paths[name] = folder / f"{name}.jsonl"
        paths[name].write_text("".join(row.model_dump_json() + "\n" for row in rows))
    return paths


@pytest.fixture(scope="module")
def compared(bench, files, tiny_encoder, tmp_path_factory):
    """Both authors and the baselines, compared: the figures and their folder."""
    out = tmp_path_factory.mktemp("scores") / "out"
    settings = Settings(predictions=tuple(files.values()), worst=6)
    return compare(bench, out, settings, lambda: tiny_encoder), out


def test_files_are_compared_side_by_side(compared):
    scores, out = compared
    cards = scores["explainers"]
    assert list(cards) == [MAJORITY, LABEL_ONLY, "good", "bad"]
    good, bad = cards["good"]["headline"], cards["bad"]["headline"]
    assert (
        good["balanced_accuracy"]["value"] == good["fact_precision"]["value"] == good["sound"]["value"] == 1.0
    )
    assert bad["balanced_accuracy"]["value"] < 0.75 and bad["sound"]["value"] < 0.8
    assert bad["text_says_verdict"]["value"] < 0.8
    assert cards[MAJORITY]["headline"]["balanced_accuracy"]["value"] == 0.5
    assert cards[MAJORITY]["headline"]["sound"] is None
    assert cards["bad"]["counts"]["failed"] == 1 and "The reply is cut off." in cards["bad"]["problems"]
    assert set(cards["good"]["groups"]["tier"]) == {"positive", "random", "near", "mistake"}
    assert set(cards["good"]["groups"]["view"]) == {"drone", "map", "panorama", "ground"}
    assert cards["good"]["overlap"]["zh"]["chrf"]["value"] < 100
    assert scores["proof"]["paraphrase"]["sound"]["value"] == 1.0
    assert scores["proof"]["negated_verdict"]["sound"]["value"] == 0.0
    assert json.loads((out / "scores.json").read_text()) == json.loads(json.dumps(scores))


def test_the_report_is_whole_safe_and_shows_the_worst(compared):
    page = (compared[1] / "report.html").read_text()
    assert "<script" not in page and "&lt;script&gt;" in page
    assert "default-src 'none'" in page and not re.search(r'(?:src|href)="(?!data:)', page)
    assert page.index('id="headline"') < page.index('id="verdicts"') < page.index('id="overlap"')
    assert page.count("data:image/jpeg") >= 8
    assert "The verdict is wrong" in page and "结论错误" in page and "The reply is cut off." in page
    body = page[page.index("<body") :]
    for tag in ("section", "table", "article", "figure", "ul", "tr", "span", "p"):
        assert len(re.findall(rf"<{tag}[ >]", body)) == body.count(f"</{tag}>"), tag


def test_worst_cases_name_every_fault(bench, attributes, helpers):
    pair = next(p for p in bench.pairs("test") if p.match)
    truth = attributes[pair.tile_place]
    value = "many" if truth["buildings"] != "many" else "few"
    text = f"The satellite tile shows {value} buildings. They are different places."
    items = join(bench, [helpers.predict(pair, "en", text, match=True)])
    (case,) = worst_cases(items, 5)
    kinds = {fault.kind for fault in case.faults}
    assert "other_conclusion" in kinds
    assert ("false" in kinds) == (truth["buildings"] is not None)
    for fault in case.faults:
        assert all("{" not in words for words in in_words(fault))
    right = [
        helpers.predict(p, "en", helpers.true_text(p, attributes, "en", "own")) for p in bench.pairs("test")
    ]
    assert worst_cases(join(bench, right), 5) == []


def test_every_kind_of_fault_has_words(bench):
    for kind in FAULTS:
        assert all(in_words(Fault(kind, attribute="road", problem="x", probability=0.5)))


def test_missing_pairs_count_as_not_answered(bench, files, tmp_path, tiny_encoder):
    part = tmp_path / "part.jsonl"
    part.write_text("\n".join(files["good"].read_text().splitlines()[:12]))
    settings = Settings(predictions=(part,), baselines=False)
    scores = compare(bench, tmp_path / "out", settings, lambda: tiny_encoder)
    verdicts = scores["explainers"]["good"]["verdicts"]
    assert verdicts["answered"]["value"] == verdicts["accuracy"]["value"] == 0.5


def test_a_benchmark_without_facts_is_scored_on_the_rest(bench, files, tmp_path, tiny_encoder):
    import shutil

    from gleam.explaining.benchmark.folder import FACTS, Bench

    root = tmp_path / "plain"
    shutil.copytree(bench.root, root)
    (root / FACTS).unlink()
    settings = Settings(predictions=(files["good"],), baselines=False)
    scores = compare(Bench.open(root), tmp_path / "out", settings, lambda: tiny_encoder)
    headline = scores["explainers"]["good"]["headline"]
    assert headline["fact_precision"] is None and headline["sound"] is None and scores["proof"] == {}
    assert headline["text_says_verdict"]["value"] == 1.0
    assert "Sound" not in (tmp_path / "out" / "report.html").read_text()


def test_what_cannot_be_compared_is_refused(bench, files, tmp_path, tiny_encoder):
    def refused(told, **how):
        with pytest.raises(GleamError, match=told):
            compare(bench, tmp_path / "out", Settings(baselines=False, **how), lambda: tiny_encoder)

    refused("Nothing to score")
    refused("no pairs in the split 'train'", predictions=(files["good"],), split="train")
    stranger = json.loads(files["good"].read_text().splitlines()[0]) | {"pair_id": "0123456789abcdef"}
    other = tmp_path / "other.jsonl"
    other.write_text(json.dumps(stranger))
    refused("No prediction of good is about the split", predictions=(other,))


def test_a_run_with_a_real_explainer_and_its_controls(bench, tmp_path, tiny_encoder):
    settings = Settings(explainers=("evidence",), languages=("en",), limit=4, tampered=2, seed=1)
    scores = compare(bench, tmp_path / "out", settings, lambda: tiny_encoder)
    assert list(scores["explainers"]) == [MAJORITY, LABEL_ONLY, "evidence"]
    card = scores["explainers"]["evidence"]
    assert card["counts"]["predictions"] == 4 and card["counts"]["controls"] == 8
    assert card["texts"]["text_says_verdict"]["value"] == 1.0
    assert card["controls"]["text_only_accuracy"]["n"] == 2
    label = scores["explainers"][LABEL_ONLY]
    assert label["verdicts"]["auroc"] is not None and label["texts"]["sound"] is None
    files = {p.name for p in (tmp_path / "out" / "predictions").iterdir()}
    assert "evidence.jsonl" in files and len(files) == 3


def test_label_only_is_fitted_on_other_pairs_and_says_nothing(bench, tiny_encoder):
    others = [p for p in bench.pairs() if p.split == "val"]
    explainer = LabelOnly(tiny_encoder, bench, others)
    pair = bench.pairs("test")[0]
    files = bench.image_path(pair.query_image), bench.image_path(pair.tile_image)
    verdict = explainer.explain(*files, pair.view, pair.pose, language="zh", tile_width_m=128.0)
    assert verdict.text == "" and 0 < verdict.probability < 1 and verdict.similarity is not None


def run(*words):
    words = [str(word) for word in words]
    return CliRunner().invoke(build_app(words), words)


def test_the_command(bench, files, compared, tmp_path):
    begun = ("bench", "score", bench.root, "--out", tmp_path / "scores", "--no-baselines")
    found = run(*begun, "--predictions", files["good"])
    assert found.exit_code == 0, found.output
    for told in ("good", "100.0 (100-100)", "report.html"):
        assert told in found.stdout
    found = run(*begun, "--predictions", files["bad"], "--json")
    assert found.exit_code == 3, found.output
    # The same figures whether another explainer is compared with it or not.
    card = json.loads(found.stdout)["explainers"]["bad"]
    assert card == json.loads(json.dumps(compared[0]["explainers"]["bad"]))
    assert run(*begun).exit_code == 2
