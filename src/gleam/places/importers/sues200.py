"""SUES-200: 200 places seen by a drone from 150, 200, 250 and 300 m, and once from space.

Layout and split: https://github.com/Reza-Zhu/SUES-200-Benchmark (``script/split_datasets.py``,
``script/indexs.yaml``, ``Preprocessing.py``). Counts: Zhu et al., IEEE TCSVT 2023,
https://arxiv.org/abs/2204.10704. Both the downloaded tree and the one that the publisher's script makes of
it (``Training``, ``Testing``) are read. Each height is a test of its own: choose by ``height_m``.

The publisher gives no positions and no headings.
"""

from __future__ import annotations

from gleam.places.importers.class_folders import ClassFolders, nothing_known
from gleam.places.importers.collecting import Collector
from gleam.places.importers.dataset import DataSet, Published
from gleam.views import View

HEIGHTS = (150, 200, 250, 300)
_TRAIN_NUMBERS = """
1 2 3 4 5 6 7 9 10 11 13 15 16 20 21 24 25 26 27 28 29 30 31 32 33 34 36 37 39 43 44 45 51 55 56 57
58 60 64 66 67 69 70 73 74 76 77 80 81 82 84 85 86 87 88 89 90 91 94 96 97 100 101 102 103 104 105
106 113 116 118 119 120 123 125 126 127 129 132 134 137 139 141 142 145 146 147 148 149 151 152 155
156 157 158 159 160 163 166 167 168 169 171 174 179 180 182 183 184 185 186 187 191 192 193 196 197
198 199 200
"""
TRAIN_PLACES = frozenset(f"{int(number):04d}" for number in _TRAIN_NUMBERS.split())
"""The published training half; the other 80 places are the queries of the test."""


def fill(found: Collector) -> None:
    """Collect the downloaded tree or the split one."""
    if found.has("Training") or found.has("Testing"):
        _split_tree(found)
        return
    satellite = found.first_folder("satellite-view")
    drone = next((name for name in found.folders("") if "drone" in name), None)
    if satellite is None:
        found.absent.append("the folder satellite-view")
    if drone is None:
        found.absent.append("a folder with drone in its name")
    if satellite is None or drone is None:
        return
    images = ClassFolders(found)
    for place, name in found.class_images(satellite):
        _note(images, View.SATELLITE, place, name, f"{satellite}/{place}/{name}", None)
    for place in found.folders(drone):
        for height in HEIGHTS:
            folder = f"{drone}/{place}/{height}"
            if not found.has(folder):
                found.leave_out("folders of drone images of one height are missing", folder)
            for name in found.images(folder):
                _note(images, View.DRONE, place, name, f"{folder}/{name}", height)
    images.finish()


def _note(images: ClassFolders, view: View, place: str, name: str, path: str, height: int | None) -> None:
    known = {} if height is None else {"height_m": float(height)}
    entries = ("train", "test:gallery") if place in TRAIN_PLACES else ("test",)
    for entry in entries:
        images.note(view, place, f"{name}@{height}", path, known, entry)


def _split_tree(found: Collector) -> None:
    images = ClassFolders(found)
    for height in HEIGHTS:
        about = {"height_m": float(height)}
        images.train(View.SATELLITE, f"Training/{height}/satellite", nothing_known)
        images.train(View.DRONE, f"Training/{height}/drone", lambda place, name, about=about: about)  # type: ignore[misc]
        for view, word in ((View.SATELLITE, "satellite"), (View.DRONE, "drone")):
            known = nothing_known if view is View.SATELLITE else lambda place, name, about=about: about
            images.test(view, f"Testing/{height}/query_{word}", f"Testing/{height}/gallery_{word}", known)
    images.finish()


SUES200 = DataSet(
    kind="sues-200",
    title="SUES-200",
    views=(View.SATELLITE, View.DRONE),
    home="https://github.com/Reza-Zhu/SUES-200-Benchmark",
    obtain="Links (Google Drive, Baidu, Tianyi) are on its home page.",
    licence="academic research only",
    layout="""
satellite-view/0001/0.png
drone_view_512/0001/{150,200,250,300}/*.jpg (any folder with drone in its name)
or, split by the publisher's script:
Training/{150,200,250,300}/{satellite,drone}/0001/*
Testing/{150,200,250,300}/{query,gallery}_{satellite,drone}/0001/*
""",
    published=(
        Published("train", View.SATELLITE, 120, 120),
        Published("train", View.DRONE, 120 * 50 * 4, 120),
        Published("test", View.SATELLITE, 80, 80, "query"),
        Published("test", View.SATELLITE, 200, 200, "gallery"),
        Published("test", View.DRONE, 80 * 50 * 4, 80, "query"),
        Published("test", View.DRONE, 200 * 50 * 4, 200, "gallery"),
    ),
    fill=fill,
    note="The set comes without positions and headings. The four heights are four tests: choose by height_m.",
)
