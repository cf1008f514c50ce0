"""The arms of the ablations, read from ``arms.yaml`` and turned into training configurations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from gleam.config import load_config
from gleam.encoder import EncoderConfig
from gleam.training.config import TrainConfig
from gleam.views import QUERY_VIEWS

BASE = "base"


@dataclass(frozen=True)
class Budget:
    """What every training may use: optimiser steps, and images shown to the network per step."""

    steps: int
    images: int


@dataclass(frozen=True)
class Question:
    """A question of the reviewers, the arms that answer it, and the arm that shows the floor, if any."""

    ask: str
    arms: tuple[str, ...]
    floor: str | None


@dataclass(frozen=True)
class Arm:
    """One way to train. ``versus``: the arm it is compared with. ``tested``: the views it is tested on."""

    name: str
    says: str
    versus: str | None
    data: str
    tested: tuple[str, ...]
    train: bool
    share_of_images: float
    places: str | None
    encoder: Mapping[str, Any]
    training: Mapping[str, Any]
    phases: tuple[Mapping[str, Any], ...]

    def encoder_config(self) -> EncoderConfig:
        """Return the network and its preparation."""
        return load_config(EncoderConfig, dict(self.encoder))

    def train_config(
        self, seed: int, budget: Budget, places: Path, out: Path, cache: Path, like: Arm
    ) -> TrainConfig:
        """Return the training of this arm.

        The images of a step and the views shown together give the places per batch; with ``places: base`` the
        batch has as many places as ``like`` has, and there are more steps, so that the images stay the same.
        """
        phases = []
        for number, phase in enumerate(self.phases):
            batch = budget.images // _views_together(phase)
            steps = budget.steps * phase["share"] * self.share_of_images
            if self.places == BASE:
                wanted = budget.images // _views_together(like.phases[0])
                steps, batch = steps * batch / wanted, wanted
            own = {key: value for key, value in phase.items() if key != "share"}
            name = f"{number + 1}-{'-'.join(phase['views'])}"
            phases.append(
                own | {"name": name, "places": [str(places)], "steps": round(steps), "batch": batch}
            )
        content = dict(self.training) | {
            "name": self.name,
            "seed": seed,
            "out": str(out),
            "cache": str(cache),
            "encoder": dict(self.encoder),
            "phases": phases,
            "threads": 1,
            "workers": 1,
            "device": "cpu",
            "checkpoint_every_steps": 100_000,
            "keep_checkpoints": 1,
            "log_every_steps": 50,
        }
        return load_config(TrainConfig, content)

    def steps_and_images(self, config: TrainConfig) -> tuple[int, int]:
        """Return the optimiser steps of a training, and the images it shows (full batches)."""
        steps = [phase.steps or 0 for phase in config.phases]
        shown = zip(steps, config.phases, self.phases, strict=True)
        return sum(steps), sum(n * phase.batch * _views_together(own) for n, phase, own in shown)


@dataclass(frozen=True)
class Table:
    """All arms and questions, and which share of the places has a view in the unbalanced data."""

    arms: Mapping[str, Arm]
    questions: tuple[Question, ...]
    unbalanced: Mapping[str, float]


def read_table(file: Path | None = None) -> Table:
    """Read the arms; an arm begins with what the arm ``of`` has."""
    text = (file or Path(__file__).with_name("arms.yaml")).read_text(encoding="utf-8")
    content = yaml.safe_load(text)
    arms: dict[str, Arm] = {}
    raw: dict[str, dict[str, Any]] = {}
    for name, changes in content["arms"].items():
        parent = raw.get(changes.get("of", BASE), {})
        own = {key: value for key, value in parent.items() if key not in ("versus", "says")} | changes
        raw[name] = own
        encoder, training = dict(content["encoder"]), dict(content["training"])
        arms[name] = Arm(
            name=name,
            says=own["says"],
            versus=None if name == BASE else own.get("versus", BASE),
            data=own.get("data", "whole"),
            tested=tuple(own.get("tested", [view.value for view in QUERY_VIEWS])),
            train=own.get("train", True),
            share_of_images=own.get("images", 1.0),
            places=own.get("places"),
            encoder=encoder | own.get("encoder", {}),
            training=training | own.get("set", {}),
            phases=tuple({**content["phase"], **phase} for phase in own["phases"]),
        )
    questions = tuple(Question(q["ask"], tuple(q["arms"]), q.get("floor")) for q in content["questions"])
    return Table(arms, questions, content["unbalanced"])


def _views_together(phase: Mapping[str, Any]) -> int:
    """Return how many images a place contributes to a batch, the satellite tile included."""
    return 2 if phase["views_per_batch"] == "one" else 1 + len(phase["views"])
