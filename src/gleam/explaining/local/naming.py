"""The name of a local model: ``MODEL[@REVISION][+ADAPTER]``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from gleam.errors import GleamError

PREFIX = "local:"
HUB_PREFIX = "hf-hub:"
_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")
FORM = (
    "local:MODEL or local:MODEL+ADAPTER, where MODEL is a folder in the hub's format or a hub id such as "
    "Qwen/Qwen2.5-VL-3B-Instruct (with @REVISION if wanted), and ADAPTER is a folder made by 'gleam tune'"
)


@dataclass(frozen=True)
class ModelName:
    """Where a model is to be had.

    folder: of the base model, or None. hub_id, revision: of the base model on the hub, or None.
    adapter: folder of a LoRA adapter, or None. When there is neither folder nor hub id, the adapter's own
    record names the base model.
    """

    folder: Path | None = None
    hub_id: str | None = None
    revision: str | None = None
    adapter: Path | None = None

    @property
    def text(self) -> str:
        """The name as a user writes it, without ``local:``."""
        base = str(self.folder or self.hub_id or "")
        base += f"@{self.revision}" if self.revision else ""
        if self.adapter is None:
            return base
        return f"{base}+{self.adapter}" if base else str(self.adapter)


def is_local_name(name: str) -> bool:
    """Tell whether an explainer's name asks for a local model."""
    return name.strip().lower().startswith(PREFIX)


def parse_model_name(name: str) -> ModelName:
    """Read ``MODEL[@REVISION][+ADAPTER]``, with or without ``local:`` before it.

    A folder that exists is taken as a folder. Otherwise ``org/name`` is a hub id, unless ``org`` is a folder
    here: then it is a mistyped path, and no network is asked for it. ``hf-hub:org/name`` is always a hub id.

    Raises:
        GleamError: The name is empty, or neither a folder nor a hub id.
    """
    text = name.strip()
    text = text[len(PREFIX) :] if is_local_name(text) else text
    if not text:
        raise GleamError(f"A local explainer needs a model: {FORM}.")
    if Path(text).is_dir():
        return _folder(Path(text))
    base, plus, adapter = text.rpartition("+")
    if not plus:
        return _base(text)
    if not Path(adapter).is_dir():
        raise GleamError(f"The adapter folder {adapter!r} of {text!r} does not exist; the form is {FORM}.")
    found = _base(base)
    return ModelName(found.folder, found.hub_id, found.revision, adapter_folder(Path(adapter)))


def _folder(path: Path) -> ModelName:
    adapter = adapter_folder(path)
    if not (path / "config.json").is_file() and (adapter / "adapter_config.json").is_file():
        return ModelName(adapter=adapter)
    return ModelName(folder=path)


def adapter_folder(path: Path) -> Path:
    """Return the folder of the adapter itself, which a tuning keeps in its own folder as ``adapter``."""
    inner = path / "adapter"
    return inner if (inner / "adapter_config.json").is_file() else path


def _base(text: str) -> ModelName:
    if Path(text).is_dir():
        return ModelName(folder=Path(text))
    asked_for_hub = text.startswith(HUB_PREFIX)
    hub_id, at, revision = text.removeprefix(HUB_PREFIX).partition("@")
    if _HUB_ID.fullmatch(hub_id) and (asked_for_hub or not Path(hub_id.split("/")[0]).exists()):
        if at and not revision:
            raise GleamError(f"{text!r} ends with @ but names no revision; leave it out or give one.")
        return ModelName(hub_id=hub_id, revision=revision or None)
    raise GleamError(f"There is no folder {text!r}, and it is no hub id; the form is {FORM}.")
