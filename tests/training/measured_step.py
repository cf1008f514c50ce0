"""Run real steps and print the most memory each took beyond what was there before, beside the traced figure.

A program of its own: allocations of other tests would stand in its way, and the allocator is told (by
``MALLOC_MMAP_THRESHOLD_``, set by who starts this) to give back at once what is freed.
"""

import contextlib
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from gleam.config import load_config
from gleam.encoder import build_model
from gleam.training import tracing
from gleam.training.config import TrainConfig
from gleam.training.recompute import recompute_activations
from gleam.training.step import backward, batch_statistics
from gleam.views import View

VIEWS = (View.SATELLITE, View.PANORAMA)


def status(key: str) -> int:
    """Return a line of the kernel's account of this process, in bytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith(key))


def measured(config: TrainConfig, places: int) -> int:
    phase = config.phases[0]
    model = build_model(config.encoder, 0).train()
    for _, module in batch_statistics(model):
        module.eval()
    if config.checkpoint_activations:
        recompute_activations(model)
    log_scale = nn.Parameter(torch.tensor(2.0))

    def step(count: int) -> None:
        inputs = tracing._inputs(config.encoder, VIEWS, count)
        pixels: Any = inputs.pixels
        backward(
            model,
            log_scale,
            replace(
                inputs,
                pixels=torch.randint(0, 256, pixels.shape, dtype=torch.uint8),
                present=torch.ones_like(inputs.present),
                clash=torch.zeros_like(inputs.clash),
            ),
            phase,
            config.loss,
            device=torch.device("cpu"),
            autocast=tracing._short if config.precision == "bf16" else contextlib.nullcontext,
        )
        model.zero_grad(set_to_none=True)
        log_scale.grad = None

    step(2)  # libraries set up what they keep
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before = status("VmRSS")
    step(places)
    return status("VmHWM") - before


if __name__ == "__main__":
    torch.set_num_threads(1)
    results = {}
    for name, case in json.loads(sys.stdin.read()).items():
        config = load_config(TrainConfig, case["config"])
        trace = tracing.trace_step(
            config, config.encoder, config.phases[0], VIEWS, case["places"], as_on_gpu=False
        )
        results[name] = {"measured": measured(config, case["places"]), "traced": trace.working}
    print(json.dumps(results))
