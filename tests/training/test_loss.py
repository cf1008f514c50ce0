"""The loss against a slow, obvious reference, and on two processes against one big batch."""

import math
import multiprocessing
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from gleam.training.config import LossConfig
from gleam.training.gather import average_gradients
from gleam.training.loss import contrastive_loss, view_pairs
from gleam.views import View

VIEWS = (View.SATELLITE, View.DRONE, View.MAP, View.GROUND)


def reference(
    vectors: Tensor,
    present: Tensor,
    clash: Tensor,
    scale: float,
    config: LossConfig,
    views: tuple[View, ...] = VIEWS,
) -> float:
    """Loop over pairs of views, directions and places, one cross entropy at a time."""
    total, weights = 0.0, 0.0
    for i in range(len(views)):
        for j in range(i + 1, len(views)):
            if i > 0 and config.anchor == "satellite":
                continue
            weight = config.view_weights.get(views[j].value, 1.0)
            if i > 0:
                weight *= config.other_pairs * config.view_weights.get(views[i].value, 1.0)
            for a, b in ((i, j), (j, i)):
                losses = []
                for place in range(vectors.shape[1]):
                    if not (present[a, place] and present[b, place]):
                        continue
                    rivals = [
                        other
                        for other in range(vectors.shape[1])
                        if present[b, other] and (other == place or not clash[place, other])
                    ]
                    logits = [scale * float(vectors[a, place] @ vectors[b, other]) for other in rivals]
                    log_sum = math.log(sum(math.exp(x) for x in logits))
                    shares = [x - log_sum for x in logits]
                    own = shares[rivals.index(place)]
                    smooth = config.label_smoothing
                    losses.append(-(1 - smooth) * own - smooth * sum(shares) / len(shares))
                if losses:
                    total += weight * sum(losses) / len(losses)
                    weights += weight
    return total / weights


def example(seed: int = 0, places: int = 7, missing: bool = True) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    vectors = functional.normalize(
        torch.randn(4, places, 5, generator=generator, dtype=torch.float64), dim=-1
    )
    present = torch.ones(4, places, dtype=torch.bool)
    clash = torch.zeros(places, places, dtype=torch.bool)
    if missing:
        present[1:] = torch.rand(3, places, generator=generator) < 0.7
        clash[0, 3] = clash[3, 0] = True
    return vectors, present, clash


def loss_of(vectors: Tensor, present: Tensor, clash: Tensor, scale: Tensor, config: LossConfig) -> Tensor:
    pairs = view_pairs(VIEWS, config)
    return contrastive_loss(vectors, present, clash, scale, pairs, label_smoothing=config.label_smoothing)


@pytest.mark.parametrize("missing", [False, True])
@pytest.mark.parametrize("anchor", ["satellite", "all"])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_equals_the_slow_reference(missing: bool, anchor: str, smoothing: float) -> None:
    config = LossConfig(
        anchor=anchor, label_smoothing=smoothing, other_pairs=0.5, view_weights={"ground": 2.0, "map": 0.3}
    )
    for seed in range(5):
        vectors, present, clash = example(seed, missing=missing)
        loss = loss_of(vectors, present, clash, torch.tensor(12.0), config)
        assert float(loss) == pytest.approx(reference(vectors, present, clash, 12.0, config), rel=1e-6)


def test_equals_the_cross_entropy_of_torch() -> None:
    vectors, present, clash = example(missing=False)
    pairs = view_pairs((View.SATELLITE, View.DRONE), LossConfig())
    ours = contrastive_loss(vectors[:2], present[:2], clash, torch.tensor(9.0), pairs, label_smoothing=0.1)
    logits = 9.0 * vectors[1] @ vectors[0].T
    target = torch.arange(len(logits))
    both = [functional.cross_entropy(x, target, label_smoothing=0.1) for x in (logits, logits.T)]
    assert float(ours) == pytest.approx(float(sum(both)) / 2, rel=1e-6)


def test_overlapping_places_are_no_negatives() -> None:
    vectors, present, clash = example(missing=False)
    pairs = view_pairs((View.SATELLITE, View.DRONE), LossConfig())
    vectors = vectors[:2].clone()
    # Place 1 looks exactly like place 0 from above, as an overlapping tile would.
    vectors[0, 1] = vectors[0, 0]

    def gradient_on_the_look_alike(overlap: bool) -> float:
        clash[0, 1] = clash[1, 0] = overlap
        free = vectors.clone().requires_grad_()
        contrastive_loss(free, present[:2], clash, torch.tensor(20.0), pairs).backward()
        assert free.grad is not None
        return float(free.grad[1, 0] @ vectors[0, 1])

    assert abs(gradient_on_the_look_alike(True)) < abs(gradient_on_the_look_alike(False)) - 0.1


