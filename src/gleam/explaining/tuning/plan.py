"""What a tuning would do and take, worked out without running it: the dry run."""

from __future__ import annotations

import math
import re
import time
from dataclasses import asdict, dataclass, field
from typing import Any

from gleam.errors import GleamError
from gleam.explaining.benchmark import Bench
from gleam.explaining.local.chat import to_inputs
from gleam.explaining.local.families import LANGUAGE_LAYERS, Family, family_of
from gleam.explaining.local.hub import BaseModel, find_config
from gleam.explaining.local.model import pick_device
from gleam.explaining.tuning.config import TuneConfig
from gleam.explaining.tuning.examples import Example, chosen_pairs, make_examples
from gleam.explaining.tuning.lora import base_name, count_steps
from gleam.progress import duration

_SAMPLE = 16
"""Questions that are tokenised to tell how long they are."""
_REACHED = 0.5
"""Share of the speed of a large matrix product that a whole network is taken to reach."""


@dataclass(frozen=True)
class Cost:
    """What a model would take.

    parameters: of the network. tuned: of them and of LoRA, what is learned. tokens: of a question on average.
    memory_gb: by part. operations: of the whole tuning. speed: operations per second of a large matrix
    product on this machine, measured now. seconds: at half of that speed.
    """

    parameters: int
    tuned: int
    tokens: float
    memory_gb: dict[str, float]
    operations: float
    speed: float
    seconds: float


