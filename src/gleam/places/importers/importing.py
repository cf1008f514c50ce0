"""From a data set on disk to its places table, with what was found beside what is published."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gleam.errors import GleamError, TableError, unknown_name
from gleam.places import entries
from gleam.places.importers.collecting import Collector, LeftOut
from gleam.places.importers.dataset import DataSet, Published
from gleam.places.importers.options import ImportOptions
from gleam.places.table import PlaceImage, Places
from gleam.progress import progress
from gleam.views import View


@dataclass(frozen=True)
class Coverage:
    """How much of one view in one split is there; published numbers are ``None`` where none are known."""

    split: str
    view: View
    role: str | None
    images: int
    places: int
    published_images: int | None = None
    published_places: int | None = None

    @property
    def share(self) -> float | None:
        """Images found over images published."""
        return None if not self.published_images else self.images / self.published_images

    @property
    def whole(self) -> bool:
        """Whether nothing of what is published is missing."""
        return self.images >= (self.published_images or 0) and self.places >= (self.published_places or 0)

    def to_dict(self) -> dict[str, Any]:
        """The line under its names."""
        return {
            "split": self.split,
            "view": self.view.value,
            "role": self.role,
            "images": self.images,
            "published_images": self.published_images,
            "share": self.share,
            "places": self.places,
            "published_places": self.published_places,
        }


@dataclass(frozen=True)
class Imported:
    """The table of a data set and how much of the data set it is."""

    dataset: DataSet
    places: Places
    coverage: tuple[Coverage, ...]
    absent: tuple[str, ...]
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...]

    @property
    def whole(self) -> bool:
        """Whether all that is published is there."""
        return not self.absent and not self.left_out and all(line.whole for line in self.coverage)

    def to_dict(self) -> dict[str, Any]:
        """The JSON form, without the rows."""
        return {
            "kind": self.dataset.kind,
            "title": self.dataset.title,
            "home": self.dataset.home,
            "obtain": self.dataset.obtain,
            "licence": self.dataset.licence,
            "whole": self.whole,
            "coverage": [line.to_dict() for line in self.coverage],
            "absent": list(self.absent),
            "left_out": [vars(entry) for entry in self.left_out],
            "notes": list(self.notes),
        }


def import_dataset(dataset: DataSet, root: Path, options: ImportOptions) -> Imported:
    """Import what is there of a public data set.

    Images that labels name but that are missing are left out and counted; a part of a data set is a
    table like any other.

    Raises:
        GleamError: An option that the data set does not have.
        TableError: No such folder, nothing usable in it, or a label file is wrong (with its line).
    """
    _check_options(dataset, options)
    if not root.is_dir():
        raise TableError(
            f"{root}: no such folder; give the folder of {dataset.title}, to be had at {dataset.home}."
        )
    found = Collector(root, options, dataset.title, dataset.licence)
    with progress(f"reading {dataset.title}") as found.bar:
        dataset.fill(found)
    found.drop_unanswered()
    rows, published = found.rows, dataset.published
    if options.protocol is not None:
        prefix = dataset.protocols[options.protocol]
        rows = [row for row in (_kept(row, prefix) for row in rows) if row is not None]
        published = tuple(
            replace(p, split=p.split.removeprefix(prefix)) for p in published if p.split.startswith(prefix)
        )
    if not rows:
        raise TableError(_nothing(dataset, found))
    places = Places(rows, root)
    return Imported(
        dataset,
        places,
        covered(places, published),
        tuple(found.absent),
        tuple(found.left_out.values()),
        tuple([*found.notes, *([dataset.note] if dataset.note else [])]),
    )


def covered(places: Places, published: tuple[Published, ...]) -> tuple[Coverage, ...]:
    """Count the images and places of every published line, and of every further split and view there is."""
    lines = []
    for p in published:
        rows = places.select(view=p.view, split=p.split, role=p.role) if p.split in places.splits else None
        images, names = (0, 0) if rows is None else (len(rows), len(rows.place_ids))
        lines.append(Coverage(p.split, p.view, p.role, images, names, p.images, p.places))
    known = {(p.split, p.view) for p in published}
    for split in places.splits:
        for view in places.views:
            rows = places.select(view=view, split=split)
            if len(rows) and (split, view) not in known:
                lines.append(Coverage(split, view, None, len(rows), len(rows.place_ids)))
    return tuple(lines)


def _kept(row: PlaceImage, prefix: str) -> PlaceImage | None:
    """Return the row with the splits of one protocol alone, without their prefix."""
    own = [entry.removeprefix(prefix) for entry in entries.parts(row.split) if entry.startswith(prefix)]
    return replace(row, split=entries.joined(own)) if own else None


def _check_options(dataset: DataSet, options: ImportOptions) -> None:
    if options.protocol is not None and options.protocol not in dataset.protocols:
        if not dataset.protocols:
            raise GleamError(f"{dataset.kind} has one protocol only; leave out --protocol.")
        raise unknown_name(f"protocol of {dataset.kind}", options.protocol, dataset.protocols)
    given: Mapping[str, str] = options.extra
    for name, value in given.items():
        if name not in dataset.extras:
            raise unknown_name(f"option of {dataset.kind}", name, dataset.extras)
        if value not in dataset.extras[name]:
            raise unknown_name(f"value of the option {name} of {dataset.kind}", value, dataset.extras[name])
    for name in options.columns:
        if dataset.columns and name not in dataset.columns:
            raise unknown_name(f"column of {dataset.kind}", name, dataset.columns)
    for name in ("csv", "columns", "constants"):
        if getattr(options, name) and not (name == "columns" and dataset.columns):
            raise GleamError(
                f"{dataset.kind} is read from its own layout; --{name.rstrip('s')} is for 'folder'."
            )


def _nothing(dataset: DataSet, found: Collector) -> str:
    why = "; ".join([*found.absent, *map(str, found.left_out.values())])
    tree = ", ".join(line.strip() for line in dataset.layout.strip().splitlines()[:3])
    return (
        f"{found.root}: holds no images of {dataset.title} in the published layout ({tree}, ...)"
        f"{'; missing: ' + why if why else ''}. To be had at {dataset.home}."
    )
