"""How well places are found: recall, metres, intervals and calibration, safe from ties and NaN."""

from gleam.evaluation.relevance import Relevance
from gleam.evaluation.report import evaluate
from gleam.evaluation.retrieval import Ranking, search

__all__ = ["Ranking", "Relevance", "evaluate", "search"]
