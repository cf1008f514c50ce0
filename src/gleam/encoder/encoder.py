"""The encoder as users hold it: pictures in, unit vectors out; saved, loaded and fingerprinted."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, NamedTuple, overload

import numpy as np
import torch
from numpy.typing import NDArray

from gleam.encoder.config import EncoderConfig
from gleam.encoder.inference import InferenceForms
from gleam.encoder.model import EncoderModel, build_model
from gleam.encoder.pictures import PictureEncoder, Vectors
from gleam.encoder.storage import LoadedEncoder, fingerprint_of, load_encoder, save_calibration, save_encoder
from gleam.errors import EncoderError
from gleam.imagery.preparation import Preparation
from gleam.views import Pose, View, parse_view

_LOOKS_AT_ONCE = 64
"""Above, a batch is large enough by itself."""


class Patches(NamedTuple):
    """vectors: (N, D). regions: (N, g, g, D), row 0 north, column 0 west for north-up pictures.

    The regions of one picture and a global share add up to its vector, so the similarity of two
    pictures is a sum over pairs of regions.
    """

    vectors: Vectors
    regions: NDArray[np.float32]


class Encoder(PictureEncoder):
    """The shared network with its preparation, weights and calibration.

    origin: where converted weights came from (project, network, file and its hash); None for GLEAM's own.
    """

    def __init__(
        self,
        model: EncoderModel,
        name: str = "unnamed",
        calibration: dict[str, Any] | None = None,
        origin: dict[str, Any] | None = None,
    ) -> None:
        self.model = model.eval()
        self.config = model.config
        self.name = name
        self.calibration = calibration or {}
        self.origin = origin
        self._fingerprint: str | None = None
        self._forms = InferenceForms()

    @classmethod
    def from_pretrained(cls, name: str | Path) -> Encoder:
        """Load a shipped encoder by name, a folder, or ``hf-hub:org/name``; only the last uses the network.

        Raises:
            EncoderError: the name is unknown, files are missing, or the weights do not fit the config.
        """
        loaded: LoadedEncoder = load_encoder(name)
        return cls(loaded.model, loaded.name, loaded.calibration, loaded.origin)

    @classmethod
    def untrained(cls, config: EncoderConfig, seed: int = 0, name: str = "untrained") -> Encoder:
        """Build an encoder with fresh weights, repeatable by ``seed``."""
        return cls(build_model(config, seed), name)

    def save(self, folder: str | Path) -> None:
        """Write ``model.safetensors``, ``config.json``, ``calibration.json`` and a card, all or nothing."""
        save_encoder(Path(folder), self.model, self.name, self.calibration, self.origin)

    def save_calibration(self, folder: str | Path) -> None:
        """Store the calibration beside weights saved before; nothing else in the folder changes.

        Raises:
            EncoderError: the folder holds another encoder.
        """
        stored = Encoder.from_pretrained(folder)
        if stored.fingerprint != self.fingerprint:
            raise EncoderError(
                f"{folder} holds the encoder {stored.fingerprint}, the calibration is of {self.fingerprint}; "
                "save the encoder itself first."
            )
        save_calibration(Path(folder), self.model, self.name, self.calibration, self.origin)

    @property
    def preparation(self) -> Preparation:
        """The picture geometry this encoder was trained with."""
        return self.config.preparation

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return self.config.dim * self.config.turns

    @cached_property
    def tells_regions(self) -> bool:
        """Whether ``patches`` of two pictures can be compared, region by region.

        Both then show the same ground with north up (raw pictures do not), and the vector is a sum over
        regions (that of a class token is not, which one look at noise finds out).
        """
        if self.preparation.is_raw or self.config.head == "layout":
            return not self.preparation.is_raw
        side = self.preparation.pixels
        noise = np.random.default_rng(0).integers(0, 256, (1, side, side, 3), np.uint8)
        try:
            self.embed(noise, View.SATELLITE, patches=True)
        except EncoderError:
            return False
        return True

    @property
    def same_in_any_batch(self) -> bool:
        """Whether a vector has the same bits whatever is embedded with it; few networks promise that."""
        return self.config.backbone == "compact" and self.config.head == "layout"

    @property
    def fingerprint(self) -> str:
        """Hash of weights, config and preparation; vectors are comparable only when it is equal."""
        if self._fingerprint is None:
            self._fingerprint = fingerprint_of(self.model)
        return self._fingerprint

    @overload
    def encode(
        self,
        images: Sequence[Any],
        view: View | str,
        poses: Sequence[Pose] | None = ...,
        batch_size: int = ...,
        patches: Literal[False] = ...,
    ) -> Vectors: ...

    @overload
    def encode(
        self,
        images: Sequence[Any],
        view: View | str,
        poses: Sequence[Pose] | None = ...,
        batch_size: int = ...,
        *,
        patches: Literal[True],
    ) -> Patches: ...

    def encode(
        self,
        images: Sequence[Any],
        view: View | str,
        poses: Sequence[Pose] | None = None,
        batch_size: int = 64,
        patches: bool = False,
    ) -> Vectors | Patches:
        """Return (N, D) float32 unit vectors of N images (paths, bytes, PIL pictures or arrays).

        poses: what is known of each camera; unknown when left out.
        patches: also return the (N, g, g, D) regional shares, see :class:`Patches`.

        Raises:
            ImageError: an image cannot be read; the message names it.
        """
        view = parse_view(view)
        squares = self.prepared_batches(images, view, poses, batch_size)
        parts = [self.embed(batch, view, patches=patches) for batch in squares]
        if patches:
            kept = [p for p in parts if isinstance(p, Patches)]
            if not kept:
                g = self.config.grid
                return Patches(np.empty((0, self.dim), np.float32), np.empty((0, g, g, self.dim), np.float32))
            return Patches(
                np.concatenate([p.vectors for p in kept]), np.concatenate([p.regions for p in kept])
            )
        arrays = [p for p in parts if not isinstance(p, Patches)]
        return np.concatenate(arrays) if arrays else np.empty((0, self.dim), np.float32)

    @overload
    def embed(
        self, prepared: NDArray[np.uint8], view: View | str, patches: Literal[False] = ...
    ) -> Vectors: ...

    @overload
    def embed(self, prepared: NDArray[np.uint8], view: View | str, patches: bool) -> Vectors | Patches: ...

    def embed(
        self, prepared: NDArray[np.uint8], view: View | str, patches: bool = False
    ) -> Vectors | Patches:
        """Return the vectors of squares already prepared, uint8 (N, S, S, 3).

        Raises:
            EncoderError: ``patches`` is asked for, and the vector is no sum of shares of regions.
        """
        view, turns = parse_view(view), self.config.turns
        scale = np.float32(turns**-0.5)
        if not patches and turns > 1 and len(prepared) * turns <= _LOOKS_AT_ONCE:
            # Few squares under four turns cost a third less in one call of the network than in four.
            found = self._look(_turned(prepared, turns), view, 0, False).vectors
            return np.concatenate(np.split(found, turns), axis=-1) * scale
        looks = [self._look(prepared, view, turn, patches) for turn in range(turns)]
        vectors = np.concatenate([look.vectors for look in looks], axis=-1) * scale
        if not patches:
            return vectors
        return Patches(vectors, np.concatenate([look.regions for look in looks], axis=-1) * scale)

    def _look(self, prepared: NDArray[np.uint8], view: View, turn: int, patches: bool) -> Patches:
        """Return the vectors of squares turned by quarter turns, their regions turned back."""
        device = next(self.model.parameters()).device
        quarters = turn * 4 // self.config.turns
        squares = np.ascontiguousarray(np.rot90(prepared, quarters, (1, 2)))
        was_training = self.model.training
        if was_training:  # walking over all modules would cost a tenth of locating one photo
            self.model.eval()
        try:
            with torch.inference_mode():
                pixels = torch.from_numpy(squares).permute(0, 3, 1, 2).to(device)
                output = self._forms.run(self.model, pixels, view, with_regions=patches)
        finally:
            if was_training:
                self.model.train()
        vectors = np.asarray(output.vector.float().cpu().numpy(), np.float32)
        if output.regions is None:
            if patches:
                raise EncoderError(
                    f"The vector of the encoder {self.name!r} is no sum of shares of regions: its "
                    "network does not pool by averaging the positions of its last map."
                )
            return Patches(vectors, np.empty((len(vectors), 0, 0, self.config.dim), np.float32))
        regions = np.asarray(output.regions.float().cpu().numpy(), np.float32)
        return Patches(vectors, np.ascontiguousarray(np.rot90(regions, -quarters, (1, 2))))


def _turned(squares: NDArray[np.uint8], turns: int) -> NDArray[np.uint8]:
    """Return squares (N, S, S, 3) under each of two or four turns, one after the other."""
    # Moved as whole pixels, not byte by byte, in half the time.
    pixel = np.dtype((np.void, squares.shape[-1]))
    out = np.empty((turns * len(squares), *squares.shape[1:]), np.uint8)
    pixels, moved = np.ascontiguousarray(squares).view(pixel)[..., 0], out.view(pixel)[..., 0]
    for turn, part in enumerate(np.split(moved, turns)):
        part[...] = np.rot90(pixels, turn * 4 // turns, (1, 2))
    return out
