"""A tiny CVACT: five panoramas, two for training, one for validation, four in the large test."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy.io import savemat
from tests.places.layouts.pictures import picture

NAMES = (
    "aaaaaaaaaaaaaaaaaaaaaa",
    "bbbbbbbbbbbbbbbbbbbbbb",
    "c_-cccccccccccccccccc1",
    "dd",
    "eeeeeeeeeeeeeeeeeeeeee",
)
UTM = np.array([[693_000.5 + 100 * i, 6_090_000.25 + 50 * i] for i in range(5)])
SETS = {"trainSet": ("trainInd", [1, 3]), "valSet": ("valInd", [5]), "valSetAll": ("valInd", [2, 3, 4, 5])}


def write_mat(root: Path, *, utm=UTM, sets=SETS) -> None:
    """Write ``ACT_data.mat`` as the publisher's is: a character matrix, positions, numbers from 1."""
    content = {"panoIds": np.array(NAMES), "utm": utm}
    for name, (field, numbers) in sets.items():
        content[name] = {"note": "a field before", field: np.array(numbers).reshape(-1, 1)}
    root.mkdir(parents=True, exist_ok=True)
    savemat(root / "ACT_data.mat", content)


def make(root: Path) -> Path:
    write_mat(root)
    for name, (_, numbers) in SETS.items():
        folder = "ANU_data_test" if name == "valSetAll" else "ANU_data_small"
        for number in numbers:
            picture(root / folder / "streetview" / f"{NAMES[number - 1]}_grdView.jpg", (8, 16))
            picture(root / folder / "satview_polish" / f"{NAMES[number - 1]}_satView_polish.jpg")
    return root
