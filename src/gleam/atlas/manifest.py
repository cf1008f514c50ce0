"""``atlas.json``: what an atlas is made of and whether it is whole."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from gleam.atlas.recipe import Recipe
from gleam.atlas.sources.protocol import Said, SourceRecord
from gleam.errors import AtlasError, GleamError
from gleam.files import read_json, write_json

FORMAT = 2
FORMER = 1
MANIFEST = "atlas.json"


@dataclass(frozen=True)
class Imagery:
    """One source of imagery in an atlas.

    state: ``adding`` until all its tiles are in, ``removing`` once it is to go. tiles: those kept of it.
    skipped: those left out, by reason; both are counted when it is whole and zero before.
    """

    record: SourceRecord
    state: Literal["whole", "adding", "removing"] = "adding"
    tiles: int = 0
    skipped: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Manifest:
    """The content of ``atlas.json``.

    state: ``building`` until the first build has finished; later changes show in the imagery alone, since
    the atlas can be searched meanwhile.
    """

    recipe: Recipe
    imagery: tuple[Imagery, ...]
    state: Literal["building", "complete"] = "building"

    @property
    def sources(self) -> tuple[SourceRecord, ...]:
        """The records of all imagery, that being added or removed too."""
        return tuple(entry.record for entry in self.imagery)

    @property
    def said(self) -> dict[str, Said]:
        """Date, licence and origin of all imagery, by the keys of its sources."""
        return {s.key: Said(date=s.date, licence=s.licence, origin=s.origin) for s in self.sources}

    @property
    def tiles(self) -> int:
        """Tiles of the imagery that is whole."""
        return sum(entry.tiles for entry in self.imagery)

    @property
    def skipped(self) -> dict[str, int]:
        """Tiles left out of the imagery that is whole, by reason."""
        reasons = sorted({reason for entry in self.imagery for reason in entry.skipped})
        return {r: sum(entry.skipped.get(r, 0) for entry in self.imagery) for r in reasons}

    @property
    def fingerprint(self) -> str:
        """Hash of the recipe, the imagery and its tiles: the name of this atlas in answers."""
        imagery = [[entry.record.sha256, entry.state, entry.tiles] for entry in self.imagery]
        recipe = asdict(replace(self.recipe, store=None))
        text = json.dumps([FORMAT, recipe, imagery], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def entry(self, key: str) -> Imagery | None:
        """Return the imagery of a key, or None when there is none."""
        return next((entry for entry in self.imagery if entry.record.key == key), None)

    def with_entry(self, entry: Imagery) -> Manifest:
        """Return a copy in which this entry takes the place of the one of its key, or comes last."""
        key = entry.record.key
        if self.entry(key) is None:
            return replace(self, imagery=(*self.imagery, entry))
        return replace(self, imagery=tuple(entry if e.record.key == key else e for e in self.imagery))

    def without(self, key: str) -> Manifest:
        """Return a copy without the imagery of a key."""
        return replace(self, imagery=tuple(e for e in self.imagery if e.record.key != key))

    def write(self, folder: Path) -> None:
        """Write it, atomically."""
        totals = {"tiles": self.tiles, "skipped": self.skipped, "fingerprint": self.fingerprint}
        imagery = [asdict(entry) for entry in self.imagery]
        data = {"format": FORMAT, "state": self.state, **totals, "recipe": asdict(self.recipe)}
        write_json(folder / MANIFEST, {**data, "imagery": imagery})

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """Read it; that of the former format too.

        Raises:
            AtlasError: The folder is no atlas, of a newer format, or the file is damaged.
        """
        path = folder / MANIFEST
        if not path.is_file():
            what = "does not exist" if not folder.exists() else f"is not an atlas ({MANIFEST} is missing)"
            raise AtlasError(f"{folder} {what}; make one with `gleam atlas build`.")
        try:
            data = read_json(path)
        except GleamError as error:
            raise AtlasError(f"{error} Build the atlas again.") from None
        found = data.get("format") if isinstance(data, dict) else None
        if found not in (FORMER, FORMAT):
            raise AtlasError(f"{path} has format {found!r}; this version reads format {FORMER} and {FORMAT}.")
        if found == FORMER:
            from gleam.atlas.former import to_present

            data = to_present(data, folder)
        try:
            return _from_json(data)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise AtlasError(f"{path} is damaged ({error!r}); build the atlas again.") from None


def _from_json(data: dict[str, Any]) -> Manifest:
    if data["state"] not in ("building", "complete"):
        raise ValueError(data["state"])
    return Manifest(
        Recipe.from_json(data["recipe"]), tuple(_imagery(entry) for entry in data["imagery"]), data["state"]
    )


def _imagery(entry: dict[str, Any]) -> Imagery:
    if entry["state"] not in ("whole", "adding", "removing"):
        raise ValueError(entry["state"])
    record = SourceRecord(**{**entry["record"], "bounds": tuple(entry["record"]["bounds"])})
    return Imagery(record, entry["state"], int(entry["tiles"]), dict(entry["skipped"]))
