"""Whether a training may go on from a checkpoint: only what does not change what is learned may differ."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gleam.config import load_config, to_dict
from gleam.errors import ConfigError
from gleam.training.config import TrainConfig

CONFIG = "config.yaml"

MAY_CHANGE = {
    "out",
    "evaluate",
    "threads",
    "workers",
    "cache",
    "device",
    "checkpoint_activations",
    "compile",
    "checkpoint_every_steps",
    "keep_checkpoints",
    "log_every_steps",
}
"""Settings that may differ when a training resumes: none of them changes what is learned. Phases that have
not begun may differ too, and further ones may follow."""


def check_unchanged(config: TrainConfig, state: dict[str, Any], out: Path) -> None:
    """Compare the recipe with the one in a checkpoint's ``state``.

    Raises:
        ConfigError: A setting differs that would change what is learned.
    """
    now = to_dict(config)
    # Through the dataclass: a setting that is younger than the checkpoint has its default.
    then = to_dict(load_config(TrainConfig, dict(state["config"])))
    begun = int(state["phase_index"]) + (1 if state["phase_step"] else 0)
    now["phases"], then["phases"] = now["phases"][:begun], then["phases"][:begun]
    for key in sorted(now):
        if key not in MAY_CHANGE and now[key] != then[key]:
            raise ConfigError(
                f"{key} differs from the training in {out} ({_short(now[key])} now, {_short(then[key])} "
                f"then); resume with its {CONFIG}, or choose another --out."
            )


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
