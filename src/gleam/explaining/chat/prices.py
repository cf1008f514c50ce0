"""What a model costs and when it ends, from ``prices.yaml``."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from gleam.explaining.chat.request import ChatRequest

_BYTES_PER_TOKEN = 2.0
"""No tokenizer of these models makes more tokens of a text than a half of its UTF-8 bytes; most make a
quarter (English) or a third (Chinese)."""
_OVERHEAD_TOKENS = 200
DEFAULT_PICTURE_TOKENS = 1500


@dataclass(frozen=True)
class Price:
    """usd_in, usd_out: per token. ends: last day of service, when known."""

    usd_in: float
    usd_out: float
    picture_tokens: int
    reasoning_tokens: int
    source: str
    ends: datetime.date | None = None
    successor: str | None = None


@cache
def price_list() -> tuple[datetime.date, Mapping[str, Price]]:
    """Return the day the prices were looked up, and the prices by model."""
    import yaml

    text = files("gleam.explaining.chat").joinpath("prices.yaml").read_text(encoding="utf-8")
    data: dict[str, Any] = yaml.safe_load(text)
    prices = {}
    for model, entry in data["models"].items():
        rate = float(data["usd_per"][entry.pop("currency")]) / 1e6
        usd_in, usd_out = float(entry.pop("in")) * rate, float(entry.pop("out")) * rate
        prices[model] = Price(usd_in, usd_out, **entry)
    return data["checked"], prices


def price_of(model: str) -> Price | None:
    """Return the price of a model; None when it is not listed."""
    return price_list()[1].get(model)


def cost_usd(model: str, input_tokens: int, output_tokens: int) -> float | None:
    """Return what so many tokens cost; None when the model's price is not listed."""
    price = price_of(model)
    return None if price is None else input_tokens * price.usd_in + output_tokens * price.usd_out


def most_usd(request: ChatRequest, price: Price) -> float:
    """Return what a request costs at most: the limit of its reply and a generous count of its text."""
    text = len((request.system + request.prompt + str(request.schema)).encode())
    captions = sum(len(caption.encode()) for caption, _ in request.pictures)
    inputs = (text + captions) / _BYTES_PER_TOKEN + _OVERHEAD_TOKENS
    inputs += len(request.pictures) * price.picture_tokens
    return inputs * price.usd_in + (request.max_tokens + price.reasoning_tokens) * price.usd_out


def likely_usd(request: ChatRequest, price: Price, output_tokens: int) -> float:
    """Return what a request is likely to cost when its reply has so many tokens."""
    text = len((request.system + request.prompt + str(request.schema)).encode()) / (2 * _BYTES_PER_TOKEN)
    inputs = text + len(request.pictures) * price.picture_tokens
    return inputs * price.usd_in + (output_tokens + price.reasoning_tokens / 4) * price.usd_out
