"""The head's pooling: equal to its formula, and finite where the formula's powers leave the floats."""

import pytest
import torch

from gleam.encoder.normalisation import RunContext, ViewRun
from gleam.encoder.pooling import LayoutHead
from gleam.views import View


def head(channels: int, power: float) -> LayoutHead:
    torch.manual_seed(0)
    context = RunContext()
    context.runs = (ViewRun(View.DRONE, 3),)
    made = LayoutHead(channels, 5, 2, 4, context, True).eval()
    torch.nn.init.constant_(made.power, power)
    return made


@pytest.mark.parametrize("power", [1.0, 3.0, 7.5])
def test_generalised_mean_equals_its_formula(power: float) -> None:
    features = torch.rand(3, 6, 4, 4, dtype=torch.float64) * 5
    made = head(6, power).double()
    seen: list[torch.Tensor] = []
    made.project.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    made(features)
    wanted = torch.stack(
        [
            torch.stack([(c.clamp(min=1e-4) ** power).mean() ** (1 / power) for c in image])
            for image in features
        ]
    )
    torch.testing.assert_close(seen[0][:, :6], wanted)


@pytest.mark.parametrize("power", [3.0, 10.0, 30.0])
def test_dead_and_loud_channels_have_finite_gradients_at_high_powers(power: float) -> None:
    features = torch.zeros(3, 6, 4, 4)
    features[:, 1] = 1e5
    features[:, 2, 1, 1] = 7.0
    features.requires_grad_()
    made = head(6, power)
    vector = made(features).vector
    vector[:, 0].sum().backward()
    assert torch.isfinite(vector).all()
    for value in (features.grad, made.power.grad, made.project.weight.grad):
        assert value is not None
        assert torch.isfinite(value).all()
