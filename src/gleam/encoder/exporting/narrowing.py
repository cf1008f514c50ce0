"""Smaller numbers in an exported file: 8-bit arithmetic, or weights in bfloat16."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

SMALLEST = 256
"""Tensors with fewer numbers stay float32: they cost nothing and set scales."""


def to_bf16_weights(model: Any) -> Any:
    """Return the model with its larger weights in bfloat16, brought back to float32 when it is loaded.

    onnxruntime 1.32 has no bfloat16 kernels for Conv and MatMul on CPUs, so the arithmetic stays float32:
    the file halves, the speed does not change.
    """
    import ml_dtypes
    from onnx import TensorProto, helper, numpy_helper

    casts = []
    for weight in model.graph.initializer:
        values = numpy_helper.to_array(weight)
        if weight.data_type != TensorProto.FLOAT or values.size < SMALLEST:
            continue
        name, stored = weight.name, f"{weight.name}_bf16"
        weight.CopyFrom(numpy_helper.from_array(values.astype(ml_dtypes.bfloat16), stored))
        casts.append(helper.make_node("Cast", [stored], [name], to=TensorProto.FLOAT))
    for cast in reversed(casts):
        model.graph.node.insert(0, cast)
    return model


def to_int8(source: Path, target: Path, batches: Sequence[NDArray[np.uint8]], input_name: str) -> None:
    """Write ``source`` with convolutions and products in 8 bits, ranges measured on real pictures.

    Weights are scaled per channel; what lies between (pooling, powers, norms) stays float32.

    Args:
        source: The float32 file.
        target: The file to write.
        batches: Prepared pictures (N, H, W, 3) in batches of the file's size.
        input_name: Of the file's input.
    """
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

    class Reader(CalibrationDataReader):  # type: ignore[misc]
        """Gives the batches one after the other."""

        def __init__(self) -> None:
            self._batches: Iterator[NDArray[np.uint8]] = iter(batches)

        def get_next(self) -> dict[str, NDArray[np.uint8]] | None:
            """Return the next batch by input name, or None at the end."""
            batch = next(self._batches, None)
            return None if batch is None else {input_name: batch}

    quantize_static(
        source,
        target,
        Reader(),
        quant_format=QuantFormat.QDQ,
        op_types_to_quantize=["Conv", "Gemm", "MatMul"],
        per_channel=True,
        activation_type=QuantType.QInt8,
        weight_type=QuantType.QInt8,
    )
