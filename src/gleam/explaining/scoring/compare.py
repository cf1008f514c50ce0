"""Comparing explainers on a benchmark side by side: run them, score them, write the report."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gleam.errors import BenchError, GleamError
from gleam.explaining.benchmark.folder import Bench
from gleam.explaining.benchmark.pair import Pair
from gleam.explaining.benchmark.workshop import alone
from gleam.explaining.contributions import RegionEncoder
from gleam.explaining.explainer import Explainer, PairExplainer
from gleam.explaining.scoring.baselines import LABEL_ONLY, MAJORITY, LabelOnly, Majority
from gleam.explaining.scoring.controls import questions
from gleam.explaining.scoring.items import Item, join
from gleam.explaining.scoring.judge import Judge
from gleam.explaining.scoring.meaning import SentenceEncoder
from gleam.explaining.scoring.prediction import Prediction, read_predictions
from gleam.explaining.scoring.proving import prove
from gleam.explaining.scoring.report import write_report
from gleam.explaining.scoring.running import run_explainer
from gleam.explaining.scoring.scorecard import scorecard
from gleam.explaining.scoring.worst import worst_cases
from gleam.explaining.verdict import LANGUAGES, Language
from gleam.files import write_json
from gleam.progress import say

_MISSING = "There is no prediction of this pair in the file."
SCORES, REPORT, PREDICTIONS, JUDGEMENTS = "scores.json", "report.html", "predictions", "judgements"


@dataclass(frozen=True)
class Settings:
    """What to compare and how.

    explainers: names to run. predictions: files of verdicts made elsewhere. split: of the pairs.
    languages: of the texts. limit: at most so many pairs, as many of either verdict. tampered: pairs that
    are also asked with tampered pictures. baselines: compare with the trivial ones too,
    and with texts that are wrong on purpose. sentences: folder
    of a sentence encoder. judge: ``MODEL@URL``, and judged: texts of each explainer that it sees. worst:
    cases shown of each. seed: of the choice of controls and of the intervals. command: how this was
    called, for the report.
    """

    explainers: tuple[str, ...] = ()
    predictions: tuple[Path, ...] = ()
    split: str = "test"
    languages: tuple[Language, ...] = LANGUAGES
    limit: int | None = None
    tampered: int = 40
    baselines: bool = True
    sentences: Path | None = None
    judge: str | None = None
    judged: int = 40
    worst: int = 8
    seed: int = 0
    command: str = "gleam bench score"


def compare(
    bench: Bench, out: Path, settings: Settings, encoder: Callable[[], RegionEncoder]
) -> dict[str, Any]:
    """Compare explainers; write ``scores.json``, ``report.html`` and the predictions to a folder.

    A stopped run is gone on with by the same call; what was asked of an explainer is not asked again.

    Args:
        bench: The benchmark.
        out: Folder of the results.
        settings: What to compare.
        encoder: Loads the encoder; called only when something needs it.

    Returns:
        What ``scores.json`` holds.

    Raises:
        GleamError: Nothing to compare, no pairs, an unknown explainer, a damaged file of predictions.
    """
    pairs = _chosen(bench, settings)
    if not settings.explainers and not settings.predictions:
        raise GleamError("Nothing to score: give --explainer NAME or --predictions FILE.")
    out.mkdir(parents=True, exist_ok=True)
    with alone(out):
        predictions = _predictions(bench, pairs, out, settings, encoder)
        sentences = None if settings.sentences is None else SentenceEncoder(settings.sentences)
        judge = None if settings.judge is None else Judge(settings.judge, bench, out / JUDGEMENTS)
        cards: dict[str, Any] = {}
        worst = {}
        for name, made in predictions.items():
            items = _joined(bench, made, pairs, settings)
            real = [item for item in items if item.prediction.control == "none"]
            judged = judge.judge(real, settings.judged) if judge is not None else []
            say(f"{name}: scoring {len(real)} predictions")
            cards[name] = scorecard(items, sentences=sentences, judgements=judged, seed=settings.seed)
            if not name.startswith("baseline:"):
                worst[name] = worst_cases(items, settings.worst)
        scores = {
            "about": _about(bench, pairs, settings, judge),
            "explainers": cards,
            "proof": prove(bench, pairs, settings.languages, settings.seed) if settings.baselines else {},
        }
        write_json(out / SCORES, scores)
        write_report(out / REPORT, bench, scores, worst)
    return scores


def _chosen(bench: Bench, settings: Settings) -> list[Pair]:
    pairs = bench.pairs(settings.split)
    if settings.limit is not None:
        sides = [[p for p in pairs if p.match is match] for match in (True, False)]
        kept = {p.pair_id for side in sides for p in side[: max(1, settings.limit // 2)]}
        pairs = [p for p in pairs if p.pair_id in kept]
    if not pairs:
        raise BenchError(f"{bench.root} has no pairs in the split {settings.split!r}.")
    return pairs


def _predictions(
    bench: Bench,
    pairs: Sequence[Pair],
    out: Path,
    settings: Settings,
    encoder: Callable[[], RegionEncoder],
) -> dict[str, list[Prediction]]:
    """Return all predictions by explainer: baselines, those run here, those read from files."""
    loaded: list[RegionEncoder] = []

    def needed() -> RegionEncoder:
        if not loaded:
            loaded.append(encoder())
        return loaded[0]

    asked = list(questions(pairs, settings.tampered, settings.seed))
    found: dict[str, list[Prediction]] = {}
    makers: dict[str, Callable[[], PairExplainer]] = {}
    others = [p for p in bench.pairs() if p.split != settings.split]
    if settings.baselines:
        makers[MAJORITY] = lambda: Majority(others)
        makers[LABEL_ONLY] = lambda: LabelOnly(needed(), bench, _val_first(others))
    for name in settings.explainers:
        makers[name] = lambda name=name: Explainer.from_name(name, needed())  # type: ignore[misc]
    for name, make in makers.items():
        found[name] = run_explainer(make(), name, bench, asked, settings.languages, out / PREDICTIONS)
    for file in settings.predictions:
        for prediction in read_predictions(file):
            if prediction.explainer in makers:
                raise BenchError(
                    f"{file} holds predictions of {prediction.explainer!r}, which is also to be run; "
                    "leave out one of them."
                )
            found.setdefault(prediction.explainer, []).append(prediction)
    return found


def _val_first(pairs: Sequence[Pair]) -> list[Pair]:
    return sorted(pairs, key=lambda p: p.split != "val")


def _joined(
    bench: Bench, made: Sequence[Prediction], pairs: Sequence[Pair], settings: Settings
) -> list[Item]:
    """Join predictions with the pairs that are scored; controls with what they really showed.

    Pairs without a prediction count as not answered.
    """
    wanted = {pair.pair_id for pair in pairs}
    kept = [p for p in made if p.pair_id in wanted and p.language in settings.languages]
    if not kept:
        names = {p.explainer for p in made}
        raise BenchError(
            f"No prediction of {', '.join(sorted(names))} is about the split {settings.split!r} in "
            f"{' or '.join(settings.languages)}; nothing can be scored."
        )
    name = kept[0].explainer
    there = {(p.pair_id, p.language) for p in kept if p.control == "none"}
    spoken = [s for s in settings.languages if any(p.language == s for p in kept)]
    for pair in pairs:
        for language in spoken:
            if (pair.pair_id, language) not in there:
                empty = Prediction(pair_id=pair.pair_id, language=language, explainer=name, problem=_MISSING)
                kept.append(empty)
    return [_as_shown(item) for item in join(bench, kept)]


def _as_shown(item: Item) -> Item:
    """Return an item of a swapped tile with the truth of what was shown; others as they are."""
    if item.prediction.control != "swapped_tile":
        return item
    return Item(item.prediction, replace(item.pair, match=not item.pair.match))


def _about(bench: Bench, pairs: Sequence[Pair], settings: Settings, judge: Judge | None) -> Mapping[str, Any]:
    return {
        "bench": bench.info.name,
        "split": settings.split,
        "pairs": len(pairs),
        "matches": sum(pair.match for pair in pairs),
        "languages": list(settings.languages),
        "tampered": settings.tampered,
        "seed": settings.seed,
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "command": settings.command,
        "judge": None if judge is None else judge.name,
        "judge_calls": 0 if judge is None else judge.calls,
        "judge_usd": 0.0 if judge is None else round(judge.usd, 6),
    }
