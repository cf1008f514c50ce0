"""The network while it learns: weights, their average, the optimiser, and the step that moves them."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn

from gleam.encoder import Encoder, EncoderConfig, EncoderModel, build_model
from gleam.errors import ConfigError, GleamError
from gleam.training.averaging import WeightAverage
from gleam.training.batches import StepInput
from gleam.training.checkpoint import parameter_groups
from gleam.training.compiling import compile_blocks
from gleam.training.config import PhaseConfig, TrainConfig
from gleam.training.gather import average_gradients
from gleam.training.lora import add_adapters, is_frozen_beside_adapters, merged
from gleam.training.recompute import recompute_activations
from gleam.training.runtime import Runtime
from gleam.training.step import backward, batch_statistics


class Learner:
    """What learns, apart from where its pictures come from and where it is kept.

    model: the network. average: of its weights, or None. log_scale: of the loss. optimiser: of the phase
    that :meth:`begin` was called with.
    """

    def __init__(self, config: TrainConfig, runtime: Runtime) -> None:
        """Build the network, or load it, and put it on its device."""
        self.config = config
        self.runtime = runtime
        self.model = first_model(config)
        if config.lora is not None:
            add_adapters(self.model, config.lora, config.seed)
        self.model.to(runtime.device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = WeightAverage(self.model, config.ema_decay) if config.ema_decay else None
        # After the average, whose copy must not call the blocks of this network; compiled first, so that
        # what is computed twice is the compiled block.
        if config.compile:
            compile_blocks(self.model, runtime.device)
        if config.checkpoint_activations:
            recompute_activations(self.model)
        start = math.log(1.0 / config.loss.temperature)
        self.log_scale = nn.Parameter(torch.tensor(start, device=runtime.device))
        self.optimiser: torch.optim.Optimizer | None = None

    @property
    def encoder_config(self) -> EncoderConfig:
        """The configuration of the network."""
        return self.model.config

    @property
    def best(self) -> EncoderModel:
        """The network to judge by: the average where there is one."""
        return self.average.model if self.average is not None else self.model

    def finished(self) -> Encoder:
        """Return the encoder as it is now, adapters added into its weights."""
        best = merged(self.best) if self.config.lora is not None else self.best
        return Encoder(best, self.config.name)

    def parameter_count(self) -> int:
        """Return the number of parameters, trained or not."""
        return sum(parameter.numel() for parameter in self.model.parameters())

    def begin(self, phase: PhaseConfig) -> torch.optim.Optimizer:
        """Make the optimiser of a phase.

        Raises:
            GleamError: A name that the phase freezes begins no parameter's name.
        """
        groups = trained_groups(self.model, self.config, phase)
        if (phase.loss or self.config.loss).learnable:
            groups[1]["params"].append(self.log_scale)
        self.optimiser = torch.optim.AdamW(groups, lr=phase.rate, betas=phase.betas)
        return self.optimiser

    def step(self, inputs: StepInput, phase: PhaseConfig, rate: float) -> float:
        """Learn from one global batch; return its loss over all processes.

        Raises:
            GleamError: The loss is not finite; the weights are then as they were.
        """
        assert self.optimiser is not None, "begin comes first"
        self.model.train()
        if phase.freeze_statistics:
            for _, module in batch_statistics(self.model):
                module.eval()
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.optimiser.zero_grad(set_to_none=True)
        loss_config = phase.loss or self.config.loss
        try:
            share = backward(
                self.model,
                self.log_scale,
                inputs,
                phase,
                loss_config,
                device=self.runtime.device,
                autocast=self.runtime.autocast,
            )
        except torch.OutOfMemoryError as error:
            raise GleamError(
                f"A step of phase {phase.name!r} ({len(inputs.pixels)} images here) does not fit into the "
                "GPU's memory; set its chunk, or checkpoint_activations. `gleam train --estimate` tells "
                "what fits."
            ) from error
        trained = [p for group in self.optimiser.param_groups for p in group["params"]]
        average_gradients(trained)
        loss = float(self.runtime.mean(share))
        if not math.isfinite(loss):
            raise GleamError(
                f"The loss of phase {phase.name!r} is not finite; lower its rate (now {rate:g}) or raise "
                "its warmup. The last checkpoint is kept."
            )
        if phase.clip_norm:
            nn.utils.clip_grad_norm_(trained, phase.clip_norm)
        self.optimiser.step()
        with torch.no_grad():
            self.log_scale.clamp_(max=math.log(loss_config.max_scale))
        if self.average is not None:
            self.average.update(self.model)
        return loss


def first_model(config: TrainConfig) -> EncoderModel:
    """Return the network that a training begins with: fresh, or the encoder it starts from.

    Raises:
        ConfigError: The encoder to start from has another configuration than the recipe.
    """
    if config.start is None:
        return build_model(config.encoder, config.seed)
    encoder = Encoder.from_pretrained(config.start)
    if config.encoder != EncoderConfig() and build_model(config.encoder).config != encoder.config:
        raise ConfigError(
            f"The encoder {config.start!r} to start from has another configuration than the section "
            "'encoder'; leave that section out, or make it equal."
        )
    return encoder.model


def trained_groups(model: EncoderModel, config: TrainConfig, phase: PhaseConfig) -> list[dict[str, Any]]:
    """Return what a phase trains as the optimiser's groups, and mark the rest as not trained."""
    beside = is_frozen_beside_adapters if config.lora is not None else None
    return parameter_groups(model.named_parameters(), phase.weight_decay, phase.freeze, beside)
