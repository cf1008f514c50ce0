"""``atlas.json``: what an atlas is made of and whether it is whole."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from gleam.atlas.sources.protocol import SourceRecord
from gleam.errors import AtlasError, GleamError
from gleam.files import read_json, write_json

FORMAT = 1
MANIFEST = "atlas.json"


@dataclass(frozen=True)
class Recipe:
    """All that decides the content of an atlas; two builds with equal recipes give equal atlases.

    preparation: of the encoder, with the ground width of the tiles. pixels: side of the squares cut.
    """

    encoder: str
    encoder_fingerprint: str
    dim: int
    preparation: dict[str, Any]
    tile_m: float
    stride_m: float
    pixels: int
    sources: tuple[SourceRecord, ...]

    def differences(self, other: Recipe) -> list[str]:
        """Return what differs from another recipe, in words."""
        found = []
        if self.encoder_fingerprint != other.encoder_fingerprint:
            found.append(f"encoder {other.describe_encoder()} instead of {self.describe_encoder()}")
        if self.tile_m != other.tile_m:
            found.append(f"tiles of {other.tile_m:g} m instead of {self.tile_m:g} m")
        if self.stride_m != other.stride_m:
            found.append(f"a stride of {other.stride_m:g} m instead of {self.stride_m:g} m")
        if [s.sha256 for s in self.sources] != [s.sha256 for s in other.sources]:
            theirs, ours = (", ".join(s.name for s in r.sources) for r in (other, self))
            found.append(
                f"imagery {theirs}" + (f" instead of {ours}" if theirs != ours else " with other content")
            )
        if not found and (self.preparation, self.pixels, self.dim) != (
            other.preparation,
            other.pixels,
            other.dim,
        ):
            found.append("another preparation of the pictures")
        return found

    def describe_encoder(self) -> str:
        """Return the encoder's name with the start of its fingerprint."""
        return describe_encoder(self.encoder, self.encoder_fingerprint)


@dataclass(frozen=True)
class Manifest:
    """The content of ``atlas.json``. tiles, skipped: counted when complete, zero before."""

    recipe: Recipe
    state: Literal["building", "complete"] = "building"
    tiles: int = 0
    skipped: dict[str, int] = field(default_factory=dict)

    @property
    def fingerprint(self) -> str:
        """Hash of the recipe and the number of tiles: the name of this atlas in answers."""
        recipe = asdict(self.recipe)
        recipe["sources"] = [s.sha256 for s in self.recipe.sources]
        text = json.dumps([FORMAT, recipe, self.tiles], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def write(self, folder: Path) -> None:
        """Write it, atomically."""
        recipe = asdict(self.recipe)
        sources = recipe.pop("sources")
        data = {"format": FORMAT, "state": self.state, "tiles": self.tiles, "skipped": self.skipped}
        write_json(folder / MANIFEST, {**data, **recipe, "sources": sources, "fingerprint": self.fingerprint})

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """Read it.

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
        if found != FORMAT:
            raise AtlasError(f"{path} has format {found!r}; this version reads format {FORMAT}.")
        try:
            sources = tuple(SourceRecord(**{**s, "bounds": tuple(s["bounds"])}) for s in data["sources"])
            names = ("encoder", "encoder_fingerprint", "dim", "preparation", "tile_m", "stride_m", "pixels")
            recipe = Recipe(**{n: data[n] for n in names}, sources=sources)
            state = data["state"]
            if state not in ("building", "complete"):
                raise ValueError(state)
            return cls(recipe, state, int(data["tiles"]), dict(data["skipped"]))
        except (KeyError, TypeError, ValueError) as error:
            raise AtlasError(f"{path} is damaged ({error}); build the atlas again.") from None


def describe_encoder(name: str, fingerprint: str) -> str:
    """Return ``'city' (1a2b3c4d)``."""
    return f"{name!r} ({fingerprint[:8]})"
