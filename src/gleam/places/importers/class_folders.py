"""Images in one folder per place, with a training half and folders of queries and galleries for the test.

University-1652 began this order; SUES-200 and DenseUAV follow it. The test folders hold copies: what is a
query lies in the gallery again, and a gallery may hold the training half. Here each image becomes one row,
whose ``split`` says where it serves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from gleam.places.entries import joined
from gleam.places.importers.collecting import Collector
from gleam.views import View

Known = Callable[[str, str], dict[str, Any]]
"""What is known of an image, from the names of its place and its file."""


@dataclass
class _Image:
    path: str
    known: dict[str, Any]
    entries: list[str] = field(default_factory=list)


@dataclass
class ClassFolders:
    """Collects images by view, place and file name; :meth:`finish` makes the rows."""

    found: Collector
    images: dict[tuple[View, str, str], _Image] = field(default_factory=dict)

    def train(self, view: View, folder: str, known: Known) -> None:
        """Take the images under ``folder`` for the training half."""
        if not self._there(folder):
            return
        for place, name in self.found.class_images(folder):
            self._note(view, place, name, folder, known, "train")

    def test(self, view: View, query: str, gallery: str, known: Known) -> None:
        """Take the images of a folder of queries and a folder of the gallery for the test half."""
        asked = set(self.found.class_images(query)) if self._there(query) else set()
        searched = set(self.found.class_images(gallery)) if self._there(gallery) else set()
        for place, name in sorted(asked | searched):
            if (place, name) not in searched:
                self._note(view, place, name, query, known, "test:query")
            elif (place, name) not in asked:
                self._note(view, place, name, gallery, known, "test:gallery")
            else:
                self._note(view, place, name, gallery, known, "test")

    def note(self, view: View, place: str, name: str, path: str, known: dict[str, Any], entry: str) -> None:
        """Take one image for one entry of its ``split``; ``name`` tells images of a place apart."""
        image = self.images.setdefault((view, place, name), _Image(path, known))
        if entry not in image.entries:
            image.entries.append(entry)

    def finish(self) -> None:
        """Add the rows, in the order in which the images were found."""
        for (view, place, _), image in self.images.items():
            self.found.add(place, view, image.path, joined(image.entries), **image.known)

    def _note(self, view: View, place: str, name: str, folder: str, known: Known, entry: str) -> None:
        about = known(place, name)
        # The same file name may stand for another picture at another height.
        key = f"{name}@{about.get('height_m')}"
        self.note(view, place, key, f"{folder}/{place}/{name}", about, entry)

    def _there(self, folder: str) -> bool:
        if self.found.has(folder):
            return True
        self.found.absent.append(f"the folder {folder}")
        return False


def nothing_known(place: str, name: str) -> dict[str, Any]:
    """Know nothing of an image."""
    return {}
