"""From an encoder to a file that other machines run, checked against the encoder before it is kept."""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from gleam.encoder.encoder import Encoder
from gleam.encoder.exporting.graph import EncoderGraph, views_alike
from gleam.encoder.exporting.metadata import KEY, Metadata
from gleam.encoder.exporting.narrowing import to_bf16_weights, to_int8
from gleam.encoder.exporting.runner import INPUT, OUTPUT, open_session
from gleam.errors import EncoderError, unknown_name
from gleam.files import atomic_write
from gleam.views import View, parse_view

DTYPES = ("fp32", "bf16", "int8")
LARGEST_DIFFERENCE = 1e-5
"""A float32 file is kept when no number of any vector differs by more from the plain network's."""
LEAST_COSINE = {"bf16": 0.999, "int8": 0.98}
"""A narrower file is kept when every vector's cosine with the plain network's reaches this."""
FEWEST_PICTURES = 16
"""Of a view, to measure the ranges of 8-bit numbers on; some more than that are better."""

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Exported:
    """file: its path. metadata: what it says of itself. bytes: its size.

    difference: the largest between numbers of its vectors and the plain network's. cosine: the least.
    """

    file: Path
    metadata: Metadata
    bytes: int
    difference: float
    cosine: float


def export_onnx(
    encoder: Encoder,
    out: str | Path,
    view: View | str = View.SATELLITE,
    *,
    batch: int = 1,
    dtypes: Sequence[str] = ("fp32",),
    pictures: Pixels | None = None,
) -> list[Exported]:
    """Write an encoder for one view and one batch size; return what was written and how exact it is.

    Several ``dtypes`` come from one run of the exporter; all but the first get their name before the
    suffix, such as ``city.int8.onnx``.

    Args:
        encoder: Its weights stay where they are.
        out: The file to make, ``.onnx``; it takes the place of an older one only when it passed the check.
        view: Which statistics of normalisation and which picture size it is for.
        batch: Pictures at once, fixed.
        dtypes: ``fp32``; ``bf16``, weights alone; ``int8``, arithmetic too.
        pictures: Prepared pictures (N, H, W, 3) of the view: the ranges of int8 are measured on them, and
            narrower files are checked on them. Patterns and noise stand in for the check when not given.

    Raises:
        EncoderError: A vector differs by more than :data:`LARGEST_DIFFERENCE` or :data:`LEAST_COSINE`
            allow (then nothing is kept), int8 has no pictures, or the extra onnx is missing.
    """
    seen_as, goal = parse_view(view), Path(out)
    for dtype in dtypes:
        if dtype not in DTYPES:
            raise unknown_name("number type", dtype, DTYPES)
    if "int8" in dtypes and (pictures is None or len(pictures) < FEWEST_PICTURES):
        raise EncoderError(
            f"int8 needs at least {FEWEST_PICTURES} {seen_as.value} pictures to measure ranges on; name a "
            "places table that has them with --calibration."
        )
    graph = EncoderGraph(encoder.model, seen_as)
    sample = _sample(encoder, seen_as, batch, pictures)
    model = _traced(graph, sample[0])
    metadata = Metadata(
        name=encoder.name,
        fingerprint=encoder.fingerprint,
        views=tuple(views_alike(encoder.model, seen_as)),
        dtype="fp32",
        dim=encoder.dim,
        batch=batch,
        preparation=encoder.preparation,
        origin=encoder.origin,
        calibration=encoder.calibration,
    )
    expected = [_plain(graph, one) for one in sample]
    done = []
    for number, dtype in enumerate(dtypes):
        file = goal if number == 0 else goal.with_name(f"{goal.stem}.{dtype}{goal.suffix}")
        told = replace(metadata, dtype=dtype, calibration={} if dtype == "int8" else encoder.calibration)
        with atomic_write(file) as draft:
            _write(model, draft, told, sample)
            difference, cosine = _checked(draft, told, sample, expected, file)
        done.append(Exported(file, told, file.stat().st_size, difference, cosine))
    return done


