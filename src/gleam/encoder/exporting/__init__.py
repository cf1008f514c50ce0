"""Encoders as ONNX files of fixed shape, for machines without torch, each checked when it is made."""

from gleam.encoder.exporting.export import DTYPES, Exported, export_onnx
from gleam.encoder.exporting.runner import OnnxEncoder, load_maker

__all__ = ["DTYPES", "Exported", "OnnxEncoder", "export_onnx", "load_maker"]
