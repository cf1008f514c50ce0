r"""What lets the code of Sample4Geo run on today's libraries. Its own files stay as they are.

* torchvision's build from PyPI does not import beside a torch without CUDA: two operators are declared first.
* pandas 3 no longer takes ``delim_whitespace``: it becomes the separator ``\s+``.
* numpy 2.4 no longer has ``in1d``: ``isin`` on flat arrays is the same.
* albumentations 2 ignores the old names of arguments with a warning, so that weaker or dearer defaults would
  run: the old names are translated, so the transforms are those that its authors wrote.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

PACKAGES = {
    "torch": "torch",
    "torchvision": "torchvision",
    "timm": "timm",
    "transformers": "transformers",
    "albumentations": "albumentations",
    "cv2": "opencv-python-headless",
    "pandas": "pandas",
    "sklearn": "scikit-learn",
    "tqdm": "tqdm",
}

SHIMMED = (
    "torchvision's two undeclared operators",
    "`delim_whitespace` of pandas",
    "`numpy.in1d`",
    "the renamed arguments of albumentations (JPEG quality 90 to 100, 10 to 25 dropped patches)",
)


def check_packages() -> None:
    """Stop with one sentence when a package of the environment is missing."""
    missing = [name for module, name in PACKAGES.items() if importlib.util.find_spec(module) is None]
    if missing:
        sys.exit(
            f"This environment ({sys.executable}) lacks {', '.join(missing)}, which Sample4Geo needs; make "
            "one of its own, not that of the package: pip install -c constraints.txt -e . "
            f"{' '.join(name for name in PACKAGES.values() if name != 'torch')}"
        )


def check_checkout(checkout: Path) -> None:
    """Stop with one sentence when the folder is no checkout of Sample4Geo."""
    for file in ("sample4geo/trainer.py", "sample4geo/dataset/vigor.py", "calc_distance_vigor.py"):
        if not (checkout / file).is_file():
            sys.exit(
                f"{checkout} has no {file}; give the folder of a checkout of "
                "https://github.com/Skyy93/Sample4Geo."
            )


def open_checkout(checkout: Path) -> None:
    """Make ``import sample4geo`` work."""
    from gleam.encoder.backbones.torchvision_shim import make_importable

    make_importable()
    _restore_numpy()
    _restore_pandas()
    _translate_albumentations()
    sys.path.insert(0, str(checkout))


def _restore_numpy() -> None:
    import numpy as np

    if not hasattr(np, "in1d"):
        np.in1d = lambda a, b, **options: np.isin(np.ravel(a), b, **options)  # type: ignore[attr-defined]


def _restore_pandas() -> None:
    import pandas as pd

    read_csv = pd.read_csv

    def with_old_name(*words: Any, delim_whitespace: bool = False, **options: Any) -> Any:
        if delim_whitespace:
            options["sep"] = r"\s+"
        return read_csv(*words, **options)

    pd.read_csv = with_old_name


def _translate_albumentations() -> None:
    import albumentations as A

    if int(A.__version__.split(".")[0]) < 2:
        return
    compression, dropout, jitter = A.ImageCompression, A.CoarseDropout, A.ColorJitter

    def image_compression(quality_lower: int, quality_upper: int, **options: Any) -> Any:
        return compression(quality_range=(quality_lower, quality_upper), **options)

    def coarse_dropout(**o: Any) -> Any:
        return dropout(
            num_holes_range=(o["min_holes"], o["max_holes"]),
            hole_height_range=(o["min_height"], o["max_height"]),
            hole_width_range=(o["min_width"], o["max_width"]),
            p=o["p"],
        )

    def color_jitter(always_apply: bool = False, **options: Any) -> Any:
        return jitter(**options)

    A.ImageCompression, A.CoarseDropout, A.ColorJitter = image_compression, coarse_dropout, color_jitter
