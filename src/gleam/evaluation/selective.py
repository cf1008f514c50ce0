"""Answering only when sure: what is lost in coverage and gained in risk.

Answers are taken in order of falling confidence; the risk at a coverage is the share of wrong ones among
those taken (El-Yaniv & Wiener 2010; Geifman & El-Yaniv 2017). Of equal confidences the wrong answers are
taken first, so that a tie never favours the model.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gleam.errors import GleamError


def risk_coverage(confidence: ArrayLike, right: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Coverage (N,) and the risk (N,) at it, after each answer taken."""
    confidences, wrong = _checked(confidence, right)
    order = np.lexsort((-wrong, -confidences))
    taken = np.arange(1, len(wrong) + 1)
    return taken / len(wrong), np.cumsum(wrong[order]) / taken


def area_under_risk_coverage(confidence: ArrayLike, right: ArrayLike) -> float:
    """AURC: the mean risk over all coverages; 0 is best, chance gives the share of wrong answers."""
    return float(risk_coverage(confidence, right)[1].mean())


def coverage_at_risk(confidence: ArrayLike, right: ArrayLike, risk: float) -> float:
    """Largest share of the answers that can be taken with at most ``risk`` of them wrong; 0 when none can."""
    coverage, reached = risk_coverage(confidence, right)
    confidences, _ = _checked(confidence, right)
    # A threshold takes all equal confidences or none of them.
    ordered = np.sort(confidences)[::-1]
    whole = np.append(ordered[1:] != ordered[:-1], True)
    allowed = np.flatnonzero((reached <= risk + 1e-12) & whole)
    return float(coverage[allowed[-1]]) if len(allowed) else 0.0


def _checked(confidence: ArrayLike, right: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    confidences = np.asarray(confidence, np.float64)
    wrong = 1.0 - np.asarray(right, bool).astype(np.float64)
    if confidences.ndim != 1 or confidences.shape != wrong.shape or not len(wrong):
        raise GleamError(
            f"{confidences.shape} confidences came with {wrong.shape} outcomes; give two lists of one length."
        )
    if np.isnan(confidences).any():
        raise GleamError(f"{int(np.isnan(confidences).sum())} of {len(wrong)} confidences are NaN.")
    return confidences, wrong
