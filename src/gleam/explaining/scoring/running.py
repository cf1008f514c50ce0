"""Having explainers judge the pairs of a benchmark; a stopped run is gone on with."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gleam.errors import GleamError
from gleam.explaining.benchmark.folder import Bench
from gleam.explaining.chat.problems import STOPPING, ChatError
from gleam.explaining.explainer import PairExplainer
from gleam.explaining.scoring.controls import Question, blank_picture
from gleam.explaining.scoring.prediction import Prediction
from gleam.explaining.scoring.record import Record
from gleam.explaining.verdict import Language
from gleam.imagery.decode import image_size
from gleam.progress import track


def run_explainer(
    explainer: PairExplainer,
    name: str,
    bench: Bench,
    asked: Sequence[Question],
    languages: Sequence[Language],
    folder: Path,
) -> list[Prediction]:
    """Return the predictions of an explainer, asking only what it has not been asked before.

    Args:
        explainer: Who is asked.
        name: What to call it.
        bench: Whose pictures are shown.
        asked: What to show.
        languages: Of the texts; each question is asked in each.
        folder: Where the predictions are kept.

    Returns:
        A prediction of every question; one that the explainer could not answer says why.

    Raises:
        GleamError: A picture has vanished, or a server refuses every request (key, quota, model).
    """
    record = Record(folder, name)
    wanted = [
        (question, _unanswered(question, language, name)) for question in asked for language in languages
    ]
    missing = [(question, open_one) for question, open_one in wanted if not record.has(open_one)]
    for question, open_one in track(missing, f"{name}: judging", total=len(missing)):
        record.add(_asked(explainer, bench, question, open_one))
    keys = {open_one.key for _, open_one in wanted}
    return [p for p in record.predictions if p.key in keys]


def _unanswered(question: Question, language: Language, name: str) -> Prediction:
    return Prediction(
        pair_id=question.pair.pair_id, language=language, explainer=name, control=question.control
    )


def _asked(explainer: PairExplainer, bench: Bench, question: Question, open_one: Prediction) -> Prediction:
    query, tile = pictures_of(bench, question)
    try:
        verdict = explainer.explain(
            query,
            tile,
            question.pair.view,
            question.pair.pose,
            language=open_one.language,
            tile_width_m=question.tile.tile_width_m,
        )
    except ChatError as error:
        if error.kind in STOPPING:
            raise
        return open_one.model_copy(update={"problem": str(error)})
    except GleamError as error:
        return open_one.model_copy(update={"problem": str(error)})
    return open_one.model_copy(update={"verdict": verdict})


def pictures_of(bench: Bench, question: Question) -> tuple[Any, Any]:
    """Return the two pictures of a question: files, or blank ones of the same size.

    Raises:
        BenchError: A picture has vanished.
    """
    files = (bench.image_path(question.pair.query_image), bench.image_path(question.tile.tile_image))
    query, tile = (
        blank_picture(*image_size(file)) if blank else file
        for file, blank in zip(files, question.blank, strict=True)
    )
    return query, tile
