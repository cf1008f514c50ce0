"""What several photos tell that one does not: photos of one place together, and flights in time.

    python benchmarks/several_photos.py [--seed 9303] [--size 0.9] [--places 16] [--photos 4]
                                        [--flights 3] [--flight-photos 14] [--encoder city] [--json]

A procedural city that no encoder was trained on is rendered; its newer mosaic becomes an atlas. Then

* places: a few photos of each, in other weather and towards other directions: ground photos 90 degrees
  wide whose heading is told, and drone photos whose heading is not;
* places with one bad photo: the first photo of each is one of another place; beside it the same places
  with the good photos alone, which is what a bad one should not spoil;
* flights: a drone takes a photo every 4 s along a winding path, one in ten of another place.

Printed: recall within 25 and 50 m with 95 % intervals (over places, and over flights for photos of
flights), what was gained over single photos with its interval, the mean probability told against the
share that is right, how many of the answers that were claimed are wrong, and seconds per photo.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("GLEAM_QUIET", "1")

import numpy as np

from gleam.atlas import Atlas
from gleam.city.cameras import PERSPECTIVE, Camera, Framing, axes
from gleam.city.mosaic import plan_mosaics
from gleam.city.places import choose_places
from gleam.city.plan import make_scene
from gleam.city.raster_file import write_geotiff
from gleam.city.scene import Scene
from gleam.city.sensor import develop, sample_sensor
from gleam.city.shots import latitude_of, radiance, take
from gleam.city.weather import sample_weather
from gleam.encoder import Encoder
from gleam.evaluation.bootstrap import mean_intervals
from gleam.geo import distance_m
from gleam.locating import Answer, Locator, Status
from gleam.locating.several.sequence import locate_sequence
from gleam.locating.several.together import locate_together
from gleam.views import Pose, View

WITHIN_M = (25, 50)
WRONG_M = 50.0
PIXELS = 256
INTERVAL_S, SPEED_MPS, CAP_MPS = 4.0, 12.0, 15.0
MARGIN_M = 150.0
BAD_EVERY = 10


@dataclass(frozen=True)
class Photo:
    """A picture, what is known of its camera, and the truth as (lat, lon)."""

    image: Any
    pose: Pose
    truth: tuple[float, float]


class Recorder(Locator):
    """A locator that keeps what each photo gave alone, so that it is not located twice."""

    def __init__(self, encoder: Encoder, atlas: Atlas) -> None:
        super().__init__(encoder, atlas)
        self.alone: list[Answer] = []
        self._known: dict[int, tuple[Any, Answer, Any]] = {}

    def locate(self, photo: Any, view: Any = None, *, watch: Any = None, **options: Any) -> Answer:
        """Locate and remember."""
        if id(photo) not in self._known:
            found: list[Any] = []
            answer = super().locate(photo, view, watch=found.append, **options)
            self._known[id(photo)] = (photo, answer, found[0])
        _, answer, seen = self._known[id(photo)]
        if watch is not None:
            watch(seen)
        self.alone.append(answer)
        return answer


def main() -> None:
    """Measure and print one JSON document, or a table above it."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--seed", type=int, default=9303)
    options.add_argument("--size", type=float, default=0.9, help="side of the city in kilometres")
    options.add_argument("--places", type=int, default=16)
    options.add_argument("--photos", type=int, default=4, help="photos of each place")
    options.add_argument("--flights", type=int, default=3)
    options.add_argument("--flight-photos", type=int, default=14)
    options.add_argument("--encoder", default="city")
    options.add_argument("--json", action="store_true", help="print the JSON document alone")
    chosen = options.parse_args()
    result = measure(chosen)
    if not chosen.json:
        print_table(result)
    print(json.dumps(result, indent=2))


def measure(chosen: argparse.Namespace) -> dict[str, Any]:
    """Return all figures."""
    encoder = Encoder.from_pretrained(chosen.encoder)
    scene = make_scene(chosen.seed, 1000.0 * chosen.size)
    with tempfile.TemporaryDirectory() as folder:
        atlas = Atlas.build(raster_of(scene, Path(folder)), encoder, Path(folder) / "atlas")
        locator = Recorder(encoder, atlas)
        result: dict[str, Any] = {
            "benchmark": "several_photos",
            "encoder": {"name": encoder.name, "fingerprint": encoder.fingerprint},
            "seed": chosen.seed,
            "tiles": len(atlas),
            "ways": {},
        }
        for view in (View.GROUND, View.DRONE):
            groups = [
                place_photos(scene, view, spot, chosen.photos, (chosen.seed, number))
                for number, spot in enumerate(spots_of(scene, chosen.places))
            ]
            name = f"{view.value}, {chosen.photos} of one place"
            result["ways"][name] = measure_places(locator, groups, view)
            bad = [[groups[n - 1][0], *g[1:]] for n, g in enumerate(groups)]
            result["ways"][f"{name}, one bad"] = measure_places(locator, bad, view, truth=-1)
            result["ways"][f"{name}, without it"] = measure_places(locator, [g[1:] for g in bad], view)
        flights = [
            flight_photos(scene, chosen.flight_photos, (chosen.seed, n)) for n in range(chosen.flights)
        ]
        result["ways"]["drone flight"] = measure_flights(locator, flights)
    return result


