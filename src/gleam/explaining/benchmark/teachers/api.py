"""Teachers on servers that speak the OpenAI protocol."""

from __future__ import annotations

import contextlib
import datetime
import difflib
import hashlib
import json

from gleam.errors import GleamError
from gleam.explaining.benchmark.folder import Bench
from gleam.explaining.benchmark.ledger_form import Entry
from gleam.explaining.benchmark.tasks import Task
from gleam.explaining.chat import Chat, ChatRequest, Target
from gleam.explaining.chat.client import RawReply
from gleam.explaining.chat.pictures import jpeg_of
from gleam.explaining.chat.prices import DEFAULT_PICTURE_TOKENS, Price, likely_usd, most_usd, price_of
from gleam.explaining.chat.reply import read_reply, usage_of
from gleam.explaining.chat.saying import Said, read_said, verdict_schema
from gleam.explaining.prompts import (
    CAPTIONS,
    VERSION,
    both_prompt,
    pair_prompt,
    system_prompt,
    truth_prompt,
)
from gleam.explaining.verdict import Language

LIKELY_TOKENS = {1: 250, 2: 450}
"""Tokens of a reply in one and in both languages, for the estimate of a dry run."""
SOON_DAYS = 60
"""A model that ends within so many days is warned of."""


class ApiTeacher:
    """Asks a model for texts.

    Args:
        target: ``MODEL@URL`` or ``MODEL@NAME``.
        bench: Whose pictures are sent.
        tell_truth: Tell whether the pictures match.
        max_tokens: Of one reply.

    Raises:
        GleamError: The target is unusable.
    """

    def __init__(
        self, target: str, bench: Bench, *, tell_truth: bool = False, max_tokens: int = 1200
    ) -> None:
        self.target = Target.parse(target)
        self.name = f"api:{self.target}"
        self.model = self.target.model
        self._bench = bench
        self._tell_truth = tell_truth
        self._max_tokens = max_tokens
        self._chat: Chat | None = None
        self._price = price_of(self.model)
        if self._price is None and self.target.is_local:
            self._price = Price(0.0, 0.0, DEFAULT_PICTURE_TOKENS, 0, "a server of this machine costs nothing")

    def set_price(self, usd_in: float, usd_out: float) -> None:
        """Take these dollars per million tokens, in and out, for the price."""
        known = self._price
        pictures = known.picture_tokens if known is not None else DEFAULT_PICTURE_TOKENS
        thinking = known.reasoning_tokens if known is not None else 4000
        self._price = Price(usd_in / 1e6, usd_out / 1e6, pictures, thinking, "told on the command line")

    @property
    def price(self) -> Price:
        """What the model costs.

        Raises:
            GleamError: It is not listed and was not told.
        """
        if self._price is None:
            raise GleamError(
                f"What {self.model} costs is not listed in prices.yaml, so no budget can be kept: add "
                "--price IN,OUT in dollars per million tokens."
            )
        return self._price

    def request(self, task: Task) -> ChatRequest:
        """Return what is asked about a pair.

        Raises:
            GleamError: A picture has vanished or cannot be read.
        """
        pair, languages = task.pair, task.languages
        if len(languages) > 1:
            system, prompt = system_prompt("en"), both_prompt(pair.view, pair.tile_width_m)
        else:
            system, prompt = (
                system_prompt(languages[0]),
                pair_prompt(languages[0], pair.view, pair.tile_width_m),
            )
        if self._tell_truth:
            prompt = f"{truth_prompt(languages[0], pair.match)}\n{prompt}"
        pictures = [jpeg_of(self._bench.image_path(image)) for image in (pair.query_image, pair.tile_image)]
        captions = CAPTIONS["en" if len(languages) > 1 else languages[0]]
        return ChatRequest(
            system=system,
            prompt=prompt,
            pictures=tuple(zip(captions, pictures, strict=True)),
            schema=verdict_schema(languages),
            schema_name="verdict",
            max_tokens=self._max_tokens * len(languages),
            reasoning_tokens=self._price.reasoning_tokens if self._price is not None else 0,
        )

    def entry(self, task: Task) -> Entry:
        """Return the request as the ledger keeps it; see :meth:`entry_of`."""
        return self.entry_of(task, self.request(task))

    def entry_of(self, task: Task, request: ChatRequest) -> Entry:
        """Return the ledger's form of a request; its key follows from all that is asked and of whom."""
        asked = {**request.plain(), "server": self.target.url, "model": self.model, "prompts": VERSION}
        key = hashlib.sha256(json.dumps([task.pair.pair_id, asked], sort_keys=True).encode()).hexdigest()
        return Entry(
            key, task.pair.pair_id, task.languages, task.purpose, self.name, self.model, VERSION, asked
        )

    def most_usd(self, request: ChatRequest) -> float:
        """Return what a request costs at most."""
        return most_usd(request, self.price)

    def likely_usd(self, request: ChatRequest, languages: int) -> float:
        """Return what a request is likely to cost."""
        return likely_usd(request, self.price, LIKELY_TOKENS[languages])

    def cost_usd(self, raw: bytes, most: float) -> tuple[float, tuple[int, int]]:
        """Return what a reply cost and its tokens; the most it can cost when it does not say believably."""
        inputs, outputs = usage_of(raw)
        if inputs is None or outputs is None:
            return most, (0, 0)
        return inputs * self.price.usd_in + outputs * self.price.usd_out, (inputs, outputs)

    def send(self, request: ChatRequest, key: str) -> RawReply:
        """Send a request once; see :meth:`gleam.explaining.chat.Chat.send`."""
        return self.chat.send(request, idempotency_key=key)

    @property
    def chat(self) -> Chat:
        """The server, opened when it is first needed.

        Raises:
            GleamError: The key is not in the environment.
        """
        if self._chat is None:
            self._chat = Chat(self.target)
        return self._chat

    def check_model(self, today: datetime.date) -> list[str]:
        """Ask the server for its models and return warnings: no list, or the model ends soon.

        Raises:
            GleamError: The server cannot be reached, or does not have the model.
        """
        listed = self.chat.models()
        if listed is None:
            unknown = f"{self.target.address} has no list of models, so {self.model} could not be looked up."
            return [unknown, *self._ends(None, today)]
        names = [model["id"] for model in listed]
        if self.model not in names:
            near = difflib.get_close_matches(self.model, names, n=3, cutoff=0.3) or names[:3]
            successor = f" Its successor is {self._successor}." if self._successor else ""
            raise GleamError(
                f"{self.target.address} does not have the model {self.model!r}; it has {len(names)}, such as "
                f"{', '.join(near) or 'none'}.{successor}"
            )
        return self._ends(listed[names.index(self.model)].get("shutdown_date"), today)

    def _ends(self, told: object, today: datetime.date) -> list[str]:
        ends = self._price.ends if self._price is not None else None
        with contextlib.suppress(ValueError):
            ends = datetime.date.fromisoformat(str(told)[:10]) if told else ends
        if ends is None or (ends - today).days > SOON_DAYS:
            return []
        successor = f"; its successor is {self._successor}" if self._successor else ""
        verb = "ended" if ends < today else "ends"
        return [f"{self.model} {verb} on {ends.isoformat()}{successor}."]

    @property
    def _successor(self) -> str | None:
        return self._price.successor if self._price is not None else None

    def read(self, reply: bytes, languages: tuple[Language, ...]) -> Said:
        """Return what a reply says."""
        return read(reply, languages)


def read(reply: bytes, languages: tuple[Language, ...]) -> Said:
    """Read a reply of a server; raise a ``ReplyError`` when it is none."""
    return read_said(read_reply(reply).data, languages)
