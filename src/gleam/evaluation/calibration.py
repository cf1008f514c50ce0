"""From similarities to probabilities that mean what they say.

Two questions, one method (Platt scaling: logistic regression on a few features, with Platt's smoothed
targets, in *Advances in Large Margin Classifiers*, 2000):

* **answer**: is the first answer within a stated distance of the truth? Features: its similarity, its
  margin over the best candidate *elsewhere* (further than that distance), the logarithm of the gallery.
* **pair**: do two images show one place? Feature: their similarity. The share of matches among the
  fitted pairs is part of the calibration: it is the prior that the probability assumes.

A calibration is only as good as its data are like the use: it keeps the name of its data set, and is
fitted on places the encoder was not trained on.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize
from scipy.special import expit, log_expit

from gleam.errors import GleamError
from gleam.geo import distance_m

ANSWER_FEATURES = ("similarity", "margin", "log_gallery")
PAIR_FEATURES = ("similarity",)

RIDGE = 1e-4
"""Strength of the pull of standardised weights towards 0: settles what the data leave open."""


@dataclass(frozen=True)
class Calibration:
    """A fitted logistic model.

    name: of the data set it was fitted on.
    views: query views it holds for.
    within_m: how near "right" is for an answer; ``None`` for pairs.
    features: names of the features, in the order of ``coefficients``.
    intercept, coefficients: of the log-odds, for features in their own units.
    n: examples it was fitted on.
    positive_share: share of right ones (of matches) among them.
    """

    name: str
    views: tuple[str, ...]
    within_m: float | None
    features: tuple[str, ...]
    intercept: float
    coefficients: tuple[float, ...]
    n: int
    positive_share: float

    def probability(self, features: ArrayLike) -> NDArray[np.float64]:
        """Return probabilities (N,) for features (N, F), or (N,) when there is one feature."""
        table = _as_table(features, len(self.features))
        return np.asarray(expit(self.intercept + table @ np.array(self.coefficients)))

    def to_dict(self) -> dict[str, Any]:
        """The JSON form; :meth:`from_dict` reads it."""
        return {key: list(v) if isinstance(v, tuple) else v for key, v in asdict(self).items()}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Calibration:
        """Read what :meth:`to_dict` wrote; raise a ``GleamError`` naming what is missing or not finite."""
        names = [f.name for f in fields(cls)]
        if set(data) != set(names):
            wrong = sorted(set(data).symmetric_difference(names))
            raise GleamError(
                f"A calibration has the keys {', '.join(names)}; missing or unknown: {', '.join(wrong)}."
            )
        made = cls(
            name=str(data["name"]),
            views=tuple(str(v) for v in data["views"]),
            within_m=None if data["within_m"] is None else float(data["within_m"]),
            features=tuple(str(f) for f in data["features"]),
            intercept=float(data["intercept"]),
            coefficients=tuple(float(c) for c in data["coefficients"]),
            n=int(data["n"]),
            positive_share=float(data["positive_share"]),
        )
        if len(made.features) != len(made.coefficients):
            raise GleamError(
                f"Calibration {made.name!r} names {len(made.features)} features but has "
                f"{len(made.coefficients)} coefficients."
            )
        if not all(map(math.isfinite, (made.intercept, *made.coefficients))):
            raise GleamError(f"Calibration {made.name!r} holds coefficients that are not finite numbers.")
        return made


def fit_calibration(
    features: ArrayLike,
    right: ArrayLike,
    *,
    name: str,
    views: Sequence[str],
    within_m: float | None = None,
    feature_names: Sequence[str] = ANSWER_FEATURES,
    ridge: float = RIDGE,
) -> Calibration:
    """Fit the probability that an answer (or a match) is right.

    Args:
        features: Numbers (N, F), see :func:`answer_features`.
        right: Whether each was right (N,).
        name: Of the data set.
        views: Query views of the data.
        within_m: Distance that "right" means.
        feature_names: Names of the F features. One that never varies gets the coefficient 0.
        ridge: Strength of the pull of standardised weights towards 0.

    Raises:
        GleamError: Sizes differ, NaN, or all examples are right or all wrong: then nothing can be told.
    """
    table = _as_table(features, len(feature_names))
    target = np.asarray(right, bool)
    positives, total = int(target.sum()), len(target)
    if len(table) != total:
        raise GleamError(f"{len(table)} rows of features came with {total} outcomes.")
    if positives in (0, total):
        raise GleamError(
            f"All {total} examples for calibration {name!r} are {'right' if positives else 'wrong'}; "
            "both kinds are needed. Take a harder or easier gallery, or more queries."
        )
    centre, scale = table.mean(axis=0), table.std(axis=0)
    varies = scale > 1e-12 * np.maximum(np.abs(centre), 1.0)
    standard = (table[:, varies] - centre[varies]) / scale[varies]
    # Platt's targets: as if one more of each kind had been seen, so that no probability becomes 0 or 1.
    soft = np.where(target, (positives + 1) / (positives + 2), 1 / (total - positives + 2))
    weights = _logistic_fit(standard, soft, ridge)

    coefficients = np.zeros(len(feature_names))
    coefficients[varies] = weights[1:] / scale[varies]
    return Calibration(
        name=name,
        views=tuple(str(v) for v in views),
        within_m=within_m,
        features=tuple(feature_names),
        intercept=float(weights[0] - coefficients @ centre),
        coefficients=tuple(coefficients.tolist()),
        n=total,
        positive_share=positives / total,
    )


def fit_pair_calibration(
    similarity: ArrayLike, match: ArrayLike, *, name: str, views: Sequence[str]
) -> Calibration:
    """Fit P(match | similarity) for pairs of images, for the verdict of an explanation.

    Raises:
        GleamError: As :func:`fit_calibration`.
    """
    return fit_calibration(similarity, match, name=name, views=views, feature_names=PAIR_FEATURES)


def answer_features(
    scores: ArrayLike, lat: ArrayLike, lon: ArrayLike, gallery: int | ArrayLike, within_m: float
) -> NDArray[np.float64]:
    """Return the features (N, 3) of :data:`ANSWER_FEATURES` from ranked candidates.

    Args:
        scores: Similarities (N, K), best first; NaN where there are no more candidates.
        lat: Their latitudes (N, K).
        lon: Their longitudes (N, K).
        gallery: Number of tiles searched, one number or (N,).
        within_m: Candidates further than this from the first are competitors; the others agree with it.

    The margin is to the best competitor. When none is among the K, the last candidate stands for it: a
    competitor could not be better than that.
    """
    ranked = np.atleast_2d(np.asarray(scores, np.float64))
    lats, lons = (np.atleast_2d(np.asarray(a, np.float64)) for a in (lat, lon))
    present = np.isfinite(ranked)
    safe = [np.where(present, a, a[:, :1]) for a in (lats, lons)]
    away = np.asarray(distance_m(safe[0][:, :1], safe[1][:, :1], safe[0], safe[1]))
    competitor = present & (away > within_m)
    last = np.maximum(present.sum(axis=1) - 1, 0)
    rival = np.where(competitor.any(axis=1), competitor.argmax(axis=1), last)
    first = ranked[:, 0]
    margin = first - np.take_along_axis(ranked, rival[:, None], axis=1)[:, 0]
    size = np.broadcast_to(np.log(np.asarray(gallery, np.float64)), first.shape)
    return np.stack([first, margin, size], axis=1)


def expected_calibration_error(probability: ArrayLike, right: ArrayLike, bins: int = 15) -> float:
    """ECE with bins of equal mass: mean gap between stated probability and share of right ones.

    Equal mass, because bins of equal width leave most of them almost empty and the figure noisy.
    """
    p, y = _checked_pair(probability, right)
    return float(
        sum(b["n"] / len(p) * abs(b["probability"] - b["share_right"]) for b in reliability(p, y, bins))
    )


def honest_calibration_error(
    probability: ArrayLike, bins: int = 15, *, draws: int = 400, seed: int = 0
) -> tuple[float, float]:
    """Return the mean and the 95 % quantile of the ECE that these very probabilities have if all are honest.

    Even then few photos never match their probabilities bin by bin, so the ECE of n photos lies above zero:
    by about ``0.8 sqrt(bins p (1 - p) / n)``. An ECE up to the quantile says nothing against the
    calibration (the consistency test of Brocker and Smith 2007, by simulation).
    """
    p, _ = _checked_pair(probability, np.zeros(np.shape(probability)))
    rng = np.random.default_rng(seed)
    drawn = [expected_calibration_error(p, rng.random(len(p)) < p, bins) for _ in range(draws)]
    return float(np.mean(drawn)), float(np.quantile(drawn, 0.95))


def reliability(probability: ArrayLike, right: ArrayLike, bins: int = 15) -> list[dict[str, float]]:
    """Mean probability, share of right ones and number in each of ``bins`` groups of equal size."""
    p, y = _checked_pair(probability, right)
    order = np.argsort(p, kind="stable")
    return [
        {"probability": float(p[part].mean()), "share_right": float(y[part].mean()), "n": len(part)}
        for part in np.array_split(order, bins)
        if len(part)
    ]


def brier_score(probability: ArrayLike, right: ArrayLike) -> float:
    """Mean squared gap between probability and outcome (0 is best; always saying 0.5 gives 0.25)."""
    p, y = _checked_pair(probability, right)
    return float(np.mean(np.square(p - y)))


def negative_log_likelihood(probability: ArrayLike, right: ArrayLike) -> float:
    """Mean of ``-log`` of the probability given to what happened; infinite for a certain error."""
    p, y = _checked_pair(probability, right)
    with np.errstate(divide="ignore"):
        return float(-np.mean(np.log(np.where(y == 1, p, 1 - p))))


def calibration_figures(probability: ArrayLike, right: ArrayLike) -> dict[str, float]:
    """ECE, Brier score and NLL under the names ``ece``, ``brier``, ``nll``, with ``n``."""
    p, y = _checked_pair(probability, right)
    return {
        "ece": expected_calibration_error(p, y),
        "brier": brier_score(p, y),
        "nll": negative_log_likelihood(p, y),
        "n": len(p),
    }


def _logistic_fit(
    standard: NDArray[np.float64], soft: NDArray[np.float64], ridge: float
) -> NDArray[np.float64]:
    """Intercept and weights that minimise cross-entropy to soft targets plus the ridge (convex)."""
    design = np.concatenate([np.ones((len(standard), 1)), standard], axis=1)
    pull = np.full(design.shape[1], ridge)
    pull[0] = 0.0

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        odds = design @ weights
        entropy = -(soft * log_expit(odds) + (1 - soft) * log_expit(-odds)).mean()
        slope = design.T @ (expit(odds) - soft) / len(soft)
        return float(entropy + 0.5 * pull @ weights**2), slope + pull * weights

    start = np.zeros(design.shape[1])
    start[0] = math.log(soft.mean() / (1 - soft.mean()))
    found = minimize(loss, start, jac=True, method="BFGS", options={"gtol": 1e-9, "maxiter": 500})
    return np.asarray(found.x)


def _as_table(features: ArrayLike, columns: int) -> NDArray[np.float64]:
    table = np.asarray(features, np.float64)
    if table.ndim == 1 and columns == 1:
        table = table[:, None]
    if table.ndim != 2 or table.shape[1] != columns:
        raise GleamError(f"Features have the shape {table.shape}, but (number, {columns}) is needed.")
    if not np.isfinite(table).all():
        row = int(np.flatnonzero(~np.isfinite(table).all(axis=1))[0])
        raise GleamError(f"The features of example {row} hold NaN or infinity.")
    return table


def _checked_pair(
    probability: ArrayLike, right: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    p, y = np.asarray(probability, np.float64), np.asarray(right, np.float64)
    if p.shape != y.shape or p.ndim != 1 or not len(p):
        raise GleamError(
            f"{p.shape} probabilities came with {y.shape} outcomes; give two lists of one length."
        )
    if not ((p >= 0) & (p <= 1)).all():
        raise GleamError("Probabilities must lie between 0 and 1; at least one does not, or is NaN.")
    return p, y
