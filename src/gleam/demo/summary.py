"""What the demo prints at its end: a few lines for people, or plain data for programs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gleam.demo.findings import Story
from gleam.demo.markup import VIEW_NAMES, metres, percent
from gleam.progress import duration


def in_words(story: Story, report: Path) -> str:
    """Return the closing lines."""
    lines = [
        f"Weights {story.encoder!r}, {story.gallery} satellite tiles to choose from "
        f"(chance {percent(1 / story.gallery)}):"
    ]
    for scores in story.scores:
        lines.append(
            f"  {VIEW_NAMES[scores.view][0]:<13} recall@1 {percent(scores.recall_1.value):>7}   "
            f"by colours {percent(scores.histogram_1):>6}   median {metres(scores.median_m)}"
        )
    lines.append(f"{duration(story.seconds)} in all. Open this page in a browser: {report}")
    return "\n".join(lines)


def as_plain(story: Story, report: Path) -> dict[str, Any]:
    """Return the figures as plain data, without the pictures."""
    return {
        "report": report,
        "seed": story.seed,
        "encoder": story.encoder,
        "seconds": story.seconds,
        "stages": [{"name": stage.en, "seconds": stage.seconds} for stage in story.stages],
        "training": [
            {"when": en, "recall@1": {view.value: value for view, value in recall.items()}}
            for en, _, recall in story.training.recall
        ],
        "gallery": story.gallery,
        "views": {
            scores.view.value: {
                "recall@1": {
                    "value": scores.recall_1.value,
                    "low": scores.recall_1.low,
                    "high": scores.recall_1.high,
                },
                "recall@5": scores.recall_5.value,
                "recall@10": scores.recall_10.value,
                "colour_histogram_recall@1": scores.histogram_1,
                "median_m": scores.median_m,
            }
            for scores in story.scores
        },
        "photos": [
            {
                "file": photo.file,
                "view": photo.view.value,
                "status": photo.status,
                "truth": photo.truth,
                "answer": photo.answer,
                "error_m": photo.error_m,
                "probability": photo.probability,
                "seconds": photo.seconds,
            }
            for photo in story.photos
        ],
        "explained": [
            {"file": item.file, "view": item.view.value, "match": item.match, "truth": item.truth}
            for item in story.explained
        ],
    }
