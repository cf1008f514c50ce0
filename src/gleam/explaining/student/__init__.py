"""The student: a small multimodal model on the encoder that says why two pictures match or not."""

from gleam.explaining.student.explainer import StudentExplainer

__all__ = ["StudentExplainer"]
