"""Tuning an open multimodal model with LoRA, from a recipe to an adapter."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gleam.errors import GleamError
from gleam.explaining.benchmark import Bench
from gleam.explaining.local.adapter import AdapterRecord, missing_extra
from gleam.explaining.local.families import LANGUAGE_LAYERS, Family
from gleam.explaining.local.hub import find_base
from gleam.explaining.local.model import LocalModel, Settings, load_base
from gleam.explaining.local.naming import ModelName, parse_model_name
from gleam.explaining.local.prompts import VERSION
from gleam.explaining.tuning.config import TuneConfig
from gleam.explaining.tuning.data import Collator, make_dataset
from gleam.explaining.tuning.examples import Examples, chosen_pairs, make_examples
from gleam.files import atomic_folder
from gleam.progress import Bar, progress

ADAPTER = "adapter"


@dataclass(frozen=True)
class Tuned:
    """A finished tuning.

    adapter: its folder. steps: of the optimiser. losses: (step, loss). is_main: whether this process is the
    one that reports.
    """

    adapter: Path
    steps: int
    losses: tuple[tuple[int, float], ...]
    examples: Examples
    is_main: bool


def base_name(config: TuneConfig) -> ModelName:
    """Return the base model of a recipe; raise a ``GleamError`` when it names an adapter."""
    name = parse_model_name(config.model)
    if name.adapter is not None:
        raise GleamError(f"model: {config.model!r} has an adapter; tune a base model.")
    return name


def tune_lora(config: TuneConfig, *, resume: bool = False) -> Tuned:
    """Tune a model by a recipe and save its adapter in ``out/adapter``.

    A killed tuning resumes from its newest whole checkpoint to the same result.

    Raises:
        GleamError: The recipe, the benchmark or the model is wrong, a library is missing, or ``out`` is in
            use.
    """
    _need_extras()
    import torch

    from gleam.explaining.tuning.checkpoints import begin

    if config.run.threads is not None:
        torch.set_num_threads(config.run.threads)
    bench, out = Bench.open(config.bench), Path(config.out)
    examples = make_examples(bench, "train", config)
    name = base_name(config)
    base = find_base(name)
    checkpoint = begin(out, config, resume=resume)
    settings = Settings(config.run.device, config.run.precision, config.image_side)
    local = load_base(base, settings, name.text)
    with warnings.catch_warnings():
        # Of names that transformers is changing inside itself and trl.
        warnings.simplefilter("ignore", FutureWarning)
        trainer = _trainer(config, out, local, examples)
        if count_steps(config, len(examples.items)):
            trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    history = trainer.state.log_history
    losses = tuple((int(row["step"]), float(row["loss"])) for row in history if "loss" in row)
    record = AdapterRecord(
        base=base.id if name.hub_id else str(Path(base.id).resolve()),
        revision=base.revision,
        fingerprint=base.fingerprint(),
        family=local.family.model_type,
        prompts=VERSION,
        teach=config.teach,
        languages=tuple(config.languages),
        bench=bench.info.name,
        pairs=len(chosen_pairs(bench, "train", config)),
        seed=config.seed,
        steps=int(trainer.state.global_step),
        image_side=config.image_side,
    )
    is_main = bool(trainer.is_world_process_zero())
    if is_main:
        _save(trainer.model, record, out / ADAPTER)
    return Tuned(out / ADAPTER, record.steps, losses, examples, is_main)


def lora_settings(config: TuneConfig, family: Family) -> Any:
    """Return peft's settings: LoRA on the language model, and the projector whole where there is one."""
    from peft import LoraConfig

    return LoraConfig(
        r=config.lora.rank,
        lora_alpha=config.lora.scale,
        lora_dropout=config.lora.dropout,
        target_modules=LANGUAGE_LAYERS,
        modules_to_save=list(family.projector) or None,
        task_type="CAUSAL_LM",
    )


