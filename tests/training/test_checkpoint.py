"""Checkpoints: exact, atomic, strict, and no pickle."""

from pathlib import Path

import pytest
import torch
from torch import nn

from gleam.errors import GleamError
from gleam.training.checkpoint import (
    Checkpoint,
    flatten,
    load_strictly,
    newest_checkpoint,
    optimiser_tensors,
    parameter_groups,
    restore_optimiser,
    save_checkpoint,
)


def trained(steps: int) -> tuple[nn.Linear, torch.optim.AdamW]:
    torch.manual_seed(0)
    net = nn.Linear(4, 3)
    optimiser = torch.optim.AdamW(net.parameters(), lr=0.1)
    for _ in range(steps):
        step(net, optimiser)
    return net, optimiser


def step(net: nn.Linear, optimiser: torch.optim.AdamW) -> None:
    optimiser.zero_grad()
    net(torch.ones(2, 4)).square().sum().backward()
    optimiser.step()


def test_going_on_from_a_checkpoint_is_exact(tmp_path: Path) -> None:
    net, optimiser = trained(3)
    groups = {"model": net.state_dict(), "optimiser": optimiser_tensors(optimiser)}
    save_checkpoint(tmp_path, 3, Checkpoint(flatten(groups), {"phase": 1}), keep=2)
    for _ in range(4):
        step(net, optimiser)
    found = newest_checkpoint(tmp_path)
    assert found is not None and found.state["phase"] == 1
    other, again = trained(0)
    load_strictly(other, found.group("model"), "network")
    restore_optimiser(again, found.group("optimiser"))
    for _ in range(4):
        step(other, again)
    assert torch.equal(other.weight, net.weight) and torch.equal(other.bias, net.bias)


def test_only_the_newest_are_kept(tmp_path: Path) -> None:
    assert newest_checkpoint(tmp_path) is None
    for number in (5, 10, 100, 1000):
        save_checkpoint(tmp_path, number, Checkpoint({"x": torch.tensor(number)}, {}), keep=2)
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "step-000000100.safetensors",
        "step-000001000.safetensors",
    ]
    found = newest_checkpoint(tmp_path)
    assert found is not None and int(found.tensors["x"]) == 1000


def test_a_full_disk_keeps_the_earlier_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_checkpoint(tmp_path, 1, Checkpoint({"x": torch.tensor(1)}, {}), keep=2)

    def full(tensors: object, path: Path, metadata: object) -> None:
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("gleam.training.checkpoint.save_file", full)
    with pytest.raises(GleamError, match="disk is full"):
        save_checkpoint(tmp_path, 2, Checkpoint({"x": torch.tensor(2)}, {}), keep=2)
    assert [file.name for file in tmp_path.iterdir()] == ["step-000000001.safetensors"]


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    path = save_checkpoint(tmp_path, 1, Checkpoint({"x": torch.zeros(100)}, {}), keep=2)
    path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(GleamError, match="step-000000001"):
        newest_checkpoint(tmp_path)


def test_weights_that_do_not_fit_are_refused() -> None:
    net = nn.Linear(4, 3)
    state = dict(net.state_dict())
    for bad in (
        {"weight": state["weight"]},
        {**state, "extra": torch.zeros(1)},
        {**state, "bias": torch.zeros(4)},
    ):
        with pytest.raises(GleamError, match="does not fit"):
            load_strictly(net, bad, "network")


def test_freezing() -> None:
    net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    decayed, free = parameter_groups(net.named_parameters(), 0.1, ["0."])
    assert [id(p) for p in decayed["params"]] == [id(net[1].weight)]
    assert [id(p) for p in free["params"]] == [id(net[1].bias)] and free["weight_decay"] == 0.0
    assert not net[0].weight.requires_grad
    parameter_groups(net.named_parameters(), 0.1, [])
    assert net[0].weight.requires_grad, "a later phase without freeze must train everything again"
    with pytest.raises(GleamError, match="'head'"):
        parameter_groups(net.named_parameters(), 0.1, ["head"])
