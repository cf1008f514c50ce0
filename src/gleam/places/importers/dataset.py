"""What is known of a public data set: where it is to be had, its licence, how large it is, its layout."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gleam.places.importers.collecting import Collector
from gleam.views import View


@dataclass(frozen=True)
class Published:
    """How many images, and of how many places, a data set publishes of one view in one split.

    role: ``"query"`` or ``"gallery"`` where the two differ.
    """

    split: str
    view: View
    images: int
    places: int | None = None
    role: str | None = None


@dataclass(frozen=True)
class DataSet:
    """A public data set as data; ``fill`` is the one thing that is code.

    kind: its name on the command line. obtain: how to get it, in a sentence. licence: what goes into the
    ``licence`` column. layout: the published tree. published: counts of the whole set. protocols: name ->
    prefix of its splits; choosing one keeps these splits and drops the prefix. extras: names of further
    options -> the values they take, the default first. columns: those whose names in the lists of the set
    may be told. note: what users must know of its metadata.
    """

    kind: str
    title: str
    views: tuple[View, ...]
    home: str
    obtain: str
    licence: str
    layout: str
    published: tuple[Published, ...]
    fill: Callable[[Collector], None]
    protocols: Mapping[str, str] = field(default_factory=dict)
    extras: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    columns: tuple[str, ...] = ()
    note: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Everything but the code, under its names."""
        return {
            "kind": self.kind,
            "title": self.title,
            "views": [view.value for view in self.views],
            "home": self.home,
            "obtain": self.obtain,
            "licence": self.licence,
            "layout": self.layout,
            "published": [
                {
                    "split": p.split,
                    "view": p.view.value,
                    "role": p.role,
                    "images": p.images,
                    "places": p.places,
                }
                for p in self.published
            ],
            "protocols": list(self.protocols),
            "extras": {name: list(values) for name, values in self.extras.items()},
            "columns": list(self.columns),
            "note": self.note,
        }
