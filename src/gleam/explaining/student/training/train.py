"""From a recipe to a student: the whole training, which a kill at any moment does not harm."""

from __future__ import annotations

import datetime
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from gleam.config import load_config, to_dict
from gleam.encoder.encoder import Encoder
from gleam.errors import GleamError
from gleam.explaining.student.config import StudentConfig
from gleam.explaining.student.storage import rounded, save_student
from gleam.explaining.student.student import Student
from gleam.explaining.student.teller import Teller
from gleam.explaining.student.tokens import Vocabulary
from gleam.explaining.student.training.claims import fit_claims
from gleam.explaining.student.training.loop import Setting
from gleam.explaining.student.training.matching import draw_examples, new_matcher, train_matcher
from gleam.explaining.student.training.seeing import new_seer, train_seer
from gleam.explaining.student.training.sources import open_sources, seer_preparation
from gleam.explaining.student.training.telling import Lesson, learn_vocabulary, lessons, train_teller
from gleam.files import atomic_write, read_json, write_json

RECIPE, PARTS, STUDENT = "recipe.json", "parts", "student"
_NOT_LEARNT = ("threads", "cache", "checkpoint_steps")
"""Keys that may differ when a training is gone on with."""


def train_student(
    config: Mapping[str, Any] | StudentConfig, out: str | os.PathLike[str], *, resume: bool = True
) -> dict[str, Any]:
    """Teach a student and write it to ``out/student``; a training begun there is gone on with.

    Args:
        config: A :class:`StudentConfig`, or its content as data.
        out: Folder of the training: ``recipe.json``, ``parts`` (checkpoints and logs), ``student``.
        resume: Go on with a training begun there by the same recipe; False refuses the folder instead.

    Returns:
        Figures: the folder, losses at the end, and what was measured on the held-out pictures.

    Raises:
        ConfigError: A key is unknown or wrong.
        GleamError: ``out`` holds a training by another recipe, or the data cannot be read.
    """
    recipe = config if isinstance(config, StudentConfig) else load_config(StudentConfig, config)
    goal = Path(out)
    _begin(recipe, goal, resume)
    if recipe.threads:
        torch.set_num_threads(recipe.threads)
    setting = Setting(goal / PARTS, recipe.seed, recipe.checkpoint_steps, recipe.precision == "bf16")
    encoder = Encoder.from_pretrained(recipe.encoder)
    sources = open_sources(recipe.train, "train", encoder, recipe)
    held_out = open_sources(recipe.val, "val", encoder, recipe)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        seer, matcher = new_seer(encoder, recipe.seer), new_matcher(encoder, recipe.match)
        held = lessons(recipe.train, recipe.teller, recipe.seed)
        vocabulary = _vocabulary(held, recipe, goal / PARTS / "tokenizer.json")
        torch.manual_seed(recipe.seed)
        teller = Teller(**_teller_sizes(recipe, len(vocabulary)))
    examples = draw_examples(sources, recipe, recipe.match.rounds, "train pairs")
    train_matcher(matcher, examples, recipe.match, setting)
    train_teller(teller, vocabulary, held, recipe.teller, setting)
    train_seer(seer, sources, recipe.seer, setting)
    for part in (seer, matcher, teller):
        rounded(part.eval())
    thresholds, calibrations, figures = fit_claims(seer, matcher, held_out, recipe)
    student = Student(
        name=recipe.name,
        encoder=encoder.name,
        fingerprint=encoder.fingerprint,
        preparation=seer_preparation(encoder, recipe.seer),
        seer=seer,
        matcher=matcher,
        teller=teller,
        vocabulary=vocabulary,
        thresholds=thresholds,
        calibrations=calibrations,
        made={
            "seer": _seer_sizes(recipe, encoder),
            "matcher": _matcher_sizes(recipe, encoder),
            "teller": _teller_sizes(recipe, len(vocabulary)),
            "taught": {
                "train": [Path(f).name for f in recipe.train],
                "val": [Path(f).name for f in recipe.val],
                "seed": recipe.seed,
                "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
            },
        },
    )
    save_student(student, goal / STUDENT)
    result = {"folder": str(goal / STUDENT), **figures}
    write_json(goal / "result.json", result)
    return result


def _begin(recipe: StudentConfig, goal: Path, resume: bool) -> None:
    content = {key: value for key, value in to_dict(recipe).items() if key not in _NOT_LEARNT}
    file = goal / RECIPE
    if file.is_file():
        if not resume:
            raise GleamError(f"{goal} holds a training already; choose another folder or go on with it.")
        if read_json(file) != content:
            raise GleamError(
                f"{goal} holds a training by another recipe ({file}); choose another folder or remove it."
            )
        return
    goal.mkdir(parents=True, exist_ok=True)
    write_json(file, content)


def _vocabulary(held: Sequence[Lesson], recipe: StudentConfig, file: Path) -> Vocabulary:
    """Return the vocabulary this training began with: other numbers of tokens would make its teller babble.

    Once learnt it is kept, since the wording of the offline teacher may change while a training is stopped.
    """
    if not file.is_file():
        learnt = learn_vocabulary(held, recipe.teller)
        with atomic_write(file) as temporary:
            temporary.write_text(learnt.to_json(), encoding="utf-8")
    return Vocabulary.read(file)


def _seer_sizes(recipe: StudentConfig, encoder: Encoder) -> dict[str, Any]:
    return {
        "backbone": encoder.config.backbone,
        "options": encoder.config.backbone_options,
        "view_statistics": encoder.config.view_statistics,
        "cells": recipe.seer.cells,
        "hidden": recipe.seer.hidden,
        "dropout": recipe.seer.dropout,
    }


def _matcher_sizes(recipe: StudentConfig, encoder: Encoder) -> dict[str, Any]:
    return {
        "dim": encoder.dim,
        "turns": encoder.config.turns,
        "channels": encoder.config.grid_channels,
        "grid": encoder.config.grid,
        "cells": recipe.match.cells,
        "hidden": recipe.match.hidden,
        "dropout": recipe.match.dropout,
    }


def _teller_sizes(recipe: StudentConfig, vocabulary: int) -> dict[str, Any]:
    return {
        "vocabulary": vocabulary,
        "width": recipe.teller.width,
        "layers": recipe.teller.layers,
        "heads": recipe.teller.heads,
        "longest": recipe.teller.longest,
    }
