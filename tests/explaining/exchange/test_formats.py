"""Every export is read by its real reader where that can be had, else held against the documented form."""

import hashlib
import json

import pytest

from gleam.errors import GleamError
from gleam.explaining.exchange.exporting import export
from gleam.explaining.exchange.selection import Wish

SHAREGPT_INFO = {
    # data/README.md and src/llamafactory/data/parser.py of LLaMA-Factory
    "type": "object",
    "minProperties": 1,
    "additionalProperties": {
        "type": "object",
        "required": ["file_name", "formatting", "columns"],
        "properties": {
            "file_name": {"type": "string"},
            "formatting": {"const": "sharegpt"},
            "columns": {
                "type": "object",
                "additionalProperties": False,
                "required": ["messages", "images"],
                "properties": {
                    name: {"type": "string"} for name in ("messages", "system", "tools", "images")
                },
            },
            "tags": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    name: {"type": "string"}
                    for name in (
                        "role_tag",
                        "content_tag",
                        "user_tag",
                        "assistant_tag",
                        "observation_tag",
                        "function_tag",
                        "system_tag",
                    )
                },
            },
        },
    },
}
SWIFT_ROW = {
    # docs/source_en/Customization/Custom-dataset.md of ms-swift
    "type": "object",
    "required": ["messages", "images"],
    "properties": {
        "messages": {
            "type": "array",
            "minItems": 2,
            "items": {
                "type": "object",
                "required": ["role", "content"],
                "additionalProperties": False,
                "properties": {
                    "role": {"enum": ["system", "user", "assistant"]},
                    "content": {"type": "string", "minLength": 1},
                },
            },
        },
        "images": {"type": "array", "items": {"type": "string", "maxLength": 200}},
        "label": False,
        "rejected_response": False,
    },
}


def llama_factory_turns(info, name, folder):
    """What its ShareGPT converter makes of a data set: alternate turns, the system prompt, pictures found."""
    about = info[name]
    tags, columns = about["tags"], about["columns"]
    for example in json.loads((folder / about["file_name"]).read_text("utf-8")):
        turns = example[columns["messages"]]
        assert len(turns) % 2 == 0
        for number, turn in enumerate(turns):
            assert turn[tags["role_tag"]] == tags["assistant_tag" if number % 2 else "user_tag"]
        pictures = [folder / path for path in example[columns["images"]]]
        assert all(path.is_file() for path in pictures)
        words = [turn[tags["content_tag"]] for turn in turns]
        assert sum(text.count("<image>") for text in words) == len(pictures)
        yield example, words, pictures


@pytest.fixture
def load(tmp_path, monkeypatch):
    datasets = pytest.importorskip("datasets")
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    return lambda folder: datasets.load_dataset(str(folder), cache_dir=str(tmp_path / "cache"))


def test_hugging_face_reads_the_folder_without_a_network(revised, tmp_path, load):
    export(revised, "hf", tmp_path / "out")
    data = load(tmp_path / "out")
    assert {name: len(split) for name, split in data.items()} == {"train": 2, "validation": 2, "test": 2}
    for split in data.values():
        for row in split:
            pair = revised.pair(row["pair_id"])
            assert (row["view"], row["match"], row["query_licence"]) == ("drone", pair.match, "CC0-1.0")
            assert row["query_image"].size == row["tile_image"].size == (96, 96)
            assert row["distance_m"] == pair.distance_m
    texts = {
        (row["pair_id"], name): (row[f"explanation_{name}"], row[f"status_{name}"])
        for row in data["test"]
        for name in ("en", "zh")
        if row[f"explanation_{name}"] is not None
    }
    told = {(t.pair_id, t.language): t.explanation for t in revised.texts(split="test")}
    assert {key: text for key, (text, _) in texts.items()} == told
    assert sorted(status for _, status in texts.values()) == ["accepted", "accepted", "edited"]


def test_the_card_says_whose_imagery_it_is(revised, tmp_path):
    hub = pytest.importorskip("huggingface_hub")

    export(revised, "hf", tmp_path / "out")
    card = hub.DatasetCard.load(tmp_path / "out" / "README.md")
    assert card.data.license == "cc0-1.0"
    assert card.data.language == ["en", "zh"]
    assert "CC0-1.0: 12 pictures" in card.text
    assert "accepted by people: 2; edited by people: 1" in card.text
    assert "discarded by people: 1" in card.text


@pytest.mark.parametrize("completion", [False, True])
@pytest.mark.parametrize("label_only", [False, True])
def test_trl_takes_the_rows(revised, tmp_path, load, completion, label_only):
    data_utils = pytest.importorskip("trl.data_utils")
    wish = Wish(split="test", completion=completion, label_only=label_only)
    export(revised, "trl", tmp_path / "out", wish)
    rows = load(tmp_path / "out")["test"]
    assert len(rows) == 3
    for row in rows:
        assert data_utils.is_conversational(row)
        assert "<image>" not in json.dumps([row.get(k) for k in ("messages", "prompt", "completion")])
        asked = row["prompt"] if completion else row["messages"]
        typed = data_utils.prepare_multimodal_messages(asked, images=row["images"])
        user = next(turn for turn in typed if turn["role"] == "user")
        assert [part["type"] for part in user["content"]] == ["image", "image", "text"]
        assert user["content"][0]["image"].size == (96, 96)
        answer = (row["completion"] if completion else row["messages"])[-1]
        assert answer["role"] == "assistant"
        told = next(t for t in revised.texts(row["language"]) if t.pair_id == row["pair_id"])
        if label_only:
            assert answer["content"] in ("Yes", "No", "是", "否")
        else:
            document = json.loads(answer["content"])
            assert list(document) == ["evidence", "explanation", "match"]
            assert document["explanation"].replace("‹image›", "<image>") == told.explanation


