"""Students on disk: safetensors and JSON, strict when read, all or nothing when written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from gleam.errors import GleamError, unknown_name
from gleam.evaluation.calibration import Calibration
from gleam.explaining.scene import ATTRIBUTES
from gleam.explaining.student.card import card
from gleam.explaining.student.matcher import Matcher
from gleam.explaining.student.seer import Seer
from gleam.explaining.student.stating import Thresholds
from gleam.explaining.student.student import Student
from gleam.explaining.student.teller import Teller
from gleam.explaining.student.tokens import Vocabulary
from gleam.files import atomic_folder, read_json, to_json
from gleam.imagery.preparation import Preparation

FORMAT = 1
WEIGHTS, CONFIG, WORDS = "model.safetensors", "config.json", "tokenizer.json"
CALIBRATION, CARD = "calibration.json", "README.md"
_FILES = {WEIGHTS, CONFIG, WORDS, CALIBRATION, CARD}
_PARTS = ("seer", "matcher", "teller")


def shipped_students() -> dict[str, Path]:
    """Return the students that come inside the package, by name."""
    root = Path(str(resources.files("gleam.explaining.student"))) / "shipped"
    return {p.name: p for p in sorted(root.glob("*")) if (p / CONFIG).is_file()} if root.is_dir() else {}


def rounded(module: nn.Module) -> None:
    """Bring matrices to what half precision holds, as they are stored; whatever is measured is then exact.

    Vectors stay as they are: there are few of them, and variances may leave the range of halves.
    """
    with torch.no_grad():
        for tensor in module.state_dict().values():
            if _is_stored_half(tensor):
                tensor.copy_(tensor.half().to(tensor.dtype))


def save_student(student: Student, folder: Path) -> None:
    """Write a student, replacing an older one only when the new one is whole.

    Raises:
        GleamError: The folder holds something else, or the disk is full.
    """
    tensors = {
        f"{part}/{name}": (tensor.half() if _is_stored_half(tensor) else tensor).contiguous().clone()
        for part in _PARTS
        for name, tensor in getattr(student, part).state_dict().items()
    }
    header = {
        "format": FORMAT,
        "name": student.name,
        "encoder": student.encoder,
        "fingerprint": student.fingerprint,
        "preparation": student.preparation.to_dict(),
        "attributes": {a.name: list(a.values) for a in ATTRIBUTES},
        **student.made,
    }
    with atomic_folder(folder, replace=_is_only_a_student(folder)) as draft:
        save_file(tensors, draft / WEIGHTS, metadata={"format": "pt"})
        (draft / WEIGHTS).chmod(0o644)  # the library writes files that only their owner can read
        measured = {
            "match": [c.to_dict() for c in student.calibrations],
            "stated": student.thresholds.to_dict(),
        }
        for name, content in ((CONFIG, header), (CALIBRATION, measured)):
            (draft / name).write_text(to_json(content) + "\n", encoding="utf-8")
        (draft / WORDS).write_text(student.vocabulary.to_json(), encoding="utf-8")
        (draft / CARD).write_text(card(student, sum(t.numel() for t in tensors.values())), encoding="utf-8")


def load_student(name: str | Path) -> Student:
    """Load a student by shipped name or from a folder.

    Raises:
        GleamError: The name is unknown, a file is missing or damaged, or the parts do not fit each other.
    """
    folder = _locate(name)
    for file in (WEIGHTS, CONFIG, WORDS, CALIBRATION):
        if not (folder / file).is_file():
            raise GleamError(f"{folder}: {file} is missing, so this is no whole student; copy it again.")
    data, measured = read_json(folder / CONFIG), read_json(folder / CALIBRATION)
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise GleamError(f"{folder / CONFIG} is not of a GLEAM student of format {FORMAT}.")
    if data.get("attributes") != {a.name: list(a.values) for a in ATTRIBUTES}:
        raise GleamError(
            f"{folder} was taught other attributes than this GLEAM knows; tune it anew with `gleam tune`."
        )
    vocabulary = Vocabulary.read(folder / WORDS)
    try:
        made = {key: dict(data[key]) for key in (*_PARTS, "taught")}
        networks: dict[str, nn.Module] = {
            "seer": Seer(**made["seer"]),
            "matcher": Matcher(**made["matcher"]),
            "teller": Teller(**made["teller"]),
        }
        student = Student(
            name=str(data["name"]),
            encoder=str(data["encoder"]),
            fingerprint=str(data["fingerprint"]),
            preparation=Preparation(**data["preparation"]),
            seer=networks["seer"].eval(),  # type: ignore[arg-type]
            matcher=networks["matcher"].eval(),  # type: ignore[arg-type]
            teller=networks["teller"].eval(),  # type: ignore[arg-type]
            vocabulary=vocabulary,
            thresholds=Thresholds.from_dict(measured["stated"]),
            calibrations=tuple(Calibration.from_dict(dict(c)) for c in measured["match"]),
            made=made,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise GleamError(f"{folder / CONFIG} is damaged ({type(error).__name__}: {error}).") from None
    _fill(networks, folder / WEIGHTS)
    return student


def _locate(name: str | Path) -> Path:
    shipped = shipped_students()
    if str(name) in shipped:
        return shipped[str(name)]
    if Path(name).is_dir():
        return Path(name)
    raise GleamError(
        f"{unknown_name('student', name, shipped)} Or give the folder of one made by `gleam tune`."
    )


def _fill(networks: Mapping[str, nn.Module], file: Path) -> None:
    try:
        tensors = load_file(file)
    except (SafetensorError, OSError, json.JSONDecodeError) as error:
        raise GleamError(f"{file} cannot be read ({error}); copy the student again.") from None
    wanted: dict[str, Tensor] = {
        f"{part}/{name}": tensor
        for part, net in networks.items()
        for name, tensor in net.state_dict().items()
    }
    for name in [*wanted, *tensors]:
        if name not in wanted or name not in tensors or wanted[name].shape != tensors[name].shape:
            raise GleamError(f"{file} does not fit its config, first at {name!r}; copy the student again.")
    for name, tensor in wanted.items():
        tensor.copy_(tensors[name].to(tensor.dtype))


def _is_stored_half(tensor: Tensor) -> bool:
    return tensor.is_floating_point() and tensor.ndim > 1


def _is_only_a_student(folder: Path) -> bool:
    if not (folder / CONFIG).is_file():
        return False
    return {path.name for path in folder.iterdir()} <= _FILES


def describe(student: Student) -> dict[str, Any]:
    """Return what ``gleam doctor`` and cards tell of a student."""
    return {"name": student.name, "encoder": student.encoder, "taught": student.made.get("taught", {})}
