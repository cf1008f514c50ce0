"""One step: images to vectors to loss to gradients, whole or in exact chunks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager

import torch
from torch import Tensor, nn

from gleam.encoder import EncoderModel, ViewRun
from gleam.encoder.normalisation import ViewNorm, runs_within
from gleam.encoder.ragged import Pictures
from gleam.errors import ConfigError
from gleam.training.augmentation import changes_colour, recolour
from gleam.training.batches import StepInput
from gleam.training.config import LossConfig, PhaseConfig
from gleam.training.loss import contrastive_loss, view_pairs

Autocast = Callable[[], AbstractContextManager[None]]


def backward(
    model: EncoderModel,
    log_scale: nn.Parameter,
    inputs: StepInput,
    phase: PhaseConfig,
    loss_config: LossConfig,
    *,
    device: torch.device,
    autocast: Autocast,
) -> Tensor:
    """Add the gradients of this process's share of the loss; return the share, detached.

    The mean over the processes of shares and gradients is that of the whole batch.

    Raises:
        ConfigError: ``chunk`` is set although batch statistics are trained (it could not be exact).
    """
    with torch.no_grad():
        images = model.normalise(inputs.pixels.to(device))
        if changes_colour(phase.augment):
            images = recolour(images, inputs.colour.to(device))
    present = inputs.present.to(device)
    clash = inputs.clash.to(device)
    pairs = view_pairs(inputs.views, loss_config)

    def loss_of(vectors: Tensor) -> Tensor:
        return contrastive_loss(
            spread(vectors, present),
            present,
            clash,
            log_scale.exp(),
            pairs,
            label_smoothing=loss_config.label_smoothing,
            first_place=inputs.first_place,
        )

    if 0 < phase.chunk < len(images):
        return _backward_chunked(model, images, inputs.runs, loss_of, phase.chunk, autocast)
    with autocast():
        vectors = model(images, inputs.runs)
    loss = loss_of(vectors.float())
    torch.autograd.backward(loss)
    return loss.detach()


def spread(vectors: Tensor, present: Tensor) -> Tensor:
    """Place the vectors (N, D) of the images there are in a (V, B, D) array; zeros elsewhere."""
    if len(vectors) == present.numel():
        return vectors.view(*present.shape, -1)
    rows = present.flatten().nonzero()[:, 0]
    empty = vectors.new_zeros(present.numel(), vectors.shape[1])
    return empty.index_copy(0, rows, vectors).view(*present.shape, -1)


def _backward_chunked(
    model: EncoderModel,
    images: Pictures,
    runs: Sequence[ViewRun],
    loss_of: Callable[[Tensor], Tensor],
    chunk: int,
    autocast: Autocast,
) -> Tensor:
    """Gradient caching (Gao et al. 2021): exact gradients of a big batch in the memory of a small one.

    The vectors come first, without a graph; the loss gives the gradient of each vector; then each chunk
    is computed again, with a graph, and given its gradients. Random layers see the same numbers twice.
    """
    for name, module in batch_statistics(model):
        if module.training:
            raise ConfigError(
                f"chunk cannot be exact while batch statistics are trained ({name}); set freeze_statistics "
                "or chunk 0, or choose a backbone without batch normalisation."
            )
    spans = [slice(a, min(a + chunk, len(images))) for a in range(0, len(images), chunk)]
    parts, states = [], []
    with torch.no_grad(), autocast():
        for span in spans:
            states.append(_random_state(images.device))
            parts.append(model(images[span], runs_within(runs, span)).float())
    vectors = torch.cat(parts).requires_grad_()
    loss = loss_of(vectors)
    torch.autograd.backward(loss)
    after = _random_state(images.device)
    gradient = vectors.grad
    assert gradient is not None
    for span, state in zip(spans, states, strict=True):
        _set_random_state(images.device, state)
        with autocast():
            again = model(images[span], runs_within(runs, span))
        torch.autograd.backward(again.float(), gradient[span])
    _set_random_state(images.device, after)
    return loss.detach()


def batch_statistics(model: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """Yield the modules, with their names, that normalise by the statistics of the batch in training."""
    for name, module in model.named_modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm | ViewNorm):
            yield name, module


def _random_state(device: torch.device) -> list[Tensor]:
    states = [torch.get_rng_state()]
    if device.type == "cuda":
        states.append(torch.cuda.get_rng_state(device))
    return states


def _set_random_state(device: torch.device, states: list[Tensor]) -> None:
    torch.set_rng_state(states[0])
    if device.type == "cuda":
        torch.cuda.set_rng_state(states[1], device)
