"""Edited exports come back as decisions of the history, whatever their format."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gleam.errors import GleamError
from gleam.explaining.benchmark import Bench
from gleam.explaining.exchange.bringing_in import bring_in
from gleam.explaining.exchange.exporting import export
from gleam.explaining.exchange.selection import Wish
from gleam.explaining.reviewing.store import ReviewStore

FORMATS = ("hf", "trl", "sharegpt", "swift")
EDITED = "A person changed “this” outside.\n并且写了两行。"


def edit(folder, form, change):
    """Change an export as a person with a script would: ``change(row)`` alters rows in place."""
    if form in ("hf", "trl"):
        for file in sorted((folder / "data").glob("*.parquet")):
            table = pq.read_table(file)
            rows = table.to_pylist()
            for row in rows:
                change(row)
            pq.write_table(pa.Table.from_pylist(rows, table.schema), file)
    elif form == "sharegpt":
        for split in ("train", "val", "test"):
            file = folder / f"{split}.json"
            if file.exists():
                rows = json.loads(file.read_text("utf-8"))
                for row in rows:
                    change(row)
                file.write_text(json.dumps(rows), "utf-8")
    else:
        for file in folder.glob("*.jsonl"):
            rows = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
            for row in rows:
                change(row)
            file.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")


def answer_of(row, form):
    turns = row["conversations"] if form == "sharegpt" else row.get("messages") or row["completion"]
    return turns[-1], "value" if form == "sharegpt" else "content"


def change_text(pair_id, language, text, match=None):
    """Return a change of one text (and verdict) that works on rows of every format."""

    def change(row, form):
        if row["pair_id"] != pair_id or row.get("language", language) != language:
            return
        if form == "hf":
            row[f"explanation_{language}"] = text
            if match is not None:
                row[f"verdict_{language}"] = match
            return
        turn, key = answer_of(row, form)
        told = json.loads(turn[key])
        told["explanation"] = text
        told["match"] = told["match"] if match is None else match
        turn[key] = json.dumps(told, ensure_ascii=False)

    return change


@pytest.mark.parametrize("form", FORMATS)
def test_an_untouched_export_changes_nothing(revised, tmp_path, form):
    export(revised, form, tmp_path / "out")
    before = ReviewStore(revised).board().seq
    done = bring_in(revised, tmp_path / "out", "cat")
    assert (done.changed, done.pairs, done.conflicts) == (0, 0, ())
    assert done.rows == 11  # six pairs, two languages, one discarded
    assert ReviewStore(revised).board().seq == before


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("split", ["test", "train"])
def test_an_edited_text_comes_back(revised, tmp_path, form, split):
    pair = revised.pairs(split)[0]
    kept = {t.language: t.explanation for t in revised.texts() if t.pair_id == pair.pair_id}
    export(revised, form, tmp_path / "out")
    change = change_text(pair.pair_id, "en", EDITED)
    edit(tmp_path / "out", form, lambda row: change(row, form))
    done = bring_in(revised, tmp_path / "out", "cat")
    assert (done.changed, done.pairs) == (1, 1)
    texts = {t.language: t.explanation for t in Bench.open(revised.root).texts() if t.pair_id == pair.pair_id}
    assert texts == {**kept, "en": EDITED}
    store = ReviewStore(revised)
    last = store.board().of(pair.pair_id).events[-1]
    assert (last.kind, last.reviewer) == ("import", "cat")
    assert last.payload["texts"]["en"]["status"] == "edited"
    assert store.verify()
    again = export(Bench.open(revised.root), form, tmp_path / "again")
    assert again.records == {"train": 4, "val": 4, "test": 3}
    store.undo("cat")
    assert store.outcome(pair.pair_id).standing == ("single" if split == "test" else "open")


@pytest.mark.parametrize("form", FORMATS)
def test_a_changed_picture_is_refused(bench, tmp_path, tiny, form):
    export(bench, form, tmp_path / "out")
    other = tiny.landscape(77)
    target = bench.pairs()[2]
    if form == "hf":
        edit(tmp_path / "out", form, lambda row: row["tile_image"].update(bytes=other))
    elif form == "trl":
        edit(tmp_path / "out", form, lambda row: row["images"].reverse())
    else:
        name = bench.image_path(target.tile_image).name
        next((tmp_path / "out" / "images").rglob(name)).write_bytes(other)
    with pytest.raises(GleamError, match=r"picture is not the one of the pair"):
        bring_in(bench, tmp_path / "out", "cat")
    assert not ReviewStore(bench).board().items


def test_corrected_verdicts_come_back_from_labels_alone(bench, tmp_path):
    pair = bench.pairs("test")[0]
    export(bench, "swift", tmp_path / "out", Wish(label_only=True))

    def change(row):
        if row["pair_id"] == pair.pair_id:
            turn = row["messages"][-1]
            turn["content"] = {"Yes": "No", "No": "Yes", "是": "否", "否": "是"}[turn["content"]]

    edit(tmp_path / "out", "swift", change)
    assert bring_in(bench, tmp_path / "out", "cat").pairs == 1
    texts = [t for t in Bench.open(bench.root).texts() if t.pair_id == pair.pair_id]
    assert [t.match for t in texts] == [not pair.match] * 2
    assert {t.explanation for t in texts} == {
        t.explanation for t in bench.texts(revised=False) if t.pair_id == pair.pair_id
    }


def test_one_pair_has_one_verdict(bench, tmp_path):
    pair = bench.pairs("test")[0]
    export(bench, "sharegpt", tmp_path / "out")
    change = change_text(pair.pair_id, "zh", "另一个结论。", match=not pair.match)
    edit(tmp_path / "out", "sharegpt", lambda row: change(row, "sharegpt"))
    with pytest.raises(GleamError, match="a pair has one verdict"):
        bring_in(bench, tmp_path / "out", "cat")


def test_what_others_decided_since_is_not_overwritten(bench, tiny, tmp_path):
    store = ReviewStore(bench)
    export(bench, "swift", tmp_path / "out", Wish(split="test"))
    first, second = store.items.values()
    store.review(first.pair.pair_id, "ann", tiny.decision(first), base=0)
    for item in (first, second):
        change = change_text(item.pair.pair_id, "en", "Edited outside.")
        edit(tmp_path / "out", "swift", lambda row, change=change: change(row, "swift"))
    done = bring_in(bench, tmp_path / "out", "cat")
    assert (done.changed, done.pairs, done.conflicts) == (2, 1, (first.pair.pair_id,))
    assert [e.reviewer for e in ReviewStore(bench).board().of(first.pair.pair_id).events] == ["ann"]


def test_a_dry_run_records_nothing(bench, tmp_path):
    export(bench, "swift", tmp_path / "out")
    change = change_text(bench.pairs()[0].pair_id, "en", "Edited outside.")
    edit(tmp_path / "out", "swift", lambda row: change(row, "swift"))
    assert bring_in(bench, tmp_path / "out", "cat", only_check=True).changed == 1
    assert ReviewStore(bench).board().seq == 0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda row: row.update(pair_id="0" * 16), "line 1: the benchmark has no text"),
        (lambda row: row.update(language="fr"), "fr"),
        (lambda row: row.pop("teacher"), "line 1: teacher is missing"),
        (lambda row: row["images"].pop(), "1 pictures where a pair has 2"),
        (lambda row: row.update(images=["../../etc/passwd", "x"]), "lies outside the export"),
        (lambda row: row.update(images=["images/none.jpg", "x"]), "is missing; copy it back"),
        (lambda row: row["messages"].pop(), "not exactly one answer"),
        (
            lambda row: row["messages"][-1].update(content="maybe"),
            "neither 'Yes' or 'No' nor a JSON document",
        ),
        (lambda row: row["messages"][-1].update(content='{"match": "yes"}'), "neither"),
        (lambda row: row.update(messages="hello"), "not exactly one answer"),
    ],
)
def test_damaged_rows_are_named(bench, tmp_path, change, words):
    export(bench, "swift", tmp_path / "out", Wish(split="test", languages=("en",)))
    edit(tmp_path / "out", "swift", change)
    with pytest.raises(GleamError, match=words):
        bring_in(bench, tmp_path / "out", "cat")
    assert not ReviewStore(bench).board().items


def test_strange_folders_are_refused(bench, tiny, tmp_path):
    with pytest.raises(GleamError, match="is no export"):
        bring_in(bench, bench.root, "cat")
    export(bench, "swift", tmp_path / "out")
    from gleam.files import read_json, write_json

    told = read_json(tmp_path / "out" / "export.json")
    write_json(tmp_path / "out" / "export.json", {**told, "benchmark": "other"})
    with pytest.raises(GleamError, match="exported from the benchmark 'other'"):
        bring_in(bench, tmp_path / "out", "cat")
    write_json(tmp_path / "out" / "export.json", {**told, "kind": "csv"})
    with pytest.raises(GleamError, match=r"export\.json, kind"):
        bring_in(bench, tmp_path / "out", "cat")
    write_json(tmp_path / "out" / "export.json", told)
    (tmp_path / "out" / "train.jsonl").write_bytes(b'{"a": "\xff"}\n')
    with pytest.raises(GleamError, match="line 1: it is no JSON"):
        bring_in(bench, tmp_path / "out", "cat")


def test_a_data_set_saved_by_hugging_face_comes_back(bench, tmp_path):
    """Editing with ``datasets`` itself keeps the bytes of the pictures."""
    datasets = pytest.importorskip("datasets")
    export(bench, "hf", tmp_path / "out", Wish(split="test"))
    file = next((tmp_path / "out" / "data").glob("*.parquet"))
    rows = datasets.Dataset.from_parquet(str(file), cache_dir=str(tmp_path / "cache"))
    for name in ("query_image", "tile_image"):
        rows = rows.cast_column(name, datasets.Image(decode=False))
    rows = rows.map(lambda row: {"explanation_en": row["explanation_en"] + " Really."})
    rows.to_parquet(str(file))
    done = bring_in(bench, tmp_path / "out", "cat")
    assert (done.changed, done.pairs) == (2, 2)
