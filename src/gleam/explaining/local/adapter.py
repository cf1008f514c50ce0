"""A LoRA adapter made by ``gleam tune``: its record, whether it fits a base model, laying it over one."""

from __future__ import annotations

import warnings
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from gleam.errors import GleamError
from gleam.explaining.local.hub import BaseModel
from gleam.explaining.local.naming import ModelName, parse_model_name
from gleam.explaining.local.prompts import VERSION
from gleam.files import read_json, write_json

CONFIG, WEIGHTS, RECORD = "adapter_config.json", "adapter_model.safetensors", "gleam_adapter.json"
FORMAT = 1


@dataclass(frozen=True)
class AdapterRecord:
    """What an adapter was made from and with.

    base, revision: id and commit of the base model, or its folder and None. fingerprint: of its files.
    family: its type. prompts: version of the prompts. teach: what was taught. languages: of the questions.
    bench: name of the benchmark. pairs: number it was tuned on. seed, steps: of the tuning. image_side: how
    large pictures were shown.
    """

    base: str
    revision: str | None
    fingerprint: str
    family: str
    prompts: str
    teach: str
    languages: tuple[str, ...]
    bench: str
    pairs: int
    seed: int
    steps: int
    image_side: int
    format: int = FORMAT

    def save(self, folder: Path) -> None:
        """Write ``gleam_adapter.json`` into a folder."""
        write_json(folder / RECORD, asdict(self))


@dataclass(frozen=True)
class Adapter:
    """A folder with an adapter. record: None when it was not made by GLEAM."""

    folder: Path
    record: AdapterRecord | None

    def with_base(self, name: ModelName) -> ModelName:
        """Return the name with the base model of the record where it names none itself.

        Raises:
            GleamError: Neither names one.
        """
        if name.folder is not None or name.hub_id is not None:
            return name
        if self.record is None:
            raise GleamError(
                f"{self.folder} does not say which base model it belongs to; write local:MODEL+{self.folder}."
            )
        base = self.record.base + (f"@{self.record.revision}" if self.record.revision else "")
        try:
            found = parse_model_name(base)
        except GleamError as error:
            raise GleamError(
                f"The base model {self.record.base!r} of {self.folder} is not there; "
                f"write local:MODEL+{self.folder}."
            ) from error
        return ModelName(found.folder, found.hub_id, found.revision, self.folder)

    def check_base(self, base: BaseModel) -> None:
        """Make sure that the adapter belongs to a base model and to these prompts.

        Raises:
            GleamError: It was tuned on another model or with other prompts.
        """
        if self.record is None:
            return
        found = base.fingerprint()
        if found != self.record.fingerprint:
            raise GleamError(
                f"The adapter {self.folder} was tuned on {self.record.base} (fingerprint "
                f"{self.record.fingerprint}), but {base.id} is another model ({found})."
            )
        if self.record.prompts != VERSION:
            raise GleamError(
                f"The adapter {self.folder} was tuned with the prompts {self.record.prompts!r}, but this "
                f"GLEAM asks with {VERSION!r}; tune it again."
            )


def read_adapter(folder: Path) -> Adapter:
    """Read what an adapter folder says of itself.

    Raises:
        GleamError: A file is missing or broken.
    """
    for name in (CONFIG, WEIGHTS):
        if not (folder / name).is_file():
            raise GleamError(f"{folder} lacks {name}, so it is no adapter; make one with 'gleam tune'.")
    if not (folder / RECORD).is_file():
        return Adapter(folder, None)
    data = read_json(folder / RECORD)
    known = {field.name for field in fields(AdapterRecord)}
    if not isinstance(data, dict) or data.get("format") != FORMAT or set(data) != known:
        raise GleamError(f"{folder / RECORD} is not of format {FORMAT}; tune the adapter again.")
    return Adapter(folder, AdapterRecord(**{**data, "languages": tuple(data["languages"])}))


def load_adapter(model: Any, adapter: Adapter) -> Any:
    """Lay an adapter over a loaded base model; every weight of it must find its place.

    Raises:
        GleamError: peft is missing, or the adapter does not fit.
    """
    try:
        from peft import PeftModel
    except ImportError:
        raise missing_extra("peft", "Adapters") from None
    from safetensors import SafetensorError, safe_open

    weights = adapter.folder / WEIGHTS
    try:
        with safe_open(weights, "pt") as file:
            stored = set(file.keys())
        with warnings.catch_warnings():
            # Of names inside transformers, and of missing weights, which are looked for below.
            warnings.simplefilter("ignore")
            loaded = PeftModel.from_pretrained(model, str(adapter.folder), local_files_only=True)
    except (SafetensorError, RuntimeError, ValueError, KeyError, TypeError, OSError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise GleamError(f"The adapter {adapter.folder} cannot be laid over the model: {reason}.") from error
    from peft import get_peft_model_state_dict

    placed = set(get_peft_model_state_dict(loaded))
    if placed != stored:
        lost = sorted(placed ^ stored)
        raise GleamError(
            f"The adapter {adapter.folder} does not fit the model: {len(lost)} of {len(placed | stored)} "
            f"weights have no counterpart (e.g. {lost[0]})."
        )
    return loaded.eval()


def missing_extra(library: str, what: str) -> GleamError:
    """Return the error for a library of the extra ``explain`` that is not installed."""
    return GleamError(
        f"{what} need the library {library}; install it with: pip install 'gleam-geo[explain]'."
    )
