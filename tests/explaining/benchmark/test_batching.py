"""Asking by files: what waits is not asked again, and replies come back in any order, any number of times."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gleam.cli.main import build_app
from gleam.errors import BenchError
from gleam.explaining.benchmark import Bench
from gleam.explaining.benchmark.batching import read_batch, write_batch
from gleam.explaining.benchmark.budget import Limits
from gleam.explaining.benchmark.ledger import Ledger
from gleam.explaining.benchmark.tasks import Plan
from gleam.explaining.benchmark.teachers import teacher_of

MODEL = "api:gpt-4o-2024-11-20@openai"


def answers(teacher, files):
    """Answer every line as the server would."""
    lines = []
    for file in files:
        for text in Path(file).read_text(encoding="utf-8").splitlines():
            asked = json.loads(text)
            said = json.dumps(teacher.said(asked["body"], asked["custom_id"]), ensure_ascii=False)
            body = {
                "model": asked["body"]["model"],
                "choices": [{"message": {"content": said}, "finish_reason": "stop"}],
                "usage": {"prompt_tokens": 1000, "completion_tokens": 100},
            }
            lines.append(
                {
                    "custom_id": asked["custom_id"],
                    "response": {"status_code": 200, "body": body},
                    "error": None,
                }
            )
    return lines


def write_lines(path, lines):
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def test_there_and_back(bench, teacher, tmp_path):
    done = write_batch(bench, teacher_of(MODEL, bench), Plan(), tmp_path / "batch")
    assert done.requests == 24
    # Half of what the same requests cost at once.
    model = teacher_of(MODEL, bench)
    most = sum(model.most_usd(model.request(task)) for task in Plan().tasks(bench.pairs(), 0, 1))
    assert done.most_usd == pytest.approx(most / 2)
    with pytest.raises(BenchError, match="Nothing is missing"):
        write_batch(bench, teacher_of(MODEL, bench), Plan(), tmp_path / "twice")
    lines = answers(teacher, done.files)[::-1]
    lines[0]["response"] = {"status_code": 500, "body": {}}
    file = write_lines(tmp_path / "out.jsonl", lines[:20])
    first = read_batch(bench, [file])
    assert (first.replies, first.failed, first.waiting) == (19, 1, 4)
    again = read_batch(bench, [file, write_lines(tmp_path / "rest.jsonl", lines[20:])])
    assert (again.replies, again.unknown, again.waiting) == (4, 20, 0)
    assert len(Bench.open(bench.root).texts()) == 23
    with Ledger(bench.root / "ledger.sqlite") as ledger:
        each = (1000 * 2.5 + 100 * 10) / 1e6 / 2
        assert ledger.spent() == (pytest.approx(23 * each), 24)
    # What failed is asked for again, and nothing else.
    assert write_batch(bench, teacher_of(MODEL, bench), Plan(), tmp_path / "second").requests == 1


def test_the_budget_bounds_a_batch(bench, tmp_path):
    whole = teacher_of(MODEL, bench)
    few = write_batch(bench, whole, Plan(), tmp_path / "a", Limits(max_calls=5))
    assert (few.requests, few.left_out) == (5, 19)
    done = write_batch(
        bench, whole, Plan(), tmp_path / "b", Limits(max_usd=3 * few.most_usd / 5 + few.most_usd)
    )
    assert 2 <= done.requests <= 4
    with pytest.raises(BenchError, match="does not allow a single request"):
        write_batch(bench, whole, Plan(), tmp_path / "c", Limits(max_usd=0))
    assert not (tmp_path / "c").exists()


def test_files_are_cut_where_they_are_full(bench, tmp_path, monkeypatch):
    import gleam.explaining.benchmark.batching as room

    monkeypatch.setattr(room, "MOST_REQUESTS", 10)
    done = write_batch(bench, teacher_of(MODEL, bench), Plan(), tmp_path / "batch")
    assert [len(Path(file).read_text().splitlines()) for file in done.files] == [10, 10, 4]


def test_the_command(bench, teacher, tmp_path):
    def run(*words):
        return CliRunner().invoke(build_app([str(w) for w in words]), [str(w) for w in words])

    written = run("bench", "batch-write", bench.root, "--teacher", MODEL, "--out", tmp_path / "b", "--json")
    assert written.exit_code == 0, written.stderr
    lines = answers(teacher, json.loads(written.stdout)["files"])
    file = write_lines(tmp_path / "out.jsonl", lines)
    file.write_bytes(file.read_bytes() + b'{"no": "id"}\n\xff\xfe\n[[[\n')
    result = run("bench", "batch-read", bench.root, file)
    assert result.exit_code == 3
    assert (
        "24 replies, 0 failed, 0 about other requests, 3 damaged lines; 0 requests still wait"
        in result.stdout
    )
    assert run("bench", "batch-read", bench.root, tmp_path / "no").exit_code == 2
    assert (
        run("bench", "batch-write", bench.root, "--teacher", "city", "--out", tmp_path / "x").exit_code == 2
    )