def raster_of(scene: Scene, folder: Path) -> Path:
    """Write the newer mosaic of a city as a GeoTIFF."""
    mosaic = plan_mosaics(scene, 0.5, folder / "mosaic")[-1]
    mosaic.render(1)
    file = folder / "area.tif"
    write_geotiff(
        file,
        mosaic.strips(),
        size=mosaic.size,
        frame=scene.frame,
        top_m=scene.height_m,
        m_per_px=mosaic.m_per_px,
        tags={},
    )
    return file


def spots_of(scene: Scene, count: int) -> list[tuple[float, float]]:
    chosen = choose_places(scene, count, split="bench")
    return list(zip(chosen.x.tolist(), chosen.y.tolist(), strict=True))


def place_photos(
    scene: Scene, view: View, spot: tuple[float, float], count: int, seed: tuple[int, int]
) -> list[Photo]:
    """Photos of one place in different weather and directions; a drone does not know its own."""
    photos = []
    for number in range(count):
        shot = take(scene, view, *spot, np.random.default_rng([*seed, number]), PIXELS)
        pose = shot.pose if view is View.GROUND else shot.pose.with_heading(None)
        photos.append(Photo(shot.image, pose, scene.frame.to_wgs84(shot.x, shot.y)))
    return photos


def flight_photos(scene: Scene, count: int, seed: tuple[int, int]) -> list[Photo]:
    """Photos of one drone along a winding path, looking ahead and down; every tenth of another place."""
    rng = np.random.default_rng([*seed, 77])
    weather = sample_weather(rng, View.DRONE, latitude_deg=latitude_of(scene))
    sensor = sample_sensor(rng, View.DRONE)
    low, high = MARGIN_M, min(scene.width_m, scene.height_m) - MARGIN_M
    pitch, height, fov = -float(rng.uniform(55, 80)), float(rng.uniform(90, 130)), float(rng.uniform(55, 70))
    half = math.tan(math.radians(fov) / 2)
    x, y = rng.uniform(low, high, 2)
    course = float(rng.uniform(0, 360))
    photos = []
    for number in range(count):
        right, up, forward = axes(course, pitch)
        camera = Camera(
            PERSPECTIVE, (x, y, height), right, up, forward, half, half, math.radians(course), 3000.0
        )
        bad = number % BAD_EVERY == BAD_EVERY // 2
        if bad:
            where = rng.uniform(low, high, 2)
            camera = Camera(
                PERSPECTIVE, (*where, height), right, up, forward, half, half, math.radians(course), 3000.0
            )
        light = radiance(scene, Framing(camera, Pose(), x, y), weather, PIXELS)
        back = height / -forward[2]
        truth = scene.frame.to_wgs84(x + forward[0] * back, y + forward[1] * back)
        pose = Pose(pitch_deg=pitch, roll_deg=0.0, height_m=height, fov_deg=fov)
        photos.append(Photo(develop(light, sensor.exposed_for(light)), pose, truth))
        step = INTERVAL_S * SPEED_MPS * float(rng.uniform(0.6, 1.0))
        for _ in range(100):
            turned = course + float(rng.normal(0, 25))
            there = x + step * math.sin(math.radians(turned)), y + step * math.cos(math.radians(turned))
            if low < min(there) and max(there) < high:
                break
            course += 20.0
        course, (x, y) = turned, there
    return photos


def measure_places(
    locator: Recorder, groups: list[list[Photo]], view: View, truth: int = 0
) -> dict[str, Any]:
    """Each photo alone and each place's photos together; ``truth``: the photo whose position is asked for."""
    locator.alone.clear()
    begun = time.perf_counter()
    answers = [
        locate_together(locator, [p.image for p in group], view, pose=[p.pose for p in group])
        for group in groups
    ]
    seconds = time.perf_counter() - begun
    photos = [p for group in groups for p in group]
    owners = [n for n, group in enumerate(groups) for _ in group]
    asked = [group[truth].truth for group in groups]
    right = np.array([at_most(answers, asked)[n] for n in owners])
    return {
        "single": figures(locator.alone, [p.truth for p in photos], owners),
        "together": figures(answers, asked, list(range(len(groups)))),
        "gain": gain(right, at_most(locator.alone, [p.truth for p in photos]), owners),
        "seconds_per_photo": round(seconds / len(photos), 3),
    }


