"""Several photos calibrated: groups and flights from a places table, and what answers then say."""

import numpy as np
import pytest
from PIL import Image

from gleam.geo import distance_m
from gleam.locating import Locator, Status
from gleam.locating.judging.calibrate import fit_answers
from gleam.locating.judging.sample import Sample
from gleam.locating.judging.signs import SEQUENCE, SEQUENCE_SIGNS, TOGETHER, TOGETHER_SIGNS
from gleam.locating.several import samples
from gleam.locating.several.samples import sample_several
from gleam.locating.several.sequence import locate_sequence
from gleam.locating.several.together import locate_together
from gleam.places import PlaceImage, Places
from gleam.views import View

SPOTS = [(200, 200), (260, 230), (330, 210), (400, 300), (300, 420), (440, 440)]
DOWN = {"pitch_deg": -90.0, "height_m": 64.0, "fov_deg": 90.0}


@pytest.fixture(scope="module")
def places(landscape, tmp_path_factory):
    """A map and a drone photo of six places."""
    folder = tmp_path_factory.mktemp("several")
    rows = []
    for n, (x, y) in enumerate(SPOTS):
        at = landscape.position(x, y)
        Image.fromarray(landscape.cut(x, y)).save(folder / f"m{n}.png")
        Image.fromarray(landscape.cut(x, y, 90.0)).save(folder / f"d{n}.png")
        rows.append(PlaceImage(f"p{n}", View.MAP, f"m{n}.png", *at, 0.0, ground_width_m=128.0))
        rows.append(PlaceImage(f"p{n}", View.DRONE, f"d{n}.png", *at, 90.0, **DOWN))
    return Places(rows, folder)


@pytest.fixture(scope="module")
def strangers(tmp_path_factory):
    folder = tmp_path_factory.mktemp("strangers")
    rng = np.random.default_rng(9)
    rows = []
    for n in range(8):
        small = Image.fromarray(rng.integers(0, 255, (12, 12, 3), dtype=np.uint8))
        small.resize((128, 128), Image.Resampling.BICUBIC).save(folder / f"{n}.png")
        rows.append(
            PlaceImage(f"s{n // 2}", View.MAP, f"{n}.png", 10 + n / 1e4, 10.0, 0.0, ground_width_m=128.0)
        )
    return Places(rows, folder)


def test_groups_and_flights_tell_all_signs_and_a_killed_run_goes_on(
    encoder, atlas, places, strangers, tmp_path
):
    locator = Locator(encoder, atlas, headings=4)

    def run():
        return sample_several(
            locator, places, area="land", others=[strangers], absent_share=0.9, cache=tmp_path
        )

    first = run()
    for kind, signs in ((TOGETHER, TOGETHER_SIGNS), (SEQUENCE, SEQUENCE_SIGNS)):
        mine = [s for s in first if s.view == kind]
        assert all(set(s.signs) == set(signs) for s in mine if s.signs)
        # A photo of a flight that is told nothing is kept, so that it counts among those not claimed.
        assert all(s.error_m is None and s.rank is None for s in mine if not s.signs)
        here = [s for s in mine if s.present and s.signs]
        assert here and len(here) < len(mine)
        assert all(s.error_m is None and s.rank is None for s in mine if not s.present)
        assert np.mean([s.error_m < 50 for s in here]) > 0.7
        assert all(s.rank == 1 for s in here if s.error_m <= 50)
    (file,) = tmp_path.glob("*.jsonl")
    lines = file.read_bytes().splitlines()
    file.write_bytes(b"\n".join(lines[:3]) + b"\n" + lines[3][:40])
    assert run() == first
    before = file.read_bytes()
    assert run() == first
    assert file.read_bytes() == before  # nothing was located again


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_photos_of_other_places_planted_in_a_flight_are_told(encoder, atlas, places, monkeypatch, share):
    monkeypatch.setattr(samples, "BAD_PHOTOS", share)
    found = sample_several(Locator(encoder, atlas, headings=4), places, area="land")
    flights = [s for s in found if s.view == SEQUENCE]
    planted = [s.planted for s in flights]
    # A place drawn at random out of six may be the photo's own.
    assert flights and (not any(planted) if share == 0 else np.mean(planted) > 0.5)
    assert not any(s.planted for s in found if s.view == TOGETHER)


@pytest.fixture(scope="module")
def calibration():
    """Fitted on drawn samples whose chance of being right rises with the share."""
    rng = np.random.default_rng(1)
    drawn = []
    for n in range(900):
        kind, names = ((TOGETHER, TOGETHER_SIGNS), (SEQUENCE, SEQUENCE_SIGNS))[n % 2]
        signs = {name: float(rng.normal()) for name in names}
        present = bool(rng.random() < 0.85)
        signs["share"] = float(rng.normal(1.0, 3.0)) if present else float(rng.normal(-3.0, 1.0))
        right = present and rng.random() < 1 / (1 + np.exp(-2 * signs["share"]))
        error = float(rng.rayleigh(6.0)) if right else float(rng.uniform(80, 900))
        known = (error, error / 4.0) if present else (None, None)
        drawn.append(
            Sample("ab"[n % 4 < 2], kind, f"p{n}", present, *known, signs, n % 8 < 4, 1 if right else None)
        )
    return fit_answers(drawn, name="drawn")


def test_fused_answers_tell_a_calibrated_probability(encoder, atlas, landscape, map_pose, calibration):
    encoder.calibration = calibration
    locator = Locator(encoder, atlas)
    photos = [landscape.cut(333 + 2 * n, 201) for n in range(4)]
    truth = landscape.position(336, 201)
    together = locate_together(locator, photos, "map", pose=map_pose)
    flight = locate_sequence(
        locator, photos, "map", times_s=[0.0, 4.0, 8.0, 12.0], max_speed_mps=5.0, pose=map_pose
    )
    for answer in (together, *flight):
        assert answer.status is Status.LOCATED
        assert answer.probability > 0.8
        assert (answer.calibration.name, answer.calibration.within_m) == ("drawn", 50.0)
        assert "drawn" in answer.radius95_from
        assert distance_m(*truth, answer.lat, answer.lon) < 12
        assert answer.rings
        assert not any("not calibrated" in note for note in answer.notes)


def test_photos_that_do_not_belong_together_are_not_sure(encoder, atlas, landscape, map_pose, calibration):
    encoder.calibration = calibration
    photos = [landscape.cut(170, 160), landscape.cut(470, 460)]
    answer = locate_together(Locator(encoder, atlas), photos, "map", pose=map_pose)
    assert answer.probability < 0.9
    assert not answer.located or answer.probability > 0.5
