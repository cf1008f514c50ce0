"""What decides which pairs a benchmark has."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from gleam.errors import GleamError, unknown_name

SplitBy = Literal["auto", "table", "blocks"]
SPLIT_BY: tuple[SplitBy, ...] = ("auto", "table", "blocks")


@dataclass(frozen=True)
class PairRecipe:
    """What decides the pairs, to the byte.

    pairs: at most so many, all when None. split_by: ``table`` keeps the table's own splits, ``blocks``
    cuts the ground into squares of ``block_m``, ``auto`` takes the table's where every row has one.
    val_share, test_share: of the places, for ``blocks``. encoder: whose mistakes are sought, by
    fingerprint; None leaves that tier out.
    """

    seed: int = 0
    pairs: int | None = None
    split_by: SplitBy = "auto"
    block_m: float | None = None
    val_share: float = 0.1
    test_share: float = 0.2
    encoder: str | None = None

    def __post_init__(self) -> None:
        """Refuse values out of range."""
        if self.split_by not in SPLIT_BY:
            raise unknown_name("way to split", self.split_by, SPLIT_BY)
        if self.pairs is not None and self.pairs < 2:
            raise GleamError(
                f"--pairs {self.pairs} is too few: a benchmark has at least one pair of each kind."
            )
        if self.block_m is not None and not self.block_m > 0:
            raise GleamError(f"--block-m {self.block_m:g} is no width of a block; give metres.")
        if not (self.val_share >= 0 and self.test_share >= 0 and self.val_share + self.test_share < 1):
            raise GleamError("The shares of val and test must not be negative and leave something for train.")

    def as_dict(self) -> dict[str, Any]:
        """Return the recipe as plain values, as JSON gives them back."""
        return asdict(self)
