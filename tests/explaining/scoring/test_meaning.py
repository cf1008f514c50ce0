"""Nearness in meaning, by a tiny sentence encoder made on the spot in the hub's own format."""

import numpy as np
import pytest

from gleam.errors import GleamError
from gleam.explaining.scoring.items import join
from gleam.explaining.scoring.meaning import SentenceEncoder, mean_pool, meaning_figures


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    torch.set_num_threads(1)
    words = [
        "[PAD]",
        "[UNK]",
        "both",
        "show",
        "red",
        "grey",
        "roofs",
        "river",
        "same",
        "place",
        "红",
        "灰",
        "河",
    ]
    tokenizer = Tokenizer(models.WordLevel({w: k for k, w in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    path = tmp_path_factory.mktemp("sentences")
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]")
    fast.save_pretrained(path)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(words),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
    )
    BertModel(config).save_pretrained(path)
    return path


def test_pooling_equals_a_loop():
    rng = np.random.default_rng(0)
    states = rng.normal(size=(3, 5, 4)).astype(np.float32)
    mask = np.array([[1, 1, 1, 1, 1], [1, 1, 0, 0, 0], [1, 0, 0, 0, 0]])
    for row, unit in enumerate(mean_pool(states, mask)):
        mean = np.mean([states[row, k] for k in range(5) if mask[row, k]], axis=0)
        np.testing.assert_allclose(unit, mean / np.linalg.norm(mean), rtol=1e-5)


def test_padding_changes_nothing_and_equal_texts_are_equal(folder):
    encoder = SentenceEncoder(folder)
    long = "both show red roofs river same place same place"
    alone, padded = encoder.embed(["red roofs"])[0], encoder.embed(["red roofs", long])[0]
    np.testing.assert_allclose(alone, padded, atol=1e-5)
    assert np.linalg.norm(alone) == pytest.approx(1.0, abs=1e-5)
    assert float(encoder.embed([long])[0] @ alone) < 0.9999


def test_the_nearest_reference_counts(folder, bench, helpers):
    from dataclasses import replace

    encoder = SentenceEncoder(folder)
    (item,) = join(bench, [helpers.predict(bench.pairs("test")[0], "en", "red roofs")])
    near = replace(item, references=("river river", "red roofs"))
    assert meaning_figures([near], encoder)["embedding_similarity"].value == pytest.approx(1.0, abs=1e-5)
    far = replace(item, references=("river river",))
    assert meaning_figures([far], encoder)["embedding_similarity"].value < 0.999
    assert meaning_figures([far], None) == {"embedding_similarity": None}


def test_what_is_no_sentence_encoder_is_refused(folder, tmp_path):
    with pytest.raises(GleamError, match=r"no config\.json"):
        SentenceEncoder(tmp_path)
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "pytorch_model.bin").write_bytes(b"x")
    with pytest.raises(GleamError, match=r"holds no \*\.safetensors"):
        SentenceEncoder(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"no tensors")
    with pytest.raises(GleamError, match="cannot be loaded"):
        SentenceEncoder(tmp_path)
