"""A model's answer, held to its form token by token."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from gleam.errors import GleamError
from gleam.explaining.local.adapter import missing_extra
from gleam.explaining.local.chat import Chat
from gleam.explaining.local.model import LocalModel
from gleam.explaining.local.output import Answer, Limits, answer_schema, read_answer
from gleam.explaining.verdict import Language

TOKENS_PER_CHARACTER = 4
"""No tokenizer of bytes needs more for one character, so a bounded answer ends before this bound."""


class AnswerWriter:
    """Lets one model write answers that are whole JSON documents; it takes its most probable tokens.

    Raises:
        GleamError: llguidance is not installed.
    """

    def __init__(self, local: LocalModel) -> None:
        try:
            from llguidance.hf import from_tokenizer
        except ImportError:
            raise missing_extra("llguidance", "Structured answers") from None
        self._local = local
        tokenizer = local.processor.tokenizer
        # A model can have more logits than its tokenizer has tokens.
        logits = int(local.model.get_output_embeddings().weight.shape[0])
        end = tokenizer.convert_tokens_to_ids(local.turns.end)
        self._tokenizer = from_tokenizer(tokenizer, n_vocab=logits, eos_token=end)

    def write(self, chat: Chat, language: Language, limits: Limits, match: bool | None = None) -> Answer:
        """Return the model's answer to a question.

        Args:
            chat: The question.
            language: Of the answer.
            limits: Of the answer's parts; they also bound the number of tokens.
            match: The only verdict it may give, when it is settled.

        Raises:
            GleamError: The answer is empty or broken all the same.
            ImageError: A picture cannot be read.
        """
        import torch
        from transformers import LogitsProcessorList

        inputs = self._local.inputs([chat])
        length = inputs["input_ids"].shape[1]
        held = _HeldToGrammar(self._tokenizer, answer_schema(language, limits, match), length)
        with torch.inference_mode():
            tokens = self._local.model.generate(
                **inputs,
                max_new_tokens=TOKENS_PER_CHARACTER * limits.characters(),
                logits_processor=LogitsProcessorList([held]),
            )
        text = self._local.processor.tokenizer.decode(tokens[0, length:], skip_special_tokens=True)
        return read_answer(text, language)


class _HeldToGrammar:
    """Leaves a model only the tokens that can go on to a document of the schema (a logits processor)."""

    def __init__(self, tokenizer: Any, schema: dict[str, Any], prompt_length: int) -> None:
        from llguidance import LLMatcher

        # Free whitespace is forbidden: a weak model would write it until it is cut off.
        grammar = LLMatcher.grammar_from_json_schema(
            json.dumps(schema), defaults={"whitespace_flexible": False}
        )
        self._matcher = LLMatcher(tokenizer, grammar)
        self._seen = prompt_length
        self._raise_on_error()

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        import torch

        for token in input_ids[0, self._seen :].tolist():
            self._matcher.consume_token(token)
        self._seen = input_ids.shape[1]
        self._raise_on_error()
        packed = np.frombuffer(self._matcher.compute_bitmask(), np.uint8)
        allowed = np.unpackbits(packed, bitorder="little").astype(bool)[: scores.shape[-1]]
        return scores.masked_fill(torch.from_numpy(~allowed).to(scores.device), float("-inf"))

    def _raise_on_error(self) -> None:
        if self._matcher.is_error():
            raise GleamError(f"The model's answer left its form: {self._matcher.get_error()}.")
