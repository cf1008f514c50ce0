"""Encoders on disk: safetensors and JSON, strict when read, all or nothing when written."""

from __future__ import annotations

import hashlib
import json
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from gleam.encoder.card import model_card
from gleam.encoder.config import EncoderConfig
from gleam.encoder.model import EncoderModel, build_model
from gleam.errors import EncoderError, unknown_name
from gleam.files import atomic_folder, atomic_write, write_json

FORMAT = 1
WEIGHTS, CONFIG, CALIBRATION, CARD = "model.safetensors", "config.json", "calibration.json", "README.md"
HUB_PREFIX = "hf-hub:"


class LoadedEncoder(NamedTuple):
    """What a saved encoder holds."""

    model: EncoderModel
    name: str
    calibration: dict[str, Any]
    origin: dict[str, Any] | None


def shipped_encoders() -> dict[str, Path]:
    """Return the encoders that come inside the package, by name."""
    root = Path(str(resources.files("gleam.encoder"))) / "shipped"
    return {p.name: p for p in sorted(root.glob("*")) if (p / CONFIG).is_file()} if root.is_dir() else {}


def fingerprint_of(model: EncoderModel) -> str:
    """Return 16 hex digits over the config, the preparation and every weight."""
    digest = hashlib.sha256(json.dumps(model.config.to_dict(), sort_keys=True).encode())
    for name, tensor in sorted(_weights(model).items()):
        digest.update(name.encode())
        digest.update(str(tuple(tensor.shape)).encode())
        digest.update(tensor.cpu().numpy().tobytes())
    return digest.hexdigest()[:16]


def save_encoder(
    folder: Path,
    model: EncoderModel,
    name: str,
    calibration: dict[str, Any],
    origin: dict[str, Any] | None = None,
) -> None:
    """Write the encoder to ``folder``, replacing an older one only when the new one is whole."""
    with atomic_folder(folder, replace=_is_only_an_encoder(folder)) as draft:
        save_file(_weights(model), draft / WEIGHTS, metadata={"format": "pt"})
        (draft / WEIGHTS).chmod(0o644)  # the library writes files that only their owner can read
        header = {
            "format": FORMAT,
            "name": name,
            "fingerprint": fingerprint_of(model),
            **({} if origin is None else {"origin": origin}),
            **model.config.to_dict(),
        }
        (draft / CONFIG).write_text(json.dumps(header, indent=2) + "\n", encoding="utf-8")
        (draft / CALIBRATION).write_text(json.dumps(calibration, indent=2) + "\n", encoding="utf-8")
        card = model_card(name, model.config, calibration, _count(model), origin)
        (draft / CARD).write_text(card, encoding="utf-8")


def save_calibration(
    folder: Path,
    model: EncoderModel,
    name: str,
    calibration: dict[str, Any],
    origin: dict[str, Any] | None = None,
) -> None:
    """Give a saved encoder another calibration; its weights and whatever else is in the folder stay."""
    write_json(folder / CALIBRATION, calibration)
    with atomic_write(folder / CARD) as draft:
        card = model_card(name, model.config, calibration, _count(model), origin)
        draft.write_text(card, encoding="utf-8")


def load_encoder(name: str | Path) -> LoadedEncoder:
    """Load by shipped name, folder or hub id; see :meth:`gleam.encoder.Encoder.from_pretrained`."""
    folder = _locate(name)
    config_path, weights_path = folder / CONFIG, folder / WEIGHTS
    for path in (config_path, weights_path):
        if not path.is_file():
            raise EncoderError(
                f"{folder}: {path.name} is missing, so this is no whole encoder; save or copy it again."
            )
    try:
        data = json.loads(config_path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise EncoderError(f"{config_path} is not valid JSON ({error}); copy the encoder again.") from error
    if not isinstance(data, dict) or data.pop("format", None) != FORMAT:
        raise EncoderError(f"{config_path} is not a GLEAM encoder config of format {FORMAT}.")
    stated, shown = data.pop("fingerprint", None), str(data.pop("name", folder.name))
    origin = data.pop("origin", None)
    config = EncoderConfig.from_dict(data, str(config_path))
    model = build_model(config)
    try:
        weights = load_file(weights_path)
    except (SafetensorError, OSError) as error:
        raise EncoderError(f"{weights_path} cannot be read ({error}); copy the encoder again.") from error
    _load_strictly(model, weights, str(weights_path))
    found = fingerprint_of(model)
    if stated is not None and stated != found:
        raise EncoderError(
            f"{folder}: the weights have fingerprint {found}, but the config was saved with {stated}; "
            "the two files do not belong together."
        )
    return LoadedEncoder(model, shown, _read_calibration(folder / CALIBRATION), origin)


def _is_only_an_encoder(folder: Path) -> bool:
    """Tell whether a folder may be replaced: it holds an encoder and nothing else, such as checkpoints."""
    if not (folder / CONFIG).is_file():
        return False
    return {path.name for path in folder.iterdir()} <= {WEIGHTS, CONFIG, CALIBRATION, CARD}


def _locate(name: str | Path) -> Path:
    text = str(name)
    if text.startswith(HUB_PREFIX):
        return _from_hub(text.removeprefix(HUB_PREFIX))
    shipped = shipped_encoders()
    if text in shipped:
        return shipped[text]
    path = Path(name)
    if path.is_dir():
        return path
    if path.exists():
        raise EncoderError(f"{path} is a file; give the encoder's folder.")
    raise EncoderError(
        f"{unknown_name('encoder', text, shipped)} "
        "Or give the folder of one that was trained or converted (--encoder FOLDER), or "
        f"{HUB_PREFIX}org/name."
    )


def _from_hub(repository: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError, RepositoryNotFoundError

    try:
        return Path(snapshot_download(repository, allow_patterns=[WEIGHTS, CONFIG, CALIBRATION, CARD]))
    except (HfHubHTTPError, LocalEntryNotFoundError, RepositoryNotFoundError, OSError, ValueError) as error:
        raise EncoderError(
            f"The encoder {repository!r} could not be had from the hub ({type(error).__name__}); "
            "check the name and the network, set HF_ENDPOINT for a mirror, or give a local folder."
        ) from error


def _load_strictly(model: EncoderModel, weights: dict[str, Tensor], where: str) -> None:
    wanted = model.state_dict()
    missing = sorted(set(wanted) - set(weights))
    extra = sorted(set(weights) - set(wanted))
    shapes = [k for k in sorted(set(wanted) & set(weights)) if wanted[k].shape != weights[k].shape]
    if missing or extra or shapes:
        parts = [
            f"{len(keys)} {kind} (e.g. {', '.join(keys[:3])})"
            for kind, keys in (("missing", missing), ("not expected", extra), ("of another shape", shapes))
            if keys
        ]
        raise EncoderError(f"{where} does not fit its config: {'; '.join(parts)} of {len(wanted)} keys.")
    model.load_state_dict(weights, strict=True)


def _read_calibration(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    data = json.loads(path.read_text(encoding="utf-8"))
    return data if isinstance(data, dict) else {}


def _weights(model: EncoderModel) -> dict[str, Tensor]:
    return {name: tensor.detach().contiguous() for name, tensor in model.state_dict().items()}


def _count(model: EncoderModel) -> int:
    return sum(p.numel() for p in model.parameters())