def measure_flights(locator: Recorder, flights: list[list[Photo]]) -> dict[str, Any]:
    """Each photo alone, with those before it (online), and with all of its flight."""
    locator.alone.clear()
    found: dict[str, list[Answer]] = {"sequence": []}
    begun = time.perf_counter()
    for flight in flights:
        found["sequence"] += locate_flight(locator, flight, online=False)
    seconds = time.perf_counter() - begun
    found = {"single": list(locator.alone), **found}
    found["online"] = [a for flight in flights for a in locate_flight(locator, flight, online=True)]
    photos = [p for flight in flights for p in flight]
    owners = [n for n, flight in enumerate(flights) for _ in flight]
    truths = [p.truth for p in photos]
    out: dict[str, Any] = {way: figures(answers, truths, owners) for way, answers in found.items()}
    out["gain"] = gain(at_most(found["sequence"], truths), at_most(found["single"], truths), owners)
    return {**out, "seconds_per_photo": round(seconds / len(photos), 3)}


def locate_flight(locator: Locator, flight: list[Photo], online: bool) -> list[Answer]:
    return locate_sequence(
        locator,
        [p.image for p in flight],
        View.DRONE,
        times_s=[INTERVAL_S * number for number in range(len(flight))],
        max_speed_mps=CAP_MPS,
        pose=[p.pose for p in flight],
        online=online,
    )


def errors_of(answers: list[Answer], truths: list[tuple[float, float]]) -> Any:
    """Metres of each answer, infinite where it has no position."""
    return np.array(
        [
            math.inf if a.lat is None or a.lon is None else distance_m(*truth, a.lat, a.lon)
            for a, truth in zip(answers, truths, strict=True)
        ]
    )


def at_most(answers: list[Answer], truths: list[tuple[float, float]]) -> Any:
    return (errors_of(answers, truths) <= WRONG_M).astype(float)


def gain(several: Any, single: Any, owners: list[int]) -> dict[str, float]:
    """What several photos add to the share within 50 m, photo by photo, with its interval."""
    (interval,) = mean_intervals((several - single)[:, None], groups=owners)
    return {k: round(v, 3) for k, v in interval.to_dict().items()}


def figures(answers: list[Answer], truths: list[tuple[float, float]], owners: list[int]) -> dict[str, Any]:
    """Recall within some distances with its interval, the median error, and what was claimed."""
    errors = errors_of(answers, truths)
    claimed = np.array([a.status is Status.LOCATED for a in answers])
    told = np.array([math.nan if a.probability is None else a.probability for a in answers])
    known = np.isfinite(told)
    hits = np.stack([errors <= metres for metres in WITHIN_M], axis=1).astype(float)
    return {
        "answers": len(answers),
        **{
            f"within_{metres}_m": {k: round(v, 3) for k, v in interval.to_dict().items()}
            for metres, interval in zip(WITHIN_M, mean_intervals(hits, groups=owners), strict=True)
        },
        "median_m": round(float(np.quantile(errors, 0.5, method="inverted_cdf")), 1),
        "probability": round(float(told[known].mean()), 3) if known.any() else None,
        "right_of_those": round(float((errors[known] <= WRONG_M).mean()), 3) if known.any() else None,
        "located": int(claimed.sum()),
        "located_wrong": int((claimed & (errors > WRONG_M)).sum()),
    }


def print_table(result: dict[str, Any]) -> None:
    """Print one line per way of locating."""
    print(f"encoder {result['encoder']['name']}, city {result['seed']}, {result['tiles']} tiles")
    for name, ways in result["ways"].items():
        print(f"{name} ({ways['seconds_per_photo']} s per photo)")
        for way, numbers in ways.items():
            if way == "gain":
                more = [f"{100 * numbers[k]:+.0f}" for k in ("value", "low", "high")]
                print(f"  gain       {more[0]} [{more[1]}, {more[2]}] points within {WRONG_M:g} m")
            if way == "gain" or not isinstance(numbers, dict):
                continue
            near = ", ".join(
                f"{n['value']:.0%} [{n['low']:.0%}, {n['high']:.0%}] within {metres} m"
                for metres in WITHIN_M
                for n in [numbers[f"within_{metres}_m"]]
            )
            sure = numbers["probability"]
            if sure is not None:
                near += f"; {sure:.2f} told, {numbers['right_of_those']:.2f} right"
            print(
                f"  {way:10s} {near}; median {numbers['median_m']:g} m; {numbers['located']} of "
                f"{numbers['answers']} claimed, {numbers['located_wrong']} of them wrong"
            )


if __name__ == "__main__":
    main()
