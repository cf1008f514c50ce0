"""Fitting the probability of yes on pairs that a model was not tuned on."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

from scipy.special import expit

from gleam.errors import GleamError
from gleam.evaluation.calibration import Calibration, calibration_figures, fit_calibration
from gleam.explaining.local.probability import FEATURES, AnswerCalibrations
from gleam.explaining.tuning.readings import Reading
from gleam.progress import say


def calibrate(readings: Sequence[Reading], name: str) -> AnswerCalibrations:
    """Return one calibration per language, with the figures before and after.

    The figures after are measured by fitting on one half of the query places and reading the other half, both
    ways; the calibration that is kept is fitted on all.

    Args:
        readings: On a split that the model was not tuned on.
        name: Of that data, which every calibrated probability will name.
    """
    made: dict[str, Calibration] = {}
    figures: dict[str, dict[str, dict[str, float]]] = {}
    for language in sorted({reading.language for reading in readings}):
        own = [reading for reading in readings if reading.language == language]
        try:
            made[language] = _fit(own, f"{name} ({language})")
        except GleamError as error:
            say(f"not calibrated in {language}: {error}")
            continue
        figures[language] = {"before": _own_figures(own)}
        after = _cross_fitted(own, name)
        if after is not None:
            figures[language]["after"] = after
    return AnswerCalibrations(made, figures)


def _fit(readings: Sequence[Reading], name: str) -> Calibration:
    return fit_calibration(
        [reading.log_odds for reading in readings],
        [reading.pair.match for reading in readings],
        name=name,
        views=sorted({reading.pair.view.value for reading in readings}),
        feature_names=FEATURES,
    )


def _cross_fitted(readings: Sequence[Reading], name: str) -> dict[str, float] | None:
    halves: tuple[list[Reading], list[Reading]] = ([], [])
    for reading in readings:
        halves[zlib.crc32(reading.pair.query_place.encode()) % 2].append(reading)
    probabilities: list[float] = []
    try:
        for fitted, left_out in (halves, halves[::-1]):
            one = _fit(fitted, name)
            probabilities += one.probability([reading.log_odds for reading in left_out]).tolist()
    except GleamError:  # a half without one of the two verdicts tells nothing
        return None
    truths = [reading.pair.match for reading in (*halves[1], *halves[0])]
    return calibration_figures(probabilities, truths)


def _own_figures(readings: Sequence[Reading]) -> dict[str, float]:
    """Return the figures of the model's own probability, which is the logistic of its log-odds."""
    probability = expit([reading.log_odds for reading in readings])
    return calibration_figures(probability, [reading.pair.match for reading in readings])
