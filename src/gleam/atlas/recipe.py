"""The recipe of an atlas: all that decides how imagery becomes tiles and vectors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gleam.atlas.embedding import SquareEncoder, cut_pixels, preparation_for
from gleam.errors import AtlasError

STRIDE_SHARE = 1 / 4
"""An encoder that tells places apart scores a tile far lower when the photo lies off its centre: with
half a tile between centres, drone photos of a city were found 2 to 3 times less often than with a quarter."""
MIN_STRIDE_SHARE = 1 / 16
"""A finer grid than this share of a tile multiplies the atlas and tells nothing new."""
MIN_TILE_M, MAX_TILE_M = 1.0, 20_000.0


@dataclass(frozen=True)
class Recipe:
    """How tiles are cut and encoded; equal recipes over the same imagery give equal atlases.

    encoder: its name, a label only; the fingerprint decides. preparation: of the encoder, with the ground
    width of the main tiles. tile_sizes_m: ground widths of tiles, the main one first. strides_m: metres
    between tile centres, for each size. pixels: side of the squares cut. store: address of a store
    outside the atlas folder, see :func:`gleam.atlas.store.open_store`; None for the table inside it.
    """

    encoder: str
    encoder_fingerprint: str
    dim: int
    preparation: dict[str, Any]
    tile_sizes_m: tuple[float, ...]
    strides_m: tuple[float, ...]
    pixels: int
    store: str | None = None

    @property
    def tile_m(self) -> float:
        """Ground width of the main tiles."""
        return self.tile_sizes_m[0]

    @property
    def stride_m(self) -> float:
        """Metres between the centres of the main tiles."""
        return self.strides_m[0]

    @property
    def grids(self) -> tuple[tuple[float, float], ...]:
        """(ground width, stride) of every size."""
        return tuple(zip(self.tile_sizes_m, self.strides_m, strict=True))

    def describe_encoder(self) -> str:
        """Return the encoder's name with the start of its fingerprint."""
        return describe_encoder(self.encoder, self.encoder_fingerprint)

    def differences(self, other: Recipe) -> list[str]:
        """Return what differs from another recipe, in words; the encoder's name and the store do not."""
        found = []
        if self.encoder_fingerprint != other.encoder_fingerprint:
            found.append(f"encoder {other.describe_encoder()} instead of {self.describe_encoder()}")
        if self.tile_sizes_m != other.tile_sizes_m:
            found.append(f"tiles of {metres(other.tile_sizes_m)} instead of {metres(self.tile_sizes_m)}")
        elif self.strides_m != other.strides_m:
            found.append(f"a stride of {metres(other.strides_m)} instead of {metres(self.strides_m)}")
        ours = (self.preparation, self.pixels, self.dim)
        if not found and ours != (other.preparation, other.pixels, other.dim):
            found.append("another preparation of the pictures")
        return found

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Recipe:
        """Return the recipe of a manifest; raise ``KeyError``, ``TypeError`` or ``ValueError`` if none."""
        sizes, strides = ([float(v) for v in data[name]] for name in ("tile_sizes_m", "strides_m"))
        if not sizes or len(sizes) != len(strides):
            raise ValueError("sizes and strides do not fit")
        return cls(**{**data, "tile_sizes_m": tuple(sizes), "strides_m": tuple(strides)})


def make_recipe(
    encoder: SquareEncoder,
    tile_m: float | Sequence[float] | None = None,
    stride_m: float | Sequence[float] | None = None,
    store: str | None = None,
) -> Recipe:
    """Return the recipe of a build.

    Args:
        encoder: Turns tiles into vectors.
        tile_m: Ground width of a tile, or several; the encoder's own when not given.
        stride_m: Metres between tile centres: one for every size, or one each; a quarter of each size when
            not given.
        store: Address of a store outside the folder.

    Raises:
        AtlasError: A size or stride that cannot be.
    """
    sizes = _numbers(tile_m) or (float(encoder.preparation.ground_width_m),)
    given = _numbers(stride_m) or tuple(size * STRIDE_SHARE for size in sizes)
    strides = given * len(sizes) if len(given) == 1 else given
    if len(strides) != len(sizes):
        raise AtlasError(
            f"{len(strides)} strides were given for {len(sizes)} tile sizes; give one --stride-m for all, "
            "one for each --tile-m, or none."
        )
    if len(set(sizes)) < len(sizes):
        raise AtlasError(f"Tile sizes {metres(sizes)} name one size twice; give each --tile-m once.")
    for width, stride in zip(sizes, strides, strict=True):
        _check(width, stride)
    return Recipe(
        encoder=encoder.name,
        encoder_fingerprint=encoder.fingerprint,
        dim=encoder.dim,
        preparation=preparation_for(encoder, sizes[0]).to_dict(),
        tile_sizes_m=sizes,
        strides_m=strides,
        pixels=cut_pixels(encoder),
        store=store,
    )


def describe_encoder(name: str, fingerprint: str) -> str:
    """Return ``'city' (1a2b3c4d)``."""
    return f"{name!r} ({fingerprint[:8]})"


def metres(values: Sequence[float]) -> str:
    """Return ``112 and 224 m``."""
    return " and ".join(f"{value:g}" for value in values) + " m"


def _numbers(given: float | Sequence[float] | None) -> tuple[float, ...]:
    if given is None:
        return ()
    return (float(given),) if isinstance(given, int | float) else tuple(float(v) for v in given)


def _check(width: float, stride: float) -> None:
    if not (math.isfinite(width) and MIN_TILE_M <= width <= MAX_TILE_M):
        raise AtlasError(
            f"A tile of {width:g} m makes no sense; give --tile-m between {MIN_TILE_M:g} and "
            f"{MAX_TILE_M:g} metres."
        )
    if not (math.isfinite(stride) and width * MIN_STRIDE_SHARE <= stride <= width):
        raise AtlasError(
            f"A stride of {stride:g} m does not fit tiles of {width:g} m; give --stride-m between "
            f"{width * MIN_STRIDE_SHARE:g} and {width:g} metres, or larger tiles."
        )
