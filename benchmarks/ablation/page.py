"""The results as a Markdown page: recalls, differences with intervals, and a sentence per question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ablation.arms import Arm, Budget, Question, Table
from ablation.intervals import METHOD, Difference, difference, recall
from ablation.running import PIXELS, TEST_CITY, TEST_PLACES, TRAIN_CITY, TRAIN_PLACES
from gleam.views import QUERY_VIEWS

VIEWS = tuple(view.value for view in QUERY_VIEWS)
RANKS = (1, 5)
WORDS = {1: "higher", -1: "lower"}

Results = Mapping[str, Mapping[int, Mapping[str, Any]]]
"""Arm -> seed -> result of the run."""


def page(table: Table, results: Results, budget: Budget, command: str, date: str) -> str:
    """Return the whole page."""
    seeds = sorted({seed for runs in results.values() for seed in runs})
    trained = [run for runs in results.values() for run in runs.values() if run["steps"]]
    whole = [run for run in trained if run["images"] == budget.steps * budget.images]
    commits = sorted({run["commit"] for run in trained})
    cpu = sum(run["cpu_s"] for run in trained)
    parts = [
        "# Ablations",
        "The questions that the reviewers of the paper asked, answered on the procedural city with a small "
        "encoder. What holds here need not hold for large networks and real pictures.",
        "\n".join(
            [
                f"* **Command** `{command}` ({date}; package at commit {', '.join(commits)})",
                f"* **Data** city {TRAIN_CITY}, {TRAIN_PLACES:,} places, teaches; city {TEST_CITY}, "
                f"{TEST_PLACES} places, tests: each place is searched among the {TEST_PLACES} satellite "
                f"tiles. Pictures are {PIXELS} px high. Chance is {100 / TEST_PLACES:.2f} % at recall@1 and "
                f"{500 / TEST_PLACES:.2f} % at recall@5.",
                f"* **Budget** {budget.steps} steps of {budget.images} images "
                f"({budget.steps * budget.images:,} images), satellite tiles counted, for every arm but "
                f"`quarter-...`; {np.median([run['train_cpu_s'] for run in whole]):.0f} CPU seconds of one "
                f"thread each (median), {cpu / 60:.0f} CPU minutes for all {len(trained)} trainings.",
                f"* **Network** the compact backbone, {_parameters(table.arms['base']):,} parameters, 64 px "
                "squares, a rate of 0.006 with a cosine in each phase. No choice was tuned per arm.",
                f"* **Seeds** {', '.join(map(str, seeds))}: of the first weights and of all draws.",
                f"* **Intervals** 95 %. {METHOD}",
                f"* **Many comparisons** are made: of {_comparisons(table, results)} intervals, about one "
                "in twenty would exclude zero by chance alone.",
            ]
        ),
        "## Recall",
        "Mean over the seeds, in %: recall@1 / recall@5.",
        _recalls(table.arms, results),
    ]
    for question in table.questions:
        if _rows(question, table, results):
            parts += [f"## {question.ask}", _answer(question, table, results)]
            parts += [_differences(question, table, results)]
    return "\n\n".join(parts) + "\n"


def _parameters(arm: Arm) -> int:
    from gleam.encoder import build_model

    return sum(p.numel() for p in build_model(arm.encoder_config(), 0).parameters())


def _recalls(arms: Mapping[str, Arm], results: Results) -> str:
    lines = ["| arm | " + " | ".join(VIEWS) + " | seeds |", "|---|" + "---|" * (len(VIEWS) + 1)]
    for name, arm in arms.items():
        if name not in results:
            continue
        cells = []
        for view in VIEWS:
            shown = [f"{100 * recall(_of(results, name, view), k):.1f}" for k in RANKS]
            cells.append(" / ".join(shown) if view in arm.tested else "")
        lines.append(f"| `{name}`: {arm.says} | {' | '.join(cells)} | {len(results[name])} |")
    return "\n".join(lines)


def _rows(question: Question, table: Table, results: Results) -> list[tuple[str, str, tuple[str, ...]]]:
    """Return the comparisons of a question: arm, the arm it is compared with, views."""
    rows = []
    for name in question.arms:
        arm = table.arms[name]
        if name in results and arm.versus in results:
            rows.append((name, str(arm.versus), arm.tested))
            unseen = tuple(view for view in VIEWS if view not in {v for p in arm.phases for v in p["views"]})
            if question.floor in results:
                rows.append((name, str(question.floor), unseen))
    return rows


def _cells(name: str, versus: str, views: Sequence[str], results: Results, k: int) -> dict[str, Difference]:
    return {view: difference(_of(results, name, view), _of(results, versus, view), k) for view in views}


def _differences(question: Question, table: Table, results: Results) -> str:
    lines = [
        "| difference, in points | | " + " | ".join(VIEWS) + " |",
        "|---|---|" + "---|" * len(VIEWS),
    ]
    for name, versus, views in _rows(question, table, results):
        for k in RANKS:
            cells = _cells(name, versus, views, results, k)
            shown = [_points(cells[view]) if view in cells else "" for view in VIEWS]
            what = f"`{name}` − `{versus}`" if k == RANKS[0] else ""
            lines.append(f"| {what} | @{k} | {' | '.join(shown)} |")
    return "\n".join(lines)


def _answer(question: Question, table: Table, results: Results) -> str:
    """Say in one sentence what the intervals tell at recall@1 or recall@5, and how little they would miss."""
    told, halves, silent = [], [], 0
    for name, versus, views in _rows(question, table, results):
        signs: dict[int, list[str]] = {1: [], -1: [], 0: []}
        for view in views:
            cells = [_cells(name, versus, [view], results, k)[view] for k in RANKS]
            halves += [cell.half for cell in cells]
            found = {cell.sign for cell in cells} - {0}
            # Up at one rank and down at the other is no finding in either direction.
            signs[found.pop() if len(found) == 1 else 0].append(view)
        silent += len(signs[0])
        said = [f"{word} on {_listed(signs[sign])}" for sign, word in WORDS.items() if signs[sign]]
        if said:
            told.append(f"`{name}` is {' and '.join(said)} than `{versus}`")
    width = 100 * float(np.median(halves))
    known = f"The intervals tell that {'; '.join(told)}" if told else "The intervals tell no arm from another"
    rest = f"; {silent} of the comparisons here tell nothing" if told and silent else ""
    return (
        f"{known}{rest}. A difference below about {width:.1f} points (their median half width) is not seen."
    )


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _points(cell: Difference) -> str:
    text = f"{100 * cell.value:+.1f} [{100 * cell.low:+.1f}, {100 * cell.high:+.1f}]"
    return f"**{text}**" if cell.sign else text


def _of(results: Results, arm: str, view: str) -> dict[int, Any]:
    return {seed: run["ranks"][view] for seed, run in results[arm].items()}


def _comparisons(table: Table, results: Results) -> int:
    rows = [row for question in table.questions for row in _rows(question, table, results)]
    return sum(len(views) for _, _, views in rows) * len(RANKS)
