"""Whether a picture shows the ground of a tile, and why: verdicts, evidence, sentences, drawings."""

from gleam.explaining.explainer import Explainer
from gleam.explaining.verdict import Verdict

__all__ = ["Explainer", "Verdict"]
