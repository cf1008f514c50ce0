"""The GLEAM-X benchmark: pairs of pictures, texts of teachers, the folder they lie in."""

from gleam.explaining.benchmark.folder import Bench
from gleam.explaining.benchmark.pair import Pair
from gleam.explaining.benchmark.text import Text

__all__ = ["Bench", "Pair", "Text"]
