from pathlib import Path

import pytest

from gleam.demo.workplace import Workplace
from gleam.errors import GleamError

SETTINGS: dict[str, object] = {"seed": 1, "places": 20, "steps": (3, 4)}


def test_a_new_folder_is_made(tmp_path: Path) -> None:
    work = Workplace(tmp_path / "a" / "demo")
    work.open(SETTINGS)
    assert [path.name for path in work.folder.iterdir()] == ["demo.json"]


def test_a_folder_of_others_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "training").mkdir()
    (tmp_path / "training" / "weights").write_text("precious")
    with pytest.raises(GleamError, match=r"holds other things.*--out"):
        Workplace(tmp_path).open(SETTINGS)
    assert (tmp_path / "training" / "weights").read_text() == "precious"


def test_an_earlier_demo_is_cleared_but_its_city_is_used_again(tmp_path: Path) -> None:
    work = Workplace(tmp_path / "demo")
    work.open(SETTINGS)
    for folder in (work.city, work.training, work.prepared, work.photos, work.atlas):
        folder.mkdir()
    for file in (work.area, work.recipe, work.report):
        file.write_text("old")
    work.open(SETTINGS)
    assert sorted(path.name for path in work.folder.iterdir()) == ["city", "demo.json"]
    work.open({**SETTINGS, "seed": 2})
    assert [path.name for path in work.folder.iterdir()] == ["demo.json"]
