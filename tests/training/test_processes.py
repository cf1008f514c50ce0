"""Two processes, as torchrun would start them, learn what one process learns."""

import multiprocessing
import os
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from gleam.cli.main import main
from gleam.config import to_yaml
from gleam.training.config import HardNegativesConfig, LossConfig, TrainConfig
from gleam.training.journal import read_journal
from gleam.training.trainer import train

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["gleam.training.trainer", "gleam.cli.main", "gleam.cli.train"])


def one_of_two(rank: int, port: int, recipe: str) -> None:
    """Stand in for torchrun, which tells a process by its environment who it is."""
    os.environ |= {
        "RANK": str(rank),
        "LOCAL_RANK": str(rank),
        "WORLD_SIZE": "2",
        "LOCAL_WORLD_SIZE": "2",
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
    }
    main(["train", recipe])


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_two_processes_learn_what_one_learns(recipe: Callable[..., TrainConfig], tmp_path: Path) -> None:
    # Batch statistics are those of a process; frozen, nothing depends on how many there are. So they come
    # from a training before.
    train(recipe(out=str(tmp_path / "start"), evaluate=None))
    config = recipe(
        start=str(tmp_path / "start"),
        phase={
            "batch": 8,
            "steps": 8,
            "freeze_statistics": True,
            "hard_negatives": HardNegativesConfig(every_epochs=1, from_epoch=1, pool=4, per_seed=2),
        },
        loss=LossConfig(anchor="all", label_smoothing=0.1),
        ema_decay=0.5,
    )
    # The second phase in chunks: gradient caching, too, is exact on several processes.
    config = replace(config, phases=[config.phases[0], replace(config.phases[1], chunk=9)])
    files = {}
    for name in ("one", "two"):
        files[name] = tmp_path / f"{name}.yaml"
        files[name].write_text(to_yaml(replace(config, out=str(tmp_path / name))))
    port = free_port()
    processes = [FORKS.Process(target=one_of_two, args=(rank, port, str(files["two"]))) for rank in range(2)]
    processes.append(FORKS.Process(target=main, args=(["train", str(files["one"])],)))
    for process in processes:
        process.start()
    for process in processes:
        process.join(240)
        assert process.exitcode == 0
    losses = {
        name: [line["loss"] for line in read_journal(tmp_path / name / "log.jsonl") if line["kind"] == "step"]
        for name in files
    }
    assert len(losses["one"]) == 16
    assert losses["two"] == pytest.approx(losses["one"], rel=2e-3)
    assert losses["two"][:3] == pytest.approx(losses["one"][:3], rel=1e-5)
    one, two = (load_file(tmp_path / name / "model.safetensors") for name in files)
    for key in one:
        torch.testing.assert_close(two[key], one[key], rtol=0.05, atol=5e-3, msg=key)
