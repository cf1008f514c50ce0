"""From a model's name to a folder with its files; the only place that may reach the network, when asked."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gleam.errors import GleamError
from gleam.explaining.local.naming import ModelName

CONFIG = "config.json"
FILES = ("*.json", "*.safetensors", "*.jinja", "tokenizer.model", "merges.txt", "vocab.txt")
"""Patterns of the files that are fetched from the hub: no pickled weights and no code."""
_SAMPLES, _SAMPLE_BYTES = 64, 4096


@dataclass(frozen=True)
class BaseModel:
    """A base model on the disk.

    folder: where it lies. id: how it was asked for. revision: commit on the hub, None for a plain folder.
    config: content of its ``config.json``.
    """

    folder: Path
    id: str
    revision: str | None
    config: dict[str, Any]

    def weight_files(self) -> list[Path]:
        """Return the files with weights in the order of their names."""
        return sorted(self.folder.glob("*.safetensors"))

    def fingerprint(self) -> str:
        """Return a hash of the configuration and the weights, 16 hexadecimal digits.

        Of each file with weights, its size, its header (names, shapes, places) and 64 pieces of 4 KiB spread
        over it are hashed: enough to tell any other training apart, without reading gigabytes twice.
        """
        digest = hashlib.sha256((self.folder / CONFIG).read_bytes())
        for file in self.weight_files():
            digest.update(_sampled(file))
        return digest.hexdigest()[:16]


def find_base(name: ModelName) -> BaseModel:
    """Return the base model of a name, fetched from the hub when the name is a hub id.

    A fetched model is kept in the hub's own cache. ``HF_ENDPOINT`` asks a mirror, ``HF_HUB_OFFLINE=1`` looks
    only in the cache.

    Raises:
        GleamError: A file is missing or broken, or the hub cannot give it.
    """
    base = find_config(name)
    if name.hub_id is not None:
        _fetch(name.hub_id, base.revision or name.revision, FILES)
    if not base.weight_files():
        others = sorted(file.name for file in base.folder.glob("*.bin"))
        cure = f" ({others[0]} is pickled, which is never loaded)" if others else ""
        raise GleamError(f"{base.folder} holds no *.safetensors{cure}; copy or fetch the model again.")
    _check_shards(base.folder)
    return base


def find_config(name: ModelName, *, offline: bool = False) -> BaseModel:
    """Return a model's configuration and folder; its weights need not be there.

    Args:
        name: Of the model.
        offline: Look only in the hub's cache (for a dry run).
    """
    if name.hub_id is not None:
        small = [pattern for pattern in FILES if pattern != "*.safetensors"]
        folder = _fetch(name.hub_id, name.revision, small, offline=offline)
        return BaseModel(folder, name.hub_id, folder.name, _read_config(folder))
    if name.folder is None:
        raise GleamError(f"{name.text!r} names no base model.")
    return BaseModel(name.folder, str(name.folder), None, _read_config(name.folder))


def _fetch(hub_id: str, revision: str | None, patterns: Sequence[str], *, offline: bool = False) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError, RepositoryNotFoundError

    try:
        return Path(
            snapshot_download(
                hub_id, revision=revision, allow_patterns=list(patterns), local_files_only=offline
            )
        )
    except (HfHubHTTPError, LocalEntryNotFoundError, RepositoryNotFoundError, OSError, ValueError) as error:
        raise GleamError(
            f"The model {hub_id!r} could not be had from the hub ({type(error).__name__}); check the name "
            "and the network, set HF_ENDPOINT for a mirror, or give a local folder."
        ) from error


def _read_config(folder: Path) -> dict[str, Any]:
    file = folder / CONFIG
    if not file.is_file():
        what = "is missing" if folder.is_dir() else "does not exist"
        raise GleamError(f"{file} {what}, so {folder} is no model in the hub's format.")
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise GleamError(f"{file} cannot be read ({error}); copy or fetch the model again.") from None
    if not isinstance(content, dict):
        raise GleamError(f"{file} holds no JSON object; copy or fetch the model again.")
    return content


def _check_shards(folder: Path) -> None:
    index = folder / "model.safetensors.index.json"
    if not index.is_file():
        return
    try:
        named = set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())
    except (ValueError, KeyError, AttributeError, OSError) as error:
        raise GleamError(f"{index} cannot be read ({error}); copy or fetch the model again.") from None
    missing = sorted(file for file in named if not (folder / file).is_file())
    if missing:
        raise GleamError(
            f"{folder} lacks {len(missing)} of {len(named)} files with weights (e.g. {missing[0]}); "
            "copy or fetch the model again."
        )


def _sampled(file: Path) -> bytes:
    size = file.stat().st_size
    digest = hashlib.sha256(f"{file.name}:{size}".encode())
    with file.open("rb") as stream:
        header = int.from_bytes(stream.read(8), "little")
        digest.update(stream.read(min(header, size)))
        for part in range(_SAMPLES):
            stream.seek(part * max(size - _SAMPLE_BYTES, 0) // (_SAMPLES - 1))
            digest.update(stream.read(_SAMPLE_BYTES))
    return digest.digest()