def _trainer(config: TuneConfig, out: Path, local: LocalModel, examples: Examples) -> Any:
    import torch
    from trl.trainer.sft_config import SFTConfig
    from trl.trainer.sft_trainer import SFTTrainer

    from gleam.explaining.tuning.checkpoints import FOLDER, MarkWhole

    run, steps = config.run, count_steps(config, len(examples.items))
    on_cpu = local.device.type == "cpu"
    dtype = next(local.model.parameters()).dtype
    arguments = SFTConfig(
        output_dir=str(out / FOLDER),
        max_steps=max(steps, 1),
        per_device_train_batch_size=run.batch,
        gradient_accumulation_steps=run.accumulate,
        learning_rate=run.rate,
        lr_scheduler_type="cosine",
        warmup_steps=round(run.warmup * steps),
        max_grad_norm=run.clip_norm,
        weight_decay=run.weight_decay,
        use_cpu=on_cpu,
        bf16=dtype == torch.bfloat16,
        fp16=dtype == torch.float16,
        gradient_checkpointing=run.recompute,
        gradient_checkpointing_kwargs={"use_reentrant": False} if run.recompute else None,
        assistant_only_loss=True,
        max_length=None,  # a limit would cut pictures in half
        packing=False,
        dataset_kwargs={"skip_prepare_dataset": True},
        remove_unused_columns=False,
        dataloader_num_workers=run.workers,
        dataloader_pin_memory=not on_cpu,
        save_strategy="steps",
        save_steps=run.save_every_steps,
        save_total_limit=2,
        logging_steps=1,
        report_to="none",
        disable_tqdm=True,
        seed=config.seed,
        data_seed=config.seed,
        average_tokens_across_devices=False,
    )
    trainer = SFTTrainer(
        model=local.model,
        args=arguments,
        train_dataset=make_dataset(examples.items),
        data_collator=Collator(local.processor, config.image_side),
        processing_class=local.processor,
        peft_config=lora_settings(config, local.family),
        callbacks=[MarkWhole(), *_reporting(steps)],
    )
    for unwanted in _printers():
        trainer.remove_callback(unwanted)
    return trainer


def count_steps(config: TuneConfig, examples: int) -> int:
    """Return the steps of the optimiser in one process (each process takes its share of the questions)."""
    if config.run.steps is not None:
        return config.run.steps
    from accelerate import PartialState

    at_once = config.run.batch * config.run.accumulate * int(PartialState().num_processes)
    return math.ceil(math.ceil(examples / at_once) * (config.run.epochs or 0))


def _reporting(steps: int) -> list[Any]:
    """Return a callback that moves GLEAM's own progress bar."""
    import transformers

    class Report(transformers.TrainerCallback):
        """Shows the step and its loss."""

        def __init__(self) -> None:
            self._opened = progress("tuning", steps)
            self._bar: Bar | None = None

        def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            self._bar = self._opened.__enter__()
            self._bar.advance(state.global_step)

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
            if self._bar is not None and logs and "loss" in logs:
                self._bar.advance(state.global_step - self._bar.done, note=f"loss {logs['loss']:.3f}")

        def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            self._opened.__exit__(None, None, None)

    return [Report()]


def _printers() -> list[Any]:
    from transformers.trainer_callback import PrinterCallback

    return [PrinterCallback]


def _save(model: Any, record: AdapterRecord, folder: Path) -> None:
    with atomic_folder(folder, replace=True) as draft:
        model.save_pretrained(str(draft), safe_serialization=True)
        (draft / "README.md").write_text(_card(record), encoding="utf-8")
        record.save(draft)


def _card(record: AdapterRecord) -> str:
    base = record.base if record.revision else Path(record.base).name
    return (
        f"# LoRA adapter of GLEAM-X\n\nFor {base} ({record.revision or 'a local folder'}, fingerprint "
        f"{record.fingerprint}). Taught {record.teach} in {', '.join(record.languages)} on {record.pairs} "
        f"pairs of the benchmark {record.bench!r}, {record.steps} steps, seed {record.seed}, prompts "
        f"{record.prompts}.\n\nUse it with `--explainer local:MODEL+FOLDER`. What it learned holds for "
        "pictures like those of the benchmark; see `result.json` beside this folder for what was measured.\n"
    )


def _need_extras() -> None:
    from importlib.util import find_spec

    for library in ("trl", "peft", "datasets"):
        if find_spec(library) is None:
            raise missing_extra(library, "Tunings")
