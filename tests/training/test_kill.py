"""kill -9 at any moment, then ``--resume``: the same losses and the same weights, for real."""

import multiprocessing
import random
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from multiprocessing.process import BaseProcess
from pathlib import Path

import torch
from safetensors.torch import load_file

from gleam.cli.main import main
from gleam.config import to_yaml
from gleam.encoder import Encoder
from gleam.errors import EncoderError
from gleam.training.config import TrainConfig
from gleam.training.journal import read_journal

# Processes fork from a server that has imported the trainer once: real processes to kill, quick to start.
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["gleam.training.trainer", "gleam.cli.main", "gleam.cli.train"])


def start(recipe: Path, *more: str) -> BaseProcess:
    process = FORKS.Process(target=main, args=(["train", str(recipe), *more],))
    process.start()
    return process


def lines_in(log: Path) -> int:
    return log.read_bytes().count(b"\n") if log.exists() else 0


def test_killed_trainings_go_on_exactly(recipe: Callable[..., TrainConfig], tmp_path: Path) -> None:
    chance = random.Random(4)
    config = recipe(phase={"steps": 20}, ema_decay=0.9, checkpoint_every_steps=4)
    recipes = {}
    for name in ("whole", "killed"):
        recipes[name] = tmp_path / f"{name}.yaml"
        recipes[name].write_text(to_yaml(replace(config, out=str(tmp_path / name))))
    whole = start(recipes["whole"])
    log, out = tmp_path / "killed" / "log.jsonl", tmp_path / "killed"
    # The second kill falls between phases: the encoder of the first is being written.
    for after in (chance.randrange(3, 12), 22, chance.randrange(26, 40)):
        process = start(recipes["killed"], *(["--resume"] if log.exists() else []))
        deadline = time.monotonic() + 120
        while lines_in(log) < after and process.is_alive() and time.monotonic() < deadline:
            time.sleep(0.001)
        time.sleep(chance.random() * 0.02)
        process.kill()
        process.join()
        assert process.exitcode == -signal.SIGKILL
        try:
            Encoder.from_pretrained(out)
        except EncoderError:
            pass
        else:
            raise AssertionError("an unfinished training was taken for a whole encoder")
    last = start(recipes["killed"], "--resume")
    for process in (last, whole):
        process.join(180)
        assert process.exitcode == 0

    def steps(folder: Path) -> list[tuple[int, float]]:
        lines = read_journal(folder / "log.jsonl")
        return [(line["step"], line["loss"]) for line in lines if line["kind"] == "step"]

    assert len(steps(out)) == 40
    assert steps(out) == steps(tmp_path / "whole")
    one, two = (load_file(tmp_path / name / "model.safetensors") for name in ("whole", "killed"))
    assert all(torch.equal(one[key], two[key]) for key in one)
