"""The student's vocabulary: byte pairs merged within clauses, not within words.

A student's texts are made of a closed stock of phrases. When merges may run over the spaces inside a
clause, a phrase becomes a few tokens: texts are three times shorter, and so is everything the decoder
does. Every text can be written all the same, since the last resort is single bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from gleam.errors import GleamError

PAD, END = "<pad>", "<end>"
_CLAUSE = r"[^.,;:!?。，；：！？、]+|[.,;:!?。，；：！？、]+"
_LONGEST_TOKEN = 40


class Vocabulary:
    """Text to numbers and back, exactly."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self.pad, self.end = tokenizer.token_to_id(PAD), tokenizer.token_to_id(END)

    @classmethod
    def learn(cls, texts: Iterable[str], size: int) -> Vocabulary:
        """Learn the merges from texts; the same texts give the same vocabulary."""
        from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
            [
                pre_tokenizers.Split(Regex(_CLAUSE), "isolated"),
                pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
            ]
        )
        tokenizer.decoder = decoders.ByteLevel()
        trainer = trainers.BpeTrainer(
            vocab_size=size,
            special_tokens=[PAD, END],
            show_progress=False,
            initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
            max_token_length=_LONGEST_TOKEN,
        )
        tokenizer.train_from_iterator(texts, trainer)
        return cls(tokenizer)

    @classmethod
    def read(cls, file: Path) -> Vocabulary:
        """Read ``tokenizer.json``; raise a ``GleamError`` when it is none."""
        from tokenizers import Tokenizer

        try:
            tokenizer = Tokenizer.from_file(str(file))
        except Exception as error:  # the library raises plain Exception
            raise GleamError(f"{file} is no vocabulary ({error}); copy the student again.") from None
        if tokenizer.token_to_id(PAD) is None or tokenizer.token_to_id(END) is None:
            raise GleamError(f"{file} lacks the tokens {PAD} and {END}; it is not of a student.")
        return cls(tokenizer)

    def to_json(self) -> str:
        """Return the content of ``tokenizer.json``."""
        return str(self._tokenizer.to_str(pretty=False))

    def __len__(self) -> int:
        return int(self._tokenizer.get_vocab_size())

    def encode(self, text: str) -> list[int]:
        """Return the numbers of a text, closed by the end mark."""
        return [*self._tokenizer.encode(text).ids, self.end]

    def decode(self, numbers: Sequence[int]) -> str:
        """Return the text up to the end mark."""
        kept = []
        for number in numbers:
            if number == self.end:
                break
            kept.append(number)
        return str(self._tokenizer.decode(kept))
