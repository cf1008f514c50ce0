"""One training step without numbers: its arithmetic and its memory, counted operation by operation.

The very step that trains (:func:`gleam.training.step.backward`) runs on tensors that have shapes but no
content. Every storage that appears is counted until it disappears, as an allocator without waste would.
"""

from __future__ import annotations

import functools
import sys
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import flop_registry

from gleam.encoder import EncoderConfig, EncoderModel, ViewRun, build_model
from gleam.encoder.ragged import joined
from gleam.training.augmentation import Colour
from gleam.training.batches import StepInput
from gleam.training.config import PhaseConfig, TrainConfig
from gleam.training.learner import trained_groups
from gleam.training.lora import add_adapters
from gleam.training.recompute import recompute_activations
from gleam.training.step import backward, batch_statistics
from gleam.views import View


@dataclass(frozen=True)
class StepTrace:
    """What one step of one process takes.

    parameters: of the network; trained: of those that learn. weights: bytes of the network with its
    buffers. gradients: bytes. working: the most bytes at once beyond the weights, gradients included.
    operations: floating-point operations, a multiplication and an addition counted as two. calls: of
    functions that a GPU would be started for.
    """

    parameters: int
    trained: int
    weights: int
    gradients: int
    working: int
    operations: int
    calls: int


def trace_step(
    config: TrainConfig,
    encoder: EncoderConfig,
    phase: PhaseConfig,
    views: Sequence[View],
    places: int,
    *,
    as_on_gpu: bool = True,
) -> StepTrace:
    """Trace one step with ``places`` places, each with an image of every one of ``views``.

    Args:
        config: The recipe; its precision, adapters and ``checkpoint_activations`` count.
        encoder: The network, without anything to download.
        phase: Gives ``chunk``, what is frozen, and the loss.
        views: Satellite first.
        places: Of this process.
        as_on_gpu: Let bfloat16 spare the operations that CUDA keeps in float32, instead of those of a CPU.
    """
    model = _without_content(config, encoder)
    short = config.precision == "bf16"
    with _fresh_caches(), FakeTensorMode():
        _give_shapes(model)
        if config.checkpoint_activations:
            recompute_activations(model)
        groups = trained_groups(model, config, phase)
        trained = [parameter for group in groups for parameter in group["params"]]
        model.train()
        if phase.freeze_statistics:
            for _, module in batch_statistics(model):
                module.eval()
        log_scale = nn.Parameter(torch.empty(()))
        count = _Count([*model.parameters(), *model.buffers(), log_scale])
        with count, _like_cuda() if short and as_on_gpu else nullcontext():
            backward(
                model,
                log_scale,
                _inputs(encoder, views, places),
                replace(phase, augment=replace(phase.augment, gain=0, tint=0, grey=0)),
                phase.loss or config.loss,
                device=torch.device("cpu"),
                autocast=_short if short else nullcontext,
            )
    tensors = [*model.parameters(), *model.buffers()]
    return StepTrace(
        parameters=sum(p.numel() for p in model.parameters()),
        trained=sum(p.numel() for p in trained),
        weights=sum(t.numel() * t.element_size() for t in tensors),
        gradients=sum(p.numel() * 4 for p in trained),
        working=count.peak,
        operations=count.operations,
        calls=count.calls,
    )


@contextmanager
def _fresh_caches() -> Iterator[None]:
    """Keep tensors without content out of the libraries' caches: later real steps would find them there."""

    def clear() -> None:
        for name in [name for name in sys.modules if name.startswith("transformers.models.")]:
            for value in list(vars(sys.modules[name]).values()):
                # A wrapper around what is cached has it in its closure.
                inside = [cell.cell_contents for cell in getattr(value, "__closure__", None) or ()]
                for cached in (value, *inside):
                    if callable(getattr(cached, "cache_clear", None)):
                        cached.cache_clear()

    clear()
    try:
        yield
    finally:
        clear()


def _short() -> AbstractContextManager[None]:
    return torch.autocast("cpu", dtype=torch.bfloat16)


def _without_content(config: TrainConfig, encoder: EncoderConfig) -> EncoderModel:
    """Build the network on the device that stores nothing: at once, whatever its size."""
    with torch.device("meta"):
        model = build_model(encoder)
        if config.lora is not None:
            add_adapters(model, config.lora, config.seed)
    return model


def _give_shapes(model: nn.Module) -> None:
    """Replace the tensors of a network by ones of the mode that is on, on the CPU as far as they tell."""
    made: dict[int, Tensor] = {}

    def like(tensor: Tensor) -> Tensor:
        if id(tensor) not in made:
            made[id(tensor)] = torch.empty(tensor.shape, dtype=tensor.dtype)
        return made[id(tensor)]

    for module in model.modules():
        for name, parameter in module._parameters.items():
            if parameter is not None:
                module._parameters[name] = nn.Parameter(like(parameter), parameter.requires_grad)
        for name, buffer in module._buffers.items():
            if buffer is not None:
                module._buffers[name] = like(buffer)