def _traced(graph: EncoderGraph, pictures: Pixels) -> Any:
    """Return the graph as an ONNX model with fixed shapes."""
    try:
        import onnxscript  # noqa: F401
    except ImportError as error:
        raise EncoderError(
            "Exporting needs onnx and onnxscript; install the extra: pip install 'gleam-geo[onnx]' -c "
            "constraints.txt."
        ) from error
    with _silence():
        program = torch.onnx.export(
            graph,
            (torch.from_numpy(pictures),),
            dynamo=True,
            input_names=[INPUT],
            output_names=[OUTPUT],
            verbose=False,
        )
    if program is None:
        raise EncoderError("torch made no ONNX program of this network.")
    return program.model_proto


def _write(model: Any, draft: Path, told: Metadata, sample: Sequence[Pixels]) -> None:
    import onnx

    own = type(model)()
    own.CopyFrom(model)
    if told.dtype == "int8":
        plain = draft.with_name(f"{draft.name}.fp32")
        try:
            onnx.save_model(own, plain)
            with _silence():
                to_int8(plain, draft, sample, INPUT)
        finally:
            plain.unlink(missing_ok=True)
        own = onnx.load_model(draft)
    elif told.dtype == "bf16":
        own = to_bf16_weights(own)
    own.producer_name = "gleam"
    onnx.helper.set_model_props(own, {KEY: told.to_json()})
    onnx.save_model(own, draft)


def _checked(
    draft: Path, told: Metadata, sample: Sequence[Pixels], expected: Sequence[NDArray[np.float32]], file: Path
) -> tuple[float, float]:
    """Run the file in onnxruntime; return the largest difference and the least cosine, or refuse it."""
    session, _ = open_session(draft)
    found = np.concatenate([session.run([OUTPUT], {INPUT: batch})[0] for batch in sample])
    wanted = np.concatenate(expected)
    difference = float(np.abs(found - wanted).max())
    lengths = np.linalg.norm(found, axis=1) * np.linalg.norm(wanted, axis=1)
    cosine = float(((found * wanted).sum(1) / np.maximum(lengths, 1e-12)).min())
    least = LEAST_COSINE.get(told.dtype)
    wrong = difference > LARGEST_DIFFERENCE if least is None else not cosine >= least
    if wrong or not np.isfinite(found).all():
        allowed = f"a difference of {LARGEST_DIFFERENCE:g}" if least is None else f"a cosine of {least:g}"
        raise EncoderError(
            f"{file} was not kept: in onnxruntime its vectors differ by up to {difference:.2g} from the "
            f"encoder's (least cosine {cosine:.5f}), where {allowed} is allowed for {told.dtype}."
        )
    return difference, cosine


def _plain(graph: EncoderGraph, pictures: Pixels) -> NDArray[np.float32]:
    with torch.inference_mode():
        return np.asarray(graph(torch.from_numpy(pictures)).numpy(), np.float32)


def _sample(encoder: Encoder, view: View, batch: int, pictures: Pixels | None) -> list[Pixels]:
    """Return batches to check with and to measure ranges on: the given pictures, else patterns and noise."""
    height, width = encoder.preparation.size(view)
    if pictures is None:
        rng = np.random.default_rng(0)
        rows, columns = np.mgrid[0:height, 0:width]
        wave = 127.5 + 127.5 * np.sin(rows / 7.0 + columns / 11.0)
        drawn = [
            rng.integers(0, 256, (height, width, 3)),
            np.repeat(wave[..., None], 3, 2),
            np.kron(rng.integers(0, 256, (8, 8, 3)), np.ones((-(-height // 8), -(-width // 8), 1)))[
                :height, :width
            ],
        ]
        pictures = np.stack([picture.astype(np.uint8) for picture in drawn])
    whole = -(-len(pictures) // batch) * batch
    filled = np.concatenate([pictures, np.repeat(pictures[-1:], whole - len(pictures), axis=0)])
    return [np.ascontiguousarray(filled[start : start + batch]) for start in range(0, whole, batch)]


@contextmanager
def _silence() -> Iterator[None]:
    """Keep the exporters' progress and warnings about their own insides from the user."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
