"""torchrun with two processes on the CPU (gloo) learns what one process learns with the same global batch."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from gleam.config import to_yaml
from gleam.training.config import HardNegativesConfig, LossConfig, TrainConfig
from gleam.training.journal import read_journal
from gleam.training.trainer import train


def losses(out: Path) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for line in read_journal(out / "log.jsonl"):
        if line["kind"] == "step":
            found.setdefault(line["phase"], []).append(line["loss"])
    return found


def test_torchrun_with_two_processes_learns_what_one_learns(
    recipe: Callable[..., TrainConfig], tmp_path: Path
) -> None:
    # Batch statistics are those of a process; frozen, nothing depends on how many there are. So they come
    # from a training before.
    train(recipe(out=str(tmp_path / "start"), evaluate=None))
    config = recipe(
        start=str(tmp_path / "start"),
        phase={
            "batch": 8,
            "steps": 6,
            "freeze_statistics": True,
            "hard_negatives": HardNegativesConfig(every_epochs=1, from_epoch=1, pool=4, per_seed=2),
        },
        loss=LossConfig(anchor="all", label_smoothing=0.1),
        ema_decay=0.5,
    )
    one_view, all_views = config.phases
    # One view; all views of a place in one batch; one view at a time; the same in chunks and with
    # activations computed twice.
    phases = [
        replace(one_view, name="plain"),
        replace(all_views, name="mixed views"),
        replace(all_views, name="a view at a time", views_per_batch="one"),
        replace(all_views, name="chunked", chunk=9),
    ]
    config = replace(config, phases=phases, checkpoint_activations=True)
    train(replace(config, out=str(tmp_path / "one")))
    file = tmp_path / "two.yaml"
    file.write_text(to_yaml(replace(config, out=str(tmp_path / "two"))))
    gleam = Path(sys.executable).with_name("gleam")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"),
            *("--no-python", str(gleam), "train", str(file), "--json"),
        ],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.count('"recalls"') == 1, "one process speaks for both"
    one, two = losses(tmp_path / "one"), losses(tmp_path / "two")
    assert list(one) == [phase.name for phase in phases] and all(len(curve) == 6 for curve in one.values())
    for name in one:
        assert two[name] == pytest.approx(one[name], rel=5e-3), name
    assert two["plain"][:3] == pytest.approx(one["plain"][:3], rel=1e-5)
    weights = [load_file(tmp_path / name / "model.safetensors") for name in ("one", "two")]
    for key in weights[0]:
        torch.testing.assert_close(weights[1][key], weights[0][key], rtol=0.1, atol=1e-2, msg=key)
