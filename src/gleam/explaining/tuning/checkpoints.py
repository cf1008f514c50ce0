"""Checkpoints of a tuning: which of them are whole, and whether a tuning may go on from them."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import transformers

from gleam.config import load_config, to_dict, to_yaml
from gleam.errors import GleamError
from gleam.explaining.tuning.config import TuneConfig
from gleam.files import atomic_write, read_json, write_json

FOLDER, MARK, RECIPE = "checkpoints", "whole.json", "recipe.yaml"
_MAY_DIFFER = ("out", "name", "calibrate_on", "evaluate_on", "written_pairs")
_RUN_MAY_DIFFER = ("device", "workers", "threads", "save_every_steps", "recompute")


class MarkWhole(transformers.TrainerCallback):
    """Writes a mark into a checkpoint once everything else of it is on the disk.

    The trainer writes a checkpoint file by file: after a kill the newest can be half of one.
    """

    def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Mark the checkpoint that was just written."""
        folder = Path(args.output_dir) / f"checkpoint-{state.global_step}"
        if state.is_world_process_zero and folder.is_dir():
            files = {str(f.relative_to(folder)): f.stat().st_size for f in folder.rglob("*") if f.is_file()}
            write_json(folder / MARK, files)


def newest_whole(out: Path) -> Path | None:
    """Return the newest whole checkpoint of a tuning, and remove what is not whole."""
    found: list[tuple[int, Path]] = []
    for folder in (out / FOLDER).glob("checkpoint-*"):
        step = folder.name.removeprefix("checkpoint-")
        if not step.isdigit():
            continue
        if _is_whole(folder):
            found.append((int(step), folder))
        else:
            shutil.rmtree(folder, ignore_errors=True)
    return max(found)[1] if found else None


def begin(out: Path, config: TuneConfig, *, resume: bool) -> Path | None:
    """Make or check the folder of a tuning; return the checkpoint to go on from, if any.

    Raises:
        GleamError: The folder holds a tuning and ``resume`` is false, or one of another recipe.
    """
    recipe = out / RECIPE
    if recipe.is_file():
        if not resume:
            raise GleamError(f"{out} already holds a tuning; add --resume to go on, or choose another --out.")
        _check_same(load_config(TuneConfig, recipe), config, out)
        return newest_whole(out)
    if out.is_dir() and any(out.iterdir()):
        raise GleamError(f"{out} has content but no tuning; choose another --out or empty it.")
    with atomic_write(recipe) as draft:
        draft.write_text(to_yaml(config), encoding="utf-8")
    return None


def _is_whole(folder: Path) -> bool:
    if not (folder / MARK).is_file():
        return False
    sizes = read_json(folder / MARK)
    return all((folder / n).is_file() and (folder / n).stat().st_size == s for n, s in sizes.items())


def _check_same(then: TuneConfig, now: TuneConfig, out: Path) -> None:
    before, after = _comparable(then), _comparable(now)
    for key in after:
        if before[key] != after[key]:
            raise GleamError(
                f"{key} differs from the tuning in {out} ({after[key]!r} now, {before[key]!r} then); resume "
                f"with its {RECIPE}, or choose another --out."
            )


def _comparable(config: TuneConfig) -> dict[str, Any]:
    data = to_dict(config)
    run = data.pop("run")
    data = {key: value for key, value in data.items() if key not in _MAY_DIFFER}
    return data | {f"run.{key}": value for key, value in run.items() if key not in _RUN_MAY_DIFFER}
