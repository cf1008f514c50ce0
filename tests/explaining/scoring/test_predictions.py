"""Files of predictions: read, refused, written while explainers run, gone on with."""

import json

import pytest

from gleam.errors import BenchError, GleamError
from gleam.explaining.chat.problems import ChatError
from gleam.explaining.scoring.controls import questions
from gleam.explaining.scoring.prediction import read_predictions
from gleam.explaining.scoring.record import Record, file_name
from gleam.explaining.scoring.running import run_explainer


def write(path, *lines):
    path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines))
    return path


LIGHT = {
    "pair_id": "a",
    "language": "en",
    "explainer": "mine",
    "verdict": {"match": True, "text": "Same place."},
}


def test_a_verdict_from_elsewhere_needs_only_its_match(tmp_path):
    later = {**LIGHT, "verdict": {"match": False, "probability": 0.2}}
    (found,) = read_predictions(write(tmp_path / "p.jsonl", LIGHT, "", later))
    assert found.verdict.match is False and found.verdict.probability == 0.2
    assert found.verdict.explainer == "mine" and found.control == "none"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{broken", "line 1: this is not UTF-8 JSON"),
        ("[1]", "line 1: a prediction is a JSON object"),
        ({"pair_id": "a", "language": "en", "explainer": "m"}, "neither a verdict nor a problem"),
        ({**LIGHT, "language": "de"}, "field language"),
        ({**LIGHT, "control": "mirror"}, "field control"),
        ({**LIGHT, "verdict": {"text": "no match given"}}, "field verdict.match"),
        ({**LIGHT, "verdict": {"match": True, "probability": 1.5}}, "field verdict.probability"),
        ({**LIGHT, "verdict": {"match": True, "version": 1}}, "of version 1; this GLEAM reads version 2"),
    ],
)
def test_a_broken_line_is_named(tmp_path, line, told):
    with pytest.raises(BenchError, match=told):
        read_predictions(write(tmp_path / "p.jsonl", line))


def test_a_missing_file_and_bytes_that_are_no_text(tmp_path):
    with pytest.raises(BenchError, match="cannot be read"):
        read_predictions(tmp_path / "none.jsonl")
    (tmp_path / "b.jsonl").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BenchError, match="not UTF-8"):
        read_predictions(tmp_path / "b.jsonl")


def test_names_of_files_are_safe_and_do_not_collide():
    names = {"evidence", "api:m@http://127.0.0.1:8/v1", "api:m@http://127.0.0.1:9/v1", "a/../b", "a_.._b"}
    files = {file_name(name) for name in names}
    assert len(files) == len(names) and file_name("evidence") == "evidence"
    assert all("/" not in f and not f.startswith(".") for f in files)


class Counting:
    """An explainer that counts what it is asked, fails when told to, and can be killed."""

    name = "counting"

    def __init__(self, bench, helpers, fail_at=(), kill_at=None, quota_at=None):
        self.asked = 0
        self._pairs = {bench.image_path(p.query_image): p for p in bench.pairs()}
        self._helpers, self._fail, self._kill, self._quota = helpers, set(fail_at), kill_at, quota_at

    def explain(self, query, tile, view, pose, *, language, tile_width_m):
        number = self.asked
        self.asked += 1
        if number == self._kill:
            raise KeyboardInterrupt
        if number == self._quota:
            raise ChatError("quota", "No money left.")
        if number in self._fail:
            raise GleamError("The reply is not JSON.")
        pair = next(iter(self._pairs.values())) if not hasattr(query, "is_file") else self._pairs[query]
        assert tile_width_m == 128.0 and view == pair.view if hasattr(query, "is_file") else True
        return self._helpers.make_verdict(pair, language, "Both show red roofs; it is the same place.")


def run(bench, helpers, folder, **how):
    explainer = Counting(bench, helpers, **how)
    asked = list(questions(bench.pairs("test"), 2, seed=0))
    try:
        return explainer, run_explainer(explainer, "counting", bench, asked, ("en", "zh"), folder)
    except (KeyboardInterrupt, ChatError) as error:
        return explainer, error


def test_a_killed_run_is_gone_on_with_to_the_same_result(bench, helpers, tmp_path):
    whole, expected = run(bench, helpers, tmp_path / "whole")
    first, _ = run(bench, helpers, tmp_path / "killed", kill_at=9)
    path = tmp_path / "killed" / "counting.jsonl"
    assert len(path.read_bytes().splitlines()) == 9
    # The kill tore the last line.
    path.write_bytes(path.read_bytes()[:-40])
    second, found = run(bench, helpers, tmp_path / "killed")
    assert first.asked + second.asked == whole.asked + 2
    assert {p.key: p.verdict for p in found} == {p.key: p.verdict for p in expected}
    third, again = run(bench, helpers, tmp_path / "killed")
    assert third.asked == 0 and len(again) == len(found)


def test_failures_are_recorded_and_asked_again(bench, helpers, tmp_path):
    first, found = run(bench, helpers, tmp_path, fail_at=(3, 4))
    assert sum(p.verdict is None for p in found) == 2
    assert {p.problem for p in found if p.verdict is None} == {"The reply is not JSON."}
    second, found = run(bench, helpers, tmp_path)
    assert second.asked == 2 and all(p.verdict is not None for p in found)
    assert len({p.key for p in found}) == len(found) == first.asked


def test_an_empty_account_stops_the_run_and_keeps_what_is_there(bench, helpers, tmp_path):
    _, error = run(bench, helpers, tmp_path, quota_at=5)
    assert isinstance(error, ChatError)
    assert len(Record(tmp_path, "counting").predictions) == 5