def _inputs(encoder: EncoderConfig, views: Sequence[View], places: int) -> StepInput:
    pictures = [
        torch.empty((places, 3, *encoder.preparation.size(view)), dtype=torch.uint8) for view in views
    ]
    count = len(views) * places
    return StepInput(
        views=tuple(views),
        pixels=joined(pictures),
        runs=tuple(ViewRun(view, places) for view in views),
        colour=Colour(torch.empty(count), torch.empty(count, 3), torch.empty(count, dtype=torch.bool)),
        present=torch.empty((len(views), places), dtype=torch.bool),
        clash=torch.empty((places, places), dtype=torch.bool),
        first_place=0,
    )


class _Count(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts operations, and the bytes of all storages from their first appearance until they are gone.

    Not by torch's FlopCounterMode, whose module hooks keep tensors alive.
    """

    def __init__(self, standing: Sequence[Tensor]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.now = self.peak = self.operations = self.calls = 0
        # What is there before is not counted, nor are views of it.
        self._seen: dict[int, Any] = {t.untyped_storage()._cdata: t.untyped_storage() for t in standing}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        named = kwargs or {}
        out = func(*args, **named)
        counted = _CORRECTED.get(func._overloadpacket) or flop_registry.get(func._overloadpacket)
        if counted is not None:
            self.operations += int(counted(*args, **named, out_val=out))
        new = [self._count(t.untyped_storage()) for t in tree_leaves(out) if isinstance(t, Tensor)]
        # Views start nothing; what writes does.
        self.calls += int(any(new) or func._schema.is_mutable)
        return out

    def _count(self, storage: torch.UntypedStorage) -> bool:
        """Count a storage that was not seen before; tell whether it was new."""
        key, size = storage._cdata, storage.nbytes()
        if key in self._seen:
            return False
        self._seen[key] = weakref.ref(storage, functools.partial(self._gone, key, size))
        self.now += size
        self.peak = max(self.peak, self.now)
        return True

    def _gone(self, key: int, size: int, _: object) -> None:
        del self._seen[key]
        self.now -= size


@contextmanager
def _like_cuda() -> Iterator[None]:
    """Under autocast, compute in float32 what CUDA's autocast does so and a CPU's does not.

    These are what the blocks of our backbones call; by name, since no mode of torch reaches into blocks
    that are computed again.
    """
    names = ("layer_norm", "group_norm", "softmax")
    plain = {name: getattr(nn.functional, name) for name in names}

    def spared(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
        def run(x: Tensor, *arguments: Any, **named: Any) -> Tensor:
            short = torch.is_autocast_enabled("cpu") and x.dtype == torch.bfloat16
            return function(x.float() if short else x, *arguments, **named)

        return run

    try:
        for name, function in plain.items():
            setattr(nn.functional, name, spared(function))
        yield
    finally:
        for name, function in plain.items():
            setattr(nn.functional, name, function)


def _convolution_backward(
    gradient: Tensor, x: Tensor, weight: Tensor, *arguments: Any, out_val: Any, **named: Any
) -> int:
    """Count the operations of a convolution's gradients, groups included.

    The library's own count of the weights' gradient forgets the groups: 128 times too many operations
    in a depthwise layer of 128 channels.
    """
    # Of a transposed convolution the input plays the output's part.
    places = x if arguments[4] else gradient
    once = 2 * places.numel() * weight[0].numel()
    return once * (int(out_val[0] is not None) + int(out_val[1] is not None))


def _attention(q: Tensor, k: Tensor, v: Tensor, *arguments: Any, **named: Any) -> int:
    """Count the two products of attention on a CPU, which the library leaves out."""
    queries = q.numel() // q.shape[-1]
    return 2 * queries * k.shape[-2] * (q.shape[-1] + v.shape[-1])


def _attention_backward(
    gradient: Tensor, q: Tensor, k: Tensor, v: Tensor, *arguments: Any, **named: Any
) -> int:
    """Count five products: the similarities again, and the gradients of both products' factors."""
    return _attention(q, k, v) * 5 // 2


_aten = torch.ops.aten
_CORRECTED: dict[Any, Callable[..., int]] = {
    _aten.convolution_backward: _convolution_backward,
    _aten._scaled_dot_product_flash_attention_for_cpu: _attention,
    _aten._scaled_dot_product_flash_attention_for_cpu_backward: _attention_backward,
}
