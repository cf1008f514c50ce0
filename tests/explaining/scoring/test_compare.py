"""The whole: files in, one comparison out, with its report; by the command line too."""

import json
import re

import pytest
from typer.testing import CliRunner

from gleam.cli.main import build_app
from gleam.errors import BenchError, GleamError
from gleam.explaining.scoring.baselines import LABEL_ONLY, MAJORITY, LabelOnly
from gleam.explaining.scoring.compare import Settings, compare
from gleam.explaining.scoring.items import join
from gleam.explaining.scoring.prediction import Prediction
from gleam.explaining.scoring.report_cases import in_words
from gleam.explaining.scoring.report_words import FAULTS
from gleam.explaining.scoring.worst import Fault, worst_cases

HOSTILE = '<script>alert("x")</script> & {braces} $dollar'


def no_encoder():
    raise AssertionError("nothing here needs an encoder")


@pytest.fixture
def files(bench, attributes, helpers, tmp_path):
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
    paths = {}
    for name, rows in (("good", good), ("bad", bad)):
        paths[name] = tmp_path / f"{name}.jsonl"
        paths[name].write_text("".join(row.model_dump_json() + "\n" for row in rows))
    return paths


def test_files_are_compared_side_by_side(bench, files, tmp_path):
    settings = Settings(predictions=tuple(files.values()), worst=6)
    scores = compare(bench, tmp_path / "out", settings, no_encoder)
    cards = scores["explainers"]
    assert list(cards) == [MAJORITY, "good", "bad"]
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
    assert json.loads((tmp_path / "out" / "scores.json").read_text()) == json.loads(json.dumps(scores))
    # The same files and seed give the same figures.
    again = compare(bench, tmp_path / "again", settings, no_encoder)
    assert again["explainers"] == cards and again["proof"] == scores["proof"]


def test_the_report_is_whole_safe_and_shows_the_worst(bench, files, tmp_path):
    compare(bench, tmp_path / "out", Settings(predictions=tuple(files.values())), no_encoder)
    page = (tmp_path / "out" / "report.html").read_text()
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


def test_missing_pairs_count_as_not_answered(bench, files, tmp_path):
    lines = files["good"].read_text().splitlines()[:12]
    files["good"].write_text("\n".join(lines))
    scores = compare(bench, tmp_path / "out", Settings(predictions=(files["good"],)), no_encoder)
    verdicts = scores["explainers"]["good"]["verdicts"]
    assert verdicts["answered"]["value"] == verdicts["accuracy"]["value"] == 0.5


def test_what_cannot_be_compared_is_refused(bench, files, tmp_path):
    with pytest.raises(GleamError, match="Nothing to score"):
        compare(bench, tmp_path / "out", Settings(), no_encoder)
    stranger = json.loads(files["good"].read_text().splitlines()[0]) | {"pair_id": "0123456789abcdef"}
    files["bad"].write_text(json.dumps(stranger))
    with pytest.raises(BenchError, match="No prediction of good is about the split"):
        compare(bench, tmp_path / "out", Settings(predictions=(files["bad"],)), no_encoder)
    with pytest.raises(BenchError, match="no pairs in the split 'train'"):
        compare(bench, tmp_path / "out", Settings(predictions=(files["good"],), split="train"), no_encoder)


def test_a_run_with_a_real_explainer_and_its_controls(bench, tmp_path, tiny_encoder):
    settings = Settings(explainers=("evidence",), languages=("en",), limit=4, tampered=2)
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


def test_the_command(bench, files, tmp_path):
    begun = ("bench", "score", bench.root, "--out", tmp_path / "scores")
    found = run(*begun, "--predictions", files["good"])
    assert found.exit_code == 0, found.output
    for told in ("good", "100.0 (100-100)", "report.html"):
        assert told in found.stdout
    found = run(*begun, "--predictions", files["bad"], "--json")
    assert found.exit_code == 3, found.output
    assert json.loads(found.stdout)["explainers"]["bad"]["counts"]["failed"] == 1
    assert run(*begun).exit_code == 2
