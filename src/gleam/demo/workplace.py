"""The folder the demo works in: made by it, known by a marker, safe to write again."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from gleam.errors import GleamError
from gleam.files import read_json, to_json, write_json

MARKER = "demo.json"


@dataclass(frozen=True)
class Workplace:
    """Where the parts of the demo lie."""

    folder: Path

    @property
    def city(self) -> Path:
        """Folder of the city."""
        return self.folder / "city"

    @property
    def recipe(self) -> Path:
        """Recipe of the short training."""
        return self.folder / "training.yaml"

    @property
    def training(self) -> Path:
        """Result of the short training."""
        return self.folder / "training"

    @property
    def prepared(self) -> Path:
        """Prepared squares of the training."""
        return self.folder / "prepared"

    @property
    def photos(self) -> Path:
        """Photos that are looked for, and their table."""
        return self.folder / "photos"

    @property
    def area(self) -> Path:
        """Raster of the held-out part."""
        return self.folder / "area.tif"

    @property
    def atlas(self) -> Path:
        """Atlas of the held-out part."""
        return self.folder / "area.atlas"

    @property
    def report(self) -> Path:
        """The page."""
        return self.folder / "report.html"

    def open(self, settings: dict[str, object]) -> None:
        """Make the folder, or clear what an earlier demo left in it; the city is kept for reuse.

        Raises:
            GleamError: The folder holds something that is not a demo's.
        """
        marker = self.folder / MARKER
        settings = json.loads(to_json(settings))
        if self.folder.is_dir() and any(self.folder.iterdir()) and not marker.is_file():
            raise GleamError(
                f"{self.folder} holds other things; give the demo a new or an empty folder with --out."
            )
        if marker.is_file() and read_json(marker) != settings:
            shutil.rmtree(self.city, ignore_errors=True)
        for folder in (self.training, self.prepared, self.photos, self.atlas):
            shutil.rmtree(folder, ignore_errors=True)
        for file in (self.area, self.recipe, self.report):
            file.unlink(missing_ok=True)
        write_json(marker, settings)
