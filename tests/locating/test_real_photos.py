"""The benchmark of real imagery: its page of figures anywhere, its sets where the private folder is."""

import importlib
import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

FOLDER = os.environ.get("GLEAM_REALDATA", "")
BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
pytestmark = pytest.mark.skipif(not BENCHMARKS.is_dir(), reason="an installed package has no benchmarks")
needs_realdata = pytest.mark.skipif(
    not (FOLDER and (Path(FOLDER) / "fengyuan_uav").is_dir()), reason="GLEAM_REALDATA is not set"
)


@pytest.fixture(scope="module")
def real():
    """Import a module of the benchmark, whose folder is on the path only here."""
    sys.path.insert(0, str(BENCHMARKS))
    try:
        yield importlib.import_module
    finally:
        sys.path.remove(str(BENCHMARKS))


@pytest.fixture(scope="module")
def small():
    """An encoder without training whose wide tiles make the atlases small."""
    from gleam.encoder import Encoder
    from gleam.encoder.config import EncoderConfig
    from gleam.imagery.preparation import Preparation

    return Encoder.untrained(EncoderConfig(dim=16, preparation=Preparation(pixels=32)), seed=0)


def test_without_data_it_measures_nothing_and_names_what_is_absent(real, small, tmp_path):
    result = real("real_imagery").measure(tmp_path, "none", tmp_path / "work", encoder=small)
    assert len(result["skipped"]) == 12
    assert not any(result.get(part) for part in ("atlases", "ranks", "street_maps"))
    assert "wildnav_sat: the folder is absent" in real("real.page").tables(result)


def test_only_what_stands_between_the_marks_of_the_page_changes(real, tmp_path):
    page = real("real.page")
    file = tmp_path / "page.md"
    file.write_text(f"before\n{page.BEGIN}\nold\n{page.END}\nafter\n")
    for text in ("new", "newer\n"):
        page.write_into(file, text)
    assert file.read_text() == f"before\n{page.BEGIN}\nnewer\n{page.END}\nafter\n"
    file.write_text("no marks")
    with pytest.raises(SystemExit, match="no lines"):
        page.write_into(file, "text")
    assert file.read_text() == "no marks"


def test_the_page_in_the_docs_has_the_marks(real):
    page = real("real.page")
    text = (BENCHMARKS.parent / "docs" / "real_imagery.md").read_text(encoding="utf-8")
    assert text.count(page.BEGIN) == text.count(page.END) == 1


@needs_realdata
def test_copies_of_drone_photos_keep_the_camera_and_lose_the_position(real, tmp_path):
    from gleam.imagery.exif import read_metadata

    photo = sorted((Path(FOLDER) / "fengyuan_uav" / "photos").iterdir())[0]
    before = read_metadata(photo)
    query = real("real.geosets").drone_query(photo, tmp_path, 1.0, 2.0)
    after = read_metadata(query.photo)
    assert before.position is not None and after.position is None
    assert after.pose.heading_deg == pytest.approx(before.pose.heading_deg, abs=0.01)
    assert after.pose.pitch_deg == pytest.approx(before.pose.pitch_deg, abs=0.01)
    assert after.pose.fov_deg == pytest.approx(before.pose.fov_deg, rel=0.05)


@needs_realdata
def test_the_tables_hold_every_pair_and_no_overlap_in_the_new_area(real, tmp_path):
    from gleam.places.check import check_places

    folder = Path(FOLDER)
    tables = real("real.street_maps").make_tables(folder / "pix2pix_maps_nyc", tmp_path)
    assert {name: len(table.place_ids) for name, table in tables.items()} == {
        "new-area": 546 + 150,
        "same-area": 946 + 150,
    }
    skipped = []
    pairs = real("real.pairs").make_tables(folder, tmp_path, skipped)
    assert not skipped
    assert pairs["university1652_samples"].view_counts() == {"satellite": 71, "drone": 162, "ground": 14}
    assert not check_places(pairs["all-pairs"], read_images=False).problems


@needs_realdata
@pytest.mark.slow
def test_photos_are_located_in_every_way_with_fresh_weights(real, small, tmp_path):
    found = real("real.geosets").brighton(Path(FOLDER) / "brighton_beach_uav", small, tmp_path)
    assert found.atlas.describe()["skipped"]  # more than half of the orthophoto is black
    assert len(found.queries) == 18
    figures = real("real.locating").locate_set(replace(found, queries=found.queries[:3]), small, seed=0)
    assert figures["chance_median_m"] > 0
    assert len(figures["ways"]) == 6
    for numbers in figures["ways"].values():
        assert sum(numbers["status"].values()) == 3
        assert numbers["confident_wrong"] <= numbers["status"]["located"]
    # The truth lies in every circle, so that no answer from one of 30 m is far off.
    assert figures["ways"]["pose known, circle of 30 m"]["within"]["100"] == 3
