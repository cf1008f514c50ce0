"""What the routes of a review share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, TypeAlias

from fastapi import Depends, Request

from gleam.explaining.reviewing.store import ReviewStore
from gleam.web.review.measuring import Measuring
from gleam.web.review.publishing import Publisher


@dataclass
class Desk:
    """store: the review. measuring: of the numbered regions. publisher: writes ``revised.jsonl``."""

    store: ReviewStore
    measuring: Measuring
    publisher: Publisher = field(init=False)

    def __post_init__(self) -> None:
        """Set the publisher to work on the same review."""
        self.publisher = Publisher(self.store)


def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


Held: TypeAlias = Annotated[Desk, Depends(_desk)]