@dataclass(frozen=True)
class TuningPlan:
    """What a tuning would do.

    pairs: of each split that is used. questions: by kind, language and verdict. steps: of the optimiser.
    """

    pairs: dict[str, int]
    questions: dict[str, int]
    repeated: int
    left_out: dict[str, int]
    steps: int
    cost: Cost | None = None
    notes: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Return plain data."""
        return asdict(self)

    def text(self) -> str:
        """Return the plan in lines for a person."""
        lines = [
            "pairs: " + ", ".join(f"{count} {split}" for split, count in self.pairs.items()),
            f"questions: {sum(self.questions.values())} ("
            + ", ".join(f"{count} {kind}" for kind, count in self.questions.items())
            + f"), {self.repeated} of them repeated for balance",
        ]
        if self.left_out:
            left = ", ".join(f"{count} {reason}" for reason, count in self.left_out.items())
            lines.append(f"texts left out: {left}")
        lines.append(f"steps: {self.steps}")
        if self.cost is not None:
            cost = self.cost
            parts = ", ".join(f"{part} {size:.2g}" for part, size in cost.memory_gb.items())
            lines += [
                f"parameters: {cost.parameters:,}, learned: {cost.tuned:,}",
                f"tokens per question: {cost.tokens:.0f}",
                f"memory: about {sum(cost.memory_gb.values()):.2g} GB ({parts}), and what the libraries take",
                f"operations: {cost.operations:.2g}; at half of the {cost.speed / 1e12:.2g} Tflop/s that "
                f"this machine reaches in a matrix product: {duration(cost.seconds)}",
            ]
        return "\n".join(lines + self.notes)


def plan_tuning(config: TuneConfig) -> TuningPlan:
    """Read the benchmark and, when it is on the disk, the model's configuration; nothing is downloaded.

    Raises:
        GleamError: As :func:`gleam.explaining.tuning.lora.tune_lora` for the recipe and the benchmark.
    """
    bench = Bench.open(config.bench)
    examples = make_examples(bench, "train", config)
    steps = count_steps(config, len(examples.items))
    splits = ["train", *(s for s in (config.calibrate_on, config.evaluate_on) if s is not None)]
    pairs = {split: len(chosen_pairs(bench, split, config)) for split in dict.fromkeys(splits)}
    cost, notes = None, []
    name = base_name(config)
    try:
        base = find_config(name, offline=True)
    except GleamError as error:
        if name.hub_id is None:
            raise
        notes.append(f"the cost is unknown until the model is on the disk: {error}")
    else:
        cost = _cost(config, base, examples.items, steps)
    return TuningPlan(pairs, examples.counts(), examples.repeated, examples.left_out, steps, cost, notes)


def _cost(config: TuneConfig, base: BaseModel, examples: tuple[Example, ...], steps: int) -> Cost:
    import torch

    family = family_of(base.config.get("model_type"), str(base.folder))
    device = pick_device(config.run.device)
    half = config.run.precision in ("bfloat16", "float16") or (
        config.run.precision == "auto" and device != "cpu"
    )
    dtype, width = (torch.bfloat16, 2) if half else (torch.float32, 4)
    model = empty_model(base, family)
    parameters = sum(p.numel() for p in model.parameters())
    tuned = count_tuned(model, family, config.lora.rank)
    tokens = _mean_tokens(config, base, family, examples)
    text = model.config.get_text_config()
    memory = {
        "weights": parameters * width / 1e9,
        # Weights, gradients and two moments of Adam in float32.
        "learned": tuned * 16 / 1e9,
        "activations": _activations(config, text, tokens, width) / 1e9,
    }
    # Two operations per parameter and token forward and two back to the inputs; the parameters' own
    # gradients are only those of the few that are learned. Computing activations again is one more forward.
    per_token = (6 if config.run.recompute else 4) * parameters
    operations = float(per_token * tokens * steps * config.run.batch * config.run.accumulate)
    speed = matrix_speed(device, dtype)
    return Cost(parameters, tuned, tokens, memory, operations, speed, operations / (speed * _REACHED))


def empty_model(base: BaseModel, family: Family) -> Any:
    """Return the network of a configuration without memory for its weights."""
    import torch
    import transformers

    try:
        config = transformers.AutoConfig.from_pretrained(base.folder, local_files_only=True)
        with torch.device("meta"):
            return getattr(transformers, family.model_class)(config)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise GleamError(f"The config.json in {base.folder} describes no model ({reason}).") from error


def count_tuned(model: Any, family: Family, rank: int) -> int:
    """Return how many numbers LoRA and the projector have."""
    lora = re.compile(LANGUAGE_LAYERS)
    count = 0
    for name, module in model.named_modules():
        if lora.fullmatch(name):
            count += rank * (module.in_features + module.out_features)
        if name.rsplit(".", 1)[-1] in family.projector:
            count += sum(p.numel() for p in module.parameters())
    return count


def matrix_speed(device: str, dtype: Any) -> float:
    """Return the operations per second of a matrix product, the best of three."""
    import torch

    size = 512 if device == "cpu" else 8192
    a = torch.ones(size, size, dtype=dtype, device=device)
    best = math.inf
    for _ in range(3):
        begun = time.perf_counter()
        float((a @ a)[0, 0])
        best = min(best, time.perf_counter() - begun)
    return 2 * size**3 / best


def _activations(config: TuneConfig, text: Any, tokens: float, width: int) -> float:
    """Return bytes, after Korthikanti et al. 2022 (arXiv 2205.05198): 17 per layer, token and channel.

    When activations are computed again, one number is kept per layer and the rest of one layer at a time.
    """
    one_layer = config.run.batch * tokens * text.hidden_size * width
    layers = text.num_hidden_layers
    return float((layers + 17) * one_layer if config.run.recompute else layers * 17 * one_layer)


def _mean_tokens(config: TuneConfig, base: BaseModel, family: Family, examples: tuple[Example, ...]) -> float:
    from gleam.explaining.local.processors import load_processor

    processor, _ = load_processor(base.folder, family, base.config, config.image_side)
    few = examples[:: max(1, len(examples) // _SAMPLE)][:_SAMPLE]
    lengths = [
        to_inputs(processor, [e.chat], config.image_side, with_answers=True)["input_ids"].shape[1]
        for e in few
    ]
    return float(sum(lengths)) / len(lengths)
