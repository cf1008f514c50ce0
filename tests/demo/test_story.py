"""The whole demo, as small as it gets: every room runs for real, only the numbers are tiny."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from gleam.demo.findings import Story
from gleam.demo.photos import held_out
from gleam.demo.settings import DEMO_SEED, DemoSettings
from gleam.demo.story import run_demo
from gleam.encoder import Encoder, EncoderConfig
from gleam.errors import EncoderError
from gleam.places import Places
from gleam.views import QUERY_VIEWS

TINY = DemoSettings(
    size_km=1.0, places=40, pixels=32, m_per_px=4.0, steps=(2, 2), batch=6, photos_per_view=1, photo_pixels=48
)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> DemoSettings:
    weights = tmp_path_factory.mktemp("weights") / "fresh"
    Encoder.untrained(EncoderConfig(), name="fresh").save(weights)
    return replace(TINY, encoder=str(weights))


@pytest.fixture(scope="module")
def told(settings: DemoSettings, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Story]:
    folder = tmp_path_factory.mktemp("demo") / "demo"
    return folder, run_demo(folder, settings)


def test_everything_is_there(told: tuple[Path, Story]) -> None:
    folder, _ = told
    names = {path.name for path in folder.iterdir()}
    assert names >= {"city", "training", "training.yaml", "area.tif", "area.atlas", "photos", "report.html"}
    report = (folder / "report.html").read_text(encoding="utf-8")
    assert report.endswith("</html>\n")
    assert str(Path.home()) not in report or str(folder).startswith(str(Path.home()))


def test_the_training_is_measured_at_three_moments(told: tuple[Path, Story]) -> None:
    _, story = told
    assert [en for en, _, _ in story.training.recall] == [
        "before",
        "after phase 1: drone only",
        "after phase 2: all views",
    ]
    for _, _, recall in story.training.recall:
        assert list(recall) == list(QUERY_VIEWS)
        assert all(0 <= share <= 1 for share in recall.values())
    assert story.training.parameters > 10_000


def test_nothing_learned_from_is_looked_for(told: tuple[Path, Story]) -> None:
    folder, story = told
    table = Places.read(folder / "city")
    train = set(table.select(split="train").place_ids)
    assert train
    assert not train & set(held_out(table).place_ids)
    assert not train & {Path(photo.file).stem for photo in story.photos}
    west = story.overview.bounds[0]
    assert all(row.lon is not None and row.lon < west for row in table.select(split="train"))


def test_every_view_is_located_from_a_file_inside_the_map(told: tuple[Path, Story]) -> None:
    folder, story = told
    assert [photo.view for photo in story.photos] == list(QUERY_VIEWS)
    for photo in story.photos:
        assert (folder / "photos" / photo.file).is_file()
        assert photo.picture.shape[0] == TINY.photo_pixels
        x, y = story.overview.place(photo.truth)
        assert 0 < x < 1
        assert 0 < y < 1
        assert photo.answer is not None
        assert photo.error_m is not None


def test_two_matches_and_one_non_match_in_two_languages(told: tuple[Path, Story]) -> None:
    _, story = told
    assert [item.truth for item in story.explained] == [True, True, False]
    for item in story.explained:
        assert item.text_en.isascii()
        assert any("\u4e00" <= character <= "\u9fff" for character in item.text_zh)
        for region in item.regions:
            for left, top, right, bottom in (*region.query_boxes, *region.tile_boxes):
                assert 0 <= left < right <= 1.0001
                assert 0 <= top < bottom <= 1.0001


def test_times_add_up_and_commands_are_told(told: tuple[Path, Story]) -> None:
    _, story = told
    assert story.seconds == pytest.approx(sum(stage.seconds for stage in story.stages))
    assert len(story.stages) == 6
    assert all(stage.command and stage.command.startswith("gleam ") for stage in story.stages)


def test_again_over_an_earlier_demo_by_the_command(told: tuple[Path, Story], settings: DemoSettings) -> None:
    """The second run uses the city again and comes to the same answers, whatever the process."""
    folder, story = told
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from gleam.demo.settings import DemoSettings\n"
        "from gleam.demo.story import run_demo\n"
        "from gleam.demo.summary import as_plain\n"
        "from gleam.files import to_json\n"
        f"story = run_demo(Path({str(folder)!r}), {settings!r})\n"
        "print(to_json(as_plain(story, Path('report.html'))))\n"
    )
    environment = {**os.environ, "GLEAM_QUIET": "0"}
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, env=environment
    )
    again = json.loads(done.stdout)
    assert [photo["answer"] for photo in again["photos"]] == [
        list(photo.answer) if photo.answer else None for photo in story.photos
    ]
    assert again["training"] == [
        {"when": en, "recall@1": {view.value: share for view, share in recall.items()}}
        for en, _, recall in story.training.recall
    ]
    for line in ("[1/7] Making a city", "It was there already", "[7/7] Writing the report", "Recall@1 in %"):
        assert line in done.stderr
    assert "\x1b" not in done.stderr


def test_unknown_weights_cost_no_time_and_leave_no_folder(tmp_path: Path) -> None:
    with pytest.raises(EncoderError):
        run_demo(tmp_path / "demo", replace(TINY, encoder="no-such-weights"))
    assert not (tmp_path / "demo").exists()


def test_the_quick_form_is_smaller() -> None:
    quick, full = DemoSettings.quick(), DemoSettings()
    assert quick.seed == full.seed == DEMO_SEED
    assert quick.places < full.places
    assert sum(quick.steps) < sum(full.steps)