def test_llama_factory_finds_pictures_and_turns(revised, tmp_path):
    jsonschema = pytest.importorskip("jsonschema")
    export(revised, "sharegpt", tmp_path / "out")
    info = json.loads((tmp_path / "out" / "dataset_info.json").read_text("utf-8"))
    jsonschema.validate(info, SHAREGPT_INFO)
    assert sorted(info) == ["tiny_test", "tiny_train", "tiny_val"]
    for name in info:
        for example, words, pictures in llama_factory_turns(info, name, tmp_path / "out"):
            pair = revised.pair(example["pair_id"])
            hashes = [hashlib.sha256(path.read_bytes()).hexdigest() for path in pictures]
            assert hashes == [pair.query_image, pair.tile_image]
            assert json.loads(words[1])["match"] is pair.match
            assert example["system"]


def test_ms_swift_takes_the_lines(revised, tmp_path):
    jsonschema = pytest.importorskip("jsonschema")
    export(revised, "swift", tmp_path / "out", Wish(languages=("zh",)))
    seen = 0
    for split in ("train", "val", "test"):
        for line in (tmp_path / "out" / f"{split}.jsonl").read_text("utf-8").splitlines():
            row = json.loads(line)
            jsonschema.validate(row, SWIFT_ROW)
            asked = [turn for turn in row["messages"] if turn["role"] != "assistant"]
            assert (
                sum(turn["content"].count("<image>") for turn in row["messages"]) == len(row["images"]) == 2
            )
            assert asked[-1]["content"].startswith("图1是")
            assert all((tmp_path / "out" / path).is_file() for path in row["images"])
            seen += 1
    assert seen == 5  # of six pairs, one text was discarded


def test_models_tuned_on_an_export_answer_in_the_form_that_gleam_reads(revised, tmp_path):
    from gleam.explaining.local.output import read_answer

    export(revised, "swift", tmp_path / "out", Wish(split="test"))
    for line in (tmp_path / "out" / "test.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        answer = read_answer(row["messages"][-1]["content"], row["language"])
        assert answer.match is revised.pair(row["pair_id"]).match


def test_only_what_people_saw(revised, tmp_path):
    manifest = export(revised, "swift", tmp_path / "out", Wish(revised_only=True))
    assert manifest.records == {"test": 3}
    assert manifest.left_out == {"discarded by people": 1, "not revised by people": 8}


def test_texts_for_the_wrong_verdict_stay_out(tiny, tmp_path):
    from gleam.explaining.benchmark import Bench

    def change(number, texts):
        return [t.model_copy(update={"match": not t.match}) if number == 0 else t for t in texts]

    bench = Bench.open(tiny.make_bench(tmp_path / "bench", 3, change=change))
    manifest = export(bench, "hf", tmp_path / "out")
    assert manifest.left_out == {"argues for the wrong verdict": 2}
    assert manifest.records == {"train": 2, "val": 2}


def test_large_data_sets_are_cut_into_shards(bench, tmp_path, load, monkeypatch):
    from gleam.explaining.exchange import parquet

    monkeypatch.setattr(parquet, "ROWS_PER_GROUP", 1)
    monkeypatch.setattr(parquet, "SHARD_BYTES", 1)
    export(bench, "hf", tmp_path / "out")
    names = sorted(path.name for path in (tmp_path / "out" / "data").iterdir())
    assert names[:2] == ["test-00000.parquet", "test-00001.parquet"]
    assert len(load(tmp_path / "out")["test"]) == 2


def test_what_cannot_be_exported(bench, tmp_path):
    with pytest.raises(GleamError, match=r"Unknown format 'parquet'.*hf, sharegpt, swift, trl"):
        export(bench, "parquet", tmp_path / "out")
    with pytest.raises(GleamError, match="not revised by people"):
        export(bench, "hf", tmp_path / "out", Wish(revised_only=True))
    bench.image_path(bench.pairs()[0].tile_image).unlink()
    with pytest.raises(GleamError, match="has vanished"):
        export(bench, "hf", tmp_path / "out")
    assert not (tmp_path / "out").exists()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    with pytest.raises(GleamError, match="already has content"):
        export(bench, "hf", tmp_path / "full", Wish(split="val"))


def test_names_cannot_become_markup_of_the_card(tiny, tmp_path):
    from gleam.explaining.benchmark import Bench
    from gleam.files import read_json, write_json

    root = tiny.make_bench(tmp_path / "bench", 1)
    write_json(
        root / "bench.json", {**read_json(root / "bench.json"), "name": "<script>x</script>\n# [a](b)"}
    )
    export(Bench.open(root), "hf", tmp_path / "out")
    card = (tmp_path / "out" / "README.md").read_text("utf-8")
    assert "<script>" not in card.split("---")[2]
