"""Encoders as ONNX files of fixed shape, for machines without torch, each checked when it is made."""

from gleam.encoder.exporting.export import DTYPES, Exported, export_onnx
from gleam.encoder.exporting.runner import OnnxEncoder

__all__ = ["DTYPES", "Exported", "OnnxEncoder", "export_onnx"]
