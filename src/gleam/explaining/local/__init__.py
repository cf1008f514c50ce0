"""``local:MODEL``: explanations by an open multimodal model from a folder, or from the hub when asked."""

from gleam.explaining.local.explainer import LocalExplainer

__all__ = ["LocalExplainer"]
