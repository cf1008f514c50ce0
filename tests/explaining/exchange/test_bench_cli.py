"""``gleam bench review``, ``export`` and ``import`` as a user types them; the page has tests of its own."""

import json

import pytest
from typer.testing import CliRunner

from gleam.cli.main import build_app


def run(*words):
    return CliRunner().invoke(build_app([str(w) for w in words]), [str(w) for w in words])


def test_status_tells_how_far_the_review_is(revised):
    told = run("bench", "review", revised.root, "--status")
    assert told.exit_code == 0, told.stderr
    assert "tiny: 2 of 2 pairs decided, 2 of 2 reviews made" in told.stdout
    assert "texts zh   accepted 1, edited 0, discarded 1 (vague 1)" in told.stdout
    assert "kappa      match    undefined (all, 0 pairs)" in told.stdout
    assert "reviewer   ann: reviews 2, settled 0, 12 s each" in told.stdout
    document = json.loads(run("bench", "review", revised.root, "--status", "--json").stdout)
    assert document["reasons"]["zh"]["vague"] == 1


def test_verify_finds_what_was_changed(revised):
    import sqlite3

    assert "the history of 3 events is whole" in run("bench", "review", revised.root, "--verify").stdout
    with sqlite3.connect(revised.root / "review.sqlite") as db:
        db.execute("DROP TRIGGER history_no_update")
        db.execute("UPDATE history SET reviewer = 'eve' WHERE seq = 3")
    told = run("bench", "review", revised.root, "--verify")
    assert told.exit_code == 2
    assert "tampered with at event 3" in told.stderr


def test_settings_stay_set(bench):
    run("bench", "review", bench.root, "--status", "--double", "0.25", "--languages", "zh", "--split", "all")
    again = run("bench", "review", bench.root, "--status", "--json", "--adjudicators", "ann, bob")
    settings = json.loads(again.stdout)["settings"]
    assert settings == {
        "languages": ["zh"],
        "split": "all",
        "double": 0.25,
        "adjudicators": ["ann", "bob"],
        "seed": 0,
    }


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--split", "tests"], "Did you mean 'test'?"),
        (["--languages", "fr"], "fr"),
        (["--host", "0.0.0.0", "--encoder", "none"], "set a token in GLEAM_TOKEN"),
        (["--adjudicators", "a" * 41], "1 to 40 printable"),
    ],
)
def test_wrong_options_get_one_sentence(bench, words, sentence):
    told = run("bench", "review", bench.root, *words)
    assert told.exit_code == 2
    assert told.stderr.startswith("Error: ") and sentence in told.stderr


def test_nothing_to_review(tiny, tmp_path):
    tiny.make_bench(tmp_path / "bench", 2, split="train")
    told = run("bench", "review", tmp_path / "bench")
    assert told.exit_code == 2 and "nothing to review" in told.stderr
    told = run("bench", "review", tmp_path / "none")
    assert told.exit_code == 2 and "does not exist" in told.stderr


def test_out_and_back_in(revised, tmp_path):
    out = tmp_path / "out"
    done = run("bench", "export", revised.root, "--format", "swift", "--out", out, "--split", "test")
    assert done.exit_code == 0, done.stderr
    assert "3 test (swift)" in done.stdout and "left out: 1 discarded by people" in done.stdout
    file = out / "test.jsonl"
    file.write_text(file.read_text("utf-8").replace("The roofs are red.", "The roofs are grey."), "utf-8")
    dry = run("bench", "import", out, "--into", revised.root, "--reviewer", "cat", "--dry-run")
    assert "3 rows, 1 changed, nothing recorded" in dry.stdout
    back = run("bench", "import", out, "--into", revised.root, "--reviewer", "cat", "--json")
    assert back.exit_code == 0, back.stderr
    assert json.loads(back.stdout) == {"rows": 3, "changed": 1, "pairs": 1, "conflicts": []}
    again = run("bench", "import", out, "--into", revised.root, "--reviewer", "cat")
    assert again.exit_code == 0 and "0 changed" in again.stdout  # as it is now, so nothing to record


def test_changes_that_came_too_late_end_with_3(bench, tiny, tmp_path):
    from gleam.explaining.reviewing.store import ReviewStore

    run("bench", "export", bench.root, "--format", "swift", "--out", tmp_path / "out", "--split", "test")
    file = tmp_path / "out" / "test.jsonl"
    file.write_text(file.read_text("utf-8").replace("The roofs are red.", "The roofs are grey."), "utf-8")
    store = ReviewStore(bench)
    pair_id, item = next(iter(store.items.items()))
    store.review(pair_id, "ann", tiny.decision(item), base=0)
    told = run("bench", "import", tmp_path / "out", "--into", bench.root, "--reviewer", "cat")
    assert told.exit_code == 3
    assert f"pair {pair_id} was decided by others" in told.stderr


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--format", "trl2"], "Unknown format"),
        (["--format", "hf", "--prompt-completion"], "belongs to --format trl"),
        (["--format", "hf", "--split", "valid"], "Did you mean 'val'?"),
    ],
)
def test_wrong_exports(bench, tmp_path, words, sentence):
    told = run("bench", "export", bench.root, "--out", tmp_path / "out", *words)
    assert told.exit_code == 2 and sentence in told.stderr
    assert not (tmp_path / "out").exists()
