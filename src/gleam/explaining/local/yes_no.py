"""How probable each of a few answers is to a model: sequence log-probabilities, teacher-forced."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from gleam.explaining.local.chat import Chat, typed_messages
from gleam.explaining.local.model import LocalModel


def answer_log_probabilities(local: LocalModel, chat: Chat, answers: tuple[str, ...]) -> NDArray[np.float64]:
    """Return the log-probability of each answer as the beginning of the model's turn, (len(answers),).

    An answer of several tokens has the sum of theirs, each given the ones before it. The end of the turn is
    not counted: a model that would go on after its answer is not punished for it.

    Raises:
        ImageError: A picture cannot be read.
    """
    import torch

    inputs = local.inputs([chat])
    ids = [answer_ids(local, chat, answer) for answer in answers]
    with torch.inference_mode():
        if all(len(tokens) == 1 for tokens in ids):
            # They share the whole question, so one pass tells all of them.
            logits = local.model(**inputs, logits_to_keep=1, use_cache=False).logits[0, -1]
            shares = torch.log_softmax(logits.double(), dim=-1)
            return np.array([float(shares[tokens[0]]) for tokens in ids])
        return np.array([_forced(local, inputs, tokens) for tokens in ids])


def answer_ids(local: LocalModel, chat: Chat, answer: str) -> list[int]:
    """Return the tokens that an answer adds to the question, as they are in a whole conversation."""
    processor = local.processor
    question = processor.apply_chat_template(
        typed_messages(chat.messages(), chat.pictures), tokenize=False, add_generation_prompt=True
    )
    tokenizer = processor.tokenizer
    before = tokenizer(question, add_special_tokens=False)["input_ids"]
    whole = tokenizer(question + local.turns.lead + answer, add_special_tokens=False)["input_ids"]
    if whole[: len(before)] == before and len(whole) > len(before):
        return list(whole[len(before) :])
    return list(tokenizer(local.turns.lead + answer, add_special_tokens=False)["input_ids"])


def yes_share(log_odds: float) -> float:
    """Return P(yes) among the two answers alone from the difference of their log-probabilities."""
    return float(expit(log_odds))


def _forced(local: LocalModel, inputs: Any, tokens: list[int]) -> float:
    import torch

    added = torch.tensor([tokens], device=inputs["input_ids"].device)
    longer = dict(inputs)
    longer["input_ids"] = torch.cat([inputs["input_ids"], added], dim=1)
    for name, value in (("attention_mask", 1), ("mm_token_type_ids", 0)):
        if name in inputs:
            filled = torch.full_like(added, value, dtype=inputs[name].dtype)
            longer[name] = torch.cat([inputs[name], filled], dim=1)
    logits = local.model(**longer, logits_to_keep=len(tokens) + 1, use_cache=False).logits[0]
    shares = torch.log_softmax(logits[-len(tokens) - 1 : -1].double(), dim=-1)
    return float(shares.gather(1, added.T).sum())
