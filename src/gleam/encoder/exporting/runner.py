"""Exported files as an encoder: prepares pictures and makes vectors without torch in the loop."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gleam.encoder.encoder import Encoder
from gleam.encoder.exporting.metadata import KEY, Metadata
from gleam.encoder.pictures import PictureEncoder, Vectors
from gleam.errors import EncoderError
from gleam.imagery.preparation import Preparation
from gleam.views import Pose, View, parse_view

INPUT, OUTPUT = "pictures", "vectors"
ONNX_PREFIX = "onnx:"


class OnnxEncoder(PictureEncoder):
    """One or several exported files of one encoder, each for its views.

    Its fingerprint is that of the encoder the files were made from: their vectors may be compared with
    those of the original (how well, ``gleam encoder export --measure`` tells).

    calibration: of the encoder, unless one of the files is int8. tells_regions: files give vectors alone.
    """

    tells_regions = False

    def __init__(self, files: Sequence[str | Path], threads: int = 1) -> None:
        """Load the files; of two that serve one view the later counts.

        Raises:
            EncoderError: onnxruntime is missing, a file cannot be read, or they are of several encoders.
        """
        if not files:
            raise EncoderError("Give at least one exported file (.onnx).")
        self._sessions: dict[View, tuple[Any, Metadata]] = {}
        for file in files:
            session, told = open_session(Path(file), threads)
            first = next(iter(self._sessions.values()), (None, told))[1]
            if told.fingerprint != first.fingerprint:
                raise EncoderError(
                    f"{file} was made from the encoder {told.fingerprint}, the others from "
                    f"{first.fingerprint}; use files of one encoder."
                )
            for view in told.views:
                self._sessions[view] = (session, told)
        self.told = next(iter(self._sessions.values()))[1]
        kinds = sorted({told.dtype for _, told in self._sessions.values()})
        self.name = f"{self.told.name} (onnx {', '.join(kinds)})"
        self.calibration = {} if "int8" in kinds else self.told.calibration

    @classmethod
    def open(cls, place: str | Path, threads: int = 1) -> OnnxEncoder:
        """Load one file, or all ``.onnx`` files of a folder.

        Raises:
            EncoderError: There is none, or two of a folder serve one view.
        """
        if not Path(place).is_dir():
            return cls([place], threads)
        found = sorted(Path(place).glob("*.onnx"))
        if not found:
            raise EncoderError(f"{place} holds no .onnx file; make them with gleam encoder export.")
        made = cls(found, threads)
        if len({id(session) for session, _ in made._sessions.values()}) < len(found):
            raise EncoderError(f"Two files in {place} serve one view; keep one for each view in a folder.")
        return made

    @property
    def fingerprint(self) -> str:
        """That of the encoder the files were made from."""
        return self.told.fingerprint

    @property
    def preparation(self) -> Preparation:
        """How pictures are prepared."""
        return self.told.preparation

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return self.told.dim

    @property
    def views(self) -> tuple[View, ...]:
        """The views that there are files for."""
        return tuple(self._sessions)

    def embed(self, prepared: NDArray[np.uint8], view: View | str) -> Vectors:
        """Return (N, D) unit vectors of prepared pictures, uint8 (N, H, W, 3).

        Raises:
            EncoderError: There is no file for the view.
        """
        view = parse_view(view)
        if view not in self._sessions:
            raise EncoderError(
                f"There is no exported file for {view.value} pictures, only for {', '.join(self._sessions)}; "
                f"make one with gleam encoder export --view {view.value}."
            )
        session, told = self._sessions[view]
        parts = [np.empty((0, told.dim), np.float32)]
        for start in range(0, len(prepared), told.batch):
            some = prepared[start : start + told.batch]
            filled = np.concatenate([some, np.repeat(some[-1:], told.batch - len(some), axis=0)])
            parts.append(session.run([OUTPUT], {INPUT: np.ascontiguousarray(filled)})[0][: len(some)])
        return np.concatenate(parts)

    def encode(
        self,
        images: Sequence[Any],
        view: View | str,
        poses: Sequence[Pose] | None = None,
        batch_size: int = 64,
    ) -> Vectors:
        """Return (N, D) unit vectors of images; see :meth:`gleam.encoder.Encoder.encode`."""
        view = parse_view(view)
        parts = [np.empty((0, self.dim), np.float32)]
        parts += [self.embed(batch, view) for batch in self.prepared_batches(images, view, poses, batch_size)]
        return np.concatenate(parts)


def load_maker(name: str) -> Encoder | OnnxEncoder:
    """Load ``onnx:FILE`` or ``onnx:FOLDER``, or else what :meth:`Encoder.from_pretrained` takes."""
    if name.startswith(ONNX_PREFIX):
        return OnnxEncoder.open(name.removeprefix(ONNX_PREFIX))
    return Encoder.from_pretrained(name)


def open_session(path: Path, threads: int = 1) -> tuple[Any, Metadata]:
    """Return an onnxruntime session on the CPU and what the file says of itself.

    Raises:
        EncoderError: onnxruntime is missing, or the file cannot be read.
    """
    ort = import_onnxruntime()
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    if not path.is_file():
        raise EncoderError(f"{path} does not exist; make it with gleam encoder export.")
    try:
        session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the library raises types of its own
        raise EncoderError(
            f"{path} cannot be loaded by onnxruntime ({str(error).splitlines()[0]}); export it again."
        ) from error
    return session, Metadata.read(session.get_modelmeta().custom_metadata_map.get(KEY), path)


def import_onnxruntime() -> Any:
    """Return the module onnxruntime; an ``EncoderError`` says how to get it when it is missing."""
    try:
        import onnxruntime
    except ImportError as error:
        raise EncoderError(
            "This needs onnxruntime; install the extra: pip install 'gleam-geo[onnx]' -c constraints.txt."
        ) from error
    return onnxruntime
