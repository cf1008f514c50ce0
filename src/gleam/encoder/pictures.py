"""What every maker of vectors shares: pictures are decoded and prepared, headings are tried."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gleam.imagery.decode import load_image
from gleam.imagery.preparation import Preparation, Prepared, prepare, turns_raw
from gleam.views import UNKNOWN_POSE, Pose, View, parse_view

Vectors = NDArray[np.float32]


class PictureEncoder:
    """Pictures become prepared pixels here; how those become vectors is each maker's own ``embed``."""

    @property
    def preparation(self) -> Preparation:
        """The picture geometry the network was trained with."""
        raise TypeError(f"{type(self).__name__} must say how pictures are prepared.")

    def embed(self, prepared: NDArray[np.uint8], view: View | str) -> Any:
        """Return (N, D) unit vectors of pictures already prepared."""
        raise TypeError(f"{type(self).__name__} must say how vectors are made.")

    def depends_on_heading(self, view: View, pose: Pose) -> bool:
        """Tell whether the heading changes what the encoder is shown of a picture.

        Of raw pictures only panoramas, which are rolled; maps and tiles have north at the top.
        """
        if self.preparation.is_raw:
            return turns_raw(view, pose)
        return view not in (View.SATELLITE, View.MAP)

    def prepare(self, image: Any, view: View | str, pose: Pose = UNKNOWN_POSE) -> Prepared:
        """Decode ``image`` (path, bytes, PIL picture or array) and bring it to this encoder's square."""
        view = parse_view(view)
        # Decode at about twice the needed detail: enough for the geometry, much faster for large files.
        pixels = load_image(image, target=4 * self.preparation.pixels)
        return prepare(pixels, view, pose, self.preparation)

    def encode_headings(
        self, image: Any, view: View | str, pose: Pose = UNKNOWN_POSE, count: int = 12
    ) -> tuple[Vectors, NDArray[np.float64]]:
        """Return the vectors for ``count`` assumed headings, (K, D), and the headings in degrees.

        For pictures whose heading is unknown: search with each and keep the best. Raw panoramas are rolled;
        other raw pictures do not depend on the heading, so there is one vector, of heading 0.
        """
        view = parse_view(view)
        if self.preparation.is_raw and not self.depends_on_heading(view, pose):
            count = 1
        headings = np.arange(count, dtype=np.float64) * (360.0 / count)
        pixels = load_image(image, target=4 * self.preparation.pixels)
        squares = [
            prepare(pixels, view, pose.with_heading(float(h)), self.preparation).pixels for h in headings
        ]
        return self.embed(np.stack(squares), view), headings

    def prepared_batches(
        self, images: Sequence[Any], view: View, poses: Sequence[Pose] | None, batch_size: int
    ) -> Iterator[NDArray[np.uint8]]:
        """Yield the prepared pixels (n, H, W, 3) of up to ``batch_size`` images at a time.

        Raises:
            ValueError: There are not as many poses as images.
            ImageError: An image cannot be read; the message names it.
        """
        if poses is not None and len(poses) != len(images):
            raise ValueError(f"{len(images)} images came with {len(poses)} poses.")
        known = poses if poses is not None else [UNKNOWN_POSE] * len(images)
        with ThreadPoolExecutor(max_workers=2) as pool:
            for start in range(0, len(images), batch_size):
                chunk = slice(start, start + batch_size)
                done = pool.map(
                    lambda image, pose: self.prepare(image, view, pose), images[chunk], known[chunk]
                )
                yield np.stack([prepared.pixels for prepared in done])
