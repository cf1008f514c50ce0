"""The probability of an answer, against a slow reference."""

import math

import numpy as np
import pytest
import torch

from gleam.explaining.local.chat import Chat, verdict_chat
from gleam.explaining.local.prompts import answers
from gleam.explaining.local.yes_no import answer_ids, answer_log_probabilities, yes_share
from gleam.views import View

FAMILIES = ("internvl", "llava", "qwen2_5_vl", "qwen3_vl")


def slowly(local, chat, answer):
    """Put one token after another behind the question and multiply their probabilities."""
    inputs = dict(local.inputs([chat]))
    total = 0.0
    for token in answer_ids(local, chat, answer):
        with torch.inference_mode():
            logits = local.model(**inputs, use_cache=False).logits[0, -1]
        total += math.log(float(torch.softmax(logits.double(), -1)[token]))
        one = torch.tensor([[token]])
        inputs["input_ids"] = torch.cat([inputs["input_ids"], one], 1)
        inputs["attention_mask"] = torch.cat([inputs["attention_mask"], torch.ones_like(one)], 1)
        if "mm_token_type_ids" in inputs:
            kinds = inputs["mm_token_type_ids"]
            inputs["mm_token_type_ids"] = torch.cat([kinds, torch.zeros_like(one)], 1)
    return total


@pytest.mark.parametrize("name", FAMILIES)
def test_equals_the_slow_product_over_tokens(loaded, query, tile, name):
    local = loaded[name]
    chat = verdict_chat(query, tile, View.DRONE, "en")
    # One token each, and several: both ways of counting.
    for pair in (("Yes", "No"), ("river lies", "No")):
        found = answer_log_probabilities(local, chat, pair)
        assert found == pytest.approx([slowly(local, chat, answer) for answer in pair], abs=1e-4)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", FAMILIES)
def test_the_two_answers_share_all(loaded, query, tile, name, language):
    chat = verdict_chat(query, tile, View.PANORAMA, language)
    logs = answer_log_probabilities(loaded[name], chat, answers(language))
    yes, no = yes_share(logs[0] - logs[1]), yes_share(logs[1] - logs[0])
    assert yes + no == pytest.approx(1)
    assert yes / no == pytest.approx(math.exp(logs[0]) / math.exp(logs[1]))


@pytest.mark.parametrize("name", FAMILIES)
def test_pictures_matter(loaded, query, tile, name):
    local = loaded[name]

    def logits(first, second):
        with torch.inference_mode():
            return local.model(**local.inputs([verdict_chat(first, second, View.DRONE, "en")])).logits[0, -1]

    seen = logits(query, tile)
    for other in (logits(np.zeros_like(query), tile), logits(query, np.zeros_like(tile))):
        assert (seen - other).abs().max() > 1e-4


def test_tokens_are_those_of_tuning(loaded, query, tile):
    local = loaded["qwen3_vl"]
    for language in ("en", "zh"):
        chat = verdict_chat(query, tile, View.DRONE, language)
        for answer in answers(language):
            known = Chat(chat.system, chat.question, chat.pictures, answer)
            batch = local.inputs([known], with_answers=True)
            learnt = batch["input_ids"][0][batch["assistant_masks"][0].bool()].tolist()
            assert learnt[:-1] == answer_ids(local, chat, answer)


def test_a_sure_model_overflows_nothing():
    assert yes_share(5000.0) == 1
    assert yes_share(-5000.0) == 0