def test_missing_images_have_no_influence_and_no_gradient() -> None:
    vectors, present, clash = example(2)
    config = LossConfig(anchor="all", label_smoothing=0.1)
    vectors = vectors.requires_grad_()
    loss = loss_of(vectors, present, clash, torch.tensor(5.0), config)
    loss.backward()
    assert vectors.grad is not None and bool(vectors.grad.isfinite().all())
    assert float(vectors.grad[~present].abs().max()) == 0.0
    other = torch.where(present[..., None], vectors.detach(), torch.tensor(3.0, dtype=torch.float64))
    assert float(loss_of(other, present, clash, torch.tensor(5.0), config)) == pytest.approx(
        float(loss.detach()), rel=1e-12
    )


def test_no_common_view_gives_zero_and_not_nan() -> None:
    vectors, present, clash = example(missing=False)
    present[1:] = False
    vectors.requires_grad_()
    loss = loss_of(vectors, present, clash, torch.tensor(5.0), LossConfig())
    loss.backward()
    assert float(loss.detach()) == 0.0
    assert vectors.grad is not None and not bool(vectors.grad.isnan().any())


def test_the_star_compares_with_the_satellite_only() -> None:
    star = view_pairs(VIEWS, LossConfig(anchor="satellite"))
    assert set(star.right) == {0} and star.left == (1, 2, 3)
    assert len(view_pairs(VIEWS, LossConfig(anchor="all")).left) == 6


# --- two processes ---------------------------------------------------------------------------------


FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["gleam.training.loss"])
ANCHORS: tuple[Literal["satellite", "all"], ...] = ("satellite", "all")


def network() -> tuple[torch.nn.Parameter, torch.nn.Parameter]:
    """Return a map of the vectors and a log scale, always the same."""
    return torch.nn.Parameter(torch.linspace(0.5, 1.5, 25).view(5, 5)), torch.nn.Parameter(torch.tensor(1.5))


def one_of_two(rank: int, folder: str) -> None:
    """Compute this process's share of the losses; runs in its own process."""
    torch.set_num_threads(1)
    torch.distributed.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=2)
    vectors, present, clash = example(3, places=6)
    own = slice(3 * rank, 3 * rank + 3)
    for anchor in ANCHORS:
        weight, log_scale = network()
        out = functional.normalize(vectors[:, own].float() @ weight, dim=-1)
        pairs = view_pairs(VIEWS, LossConfig(anchor=anchor))
        share = contrastive_loss(
            out, present[:, own], clash, log_scale.exp(), pairs, label_smoothing=0.1, first_place=3 * rank
        )
        share.backward()
        average_gradients([weight, log_scale])
        mean = share.detach().clone()
        torch.distributed.all_reduce(mean)
        assert weight.grad is not None and log_scale.grad is not None
        np.savez(f"{folder}/{anchor}-{rank}.npz", loss=mean / 2, weight=weight.grad, scale=log_scale.grad)
    torch.distributed.destroy_process_group()


def test_two_processes_equal_one_big_batch(tmp_path: Path) -> None:
    processes = [FORKS.Process(target=one_of_two, args=(rank, str(tmp_path))) for rank in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
        assert process.exitcode == 0
    vectors, present, clash = example(3, places=6)
    for anchor in ANCHORS:
        weight, log_scale = network()
        config = LossConfig(anchor=anchor, label_smoothing=0.1)
        out = functional.normalize(vectors.float() @ weight, dim=-1)
        loss = loss_of(out, present, clash, log_scale.exp(), config)
        loss.backward()
        assert weight.grad is not None and log_scale.grad is not None
        for rank in range(2):
            with np.load(tmp_path / f"{anchor}-{rank}.npz") as found:
                assert float(found["loss"]) == pytest.approx(float(loss.detach()), abs=1e-5)
                np.testing.assert_allclose(found["weight"], weight.grad.numpy(), atol=1e-5)
                np.testing.assert_allclose(found["scale"], log_scale.grad.numpy(), atol=1e-5)
