"""University-1652: buildings seen by a simulated drone, from space and from the street.

Layout, counts and licence: https://github.com/layumi/University1652-Baseline (README.md, Request.md, MIT
code). The test has more buildings in its galleries than queries ask for: 250 distractors. The publisher
gives neither positions, nor headings, nor sizes on the ground with the images.

The folder of one half (``train``), or any folder with ``satellite``, ``drone`` and ``street`` in it, is
imported as well; it has no split then.
"""

from __future__ import annotations

from gleam.places.importers.class_folders import ClassFolders, nothing_known
from gleam.places.importers.collecting import Collector
from gleam.places.importers.dataset import DataSet, Published
from gleam.views import View

VIEW_FOLDERS = {"satellite": View.SATELLITE, "drone": View.DRONE, "street": View.GROUND}
NOISY = "google"
"""Street pictures found by a search engine, many of something else; they come in only when asked for."""


def fill(found: Collector) -> None:
    """Collect both halves, or the one that the root is."""
    folders = dict(VIEW_FOLDERS)
    if found.options.extra.get(NOISY) == "yes":
        folders[NOISY] = View.GROUND
    if not found.has("train") and not found.has("test") and any(map(found.has, VIEW_FOLDERS)):
        _one_half(found, folders)
        return
    halves = ClassFolders(found)
    for name, view in folders.items():
        # Two folders may hold street pictures of one name, so the folder is a part of the key.
        if found.has(f"train/{name}"):
            for place, image in found.class_images(f"train/{name}"):
                halves.note(view, place, f"{name}/{image}", f"train/{name}/{place}/{image}", {}, "train")
        else:
            found.absent.append(f"the folder train/{name}")
    for name, view in VIEW_FOLDERS.items():
        halves.test(view, f"test/query_{name}", f"test/gallery_{name}", nothing_known)
    halves.finish()


def _one_half(found: Collector, folders: dict[str, View]) -> None:
    found.notes.append("The folder has no train and test in it, so its images have no split.")
    for name, view in folders.items():
        for place, image in found.class_images(name):
            found.add(place, view, f"{name}/{place}/{image}", None)


UNIVERSITY1652 = DataSet(
    kind="university-1652",
    title="University-1652",
    views=(View.SATELLITE, View.DRONE, View.GROUND),
    home="https://github.com/layumi/University1652-Baseline",
    obtain="Ask by e-mail with the template Request.md of its home page; the answer is a link.",
    licence="academic research only, no redistribution",
    layout="""
train/{satellite,drone,street,google}/ID/*.jpg
test/{query,gallery}_{satellite,drone,street}/ID/*.jpg
""",
    published=(
        Published("train", View.SATELLITE, 701, 701),
        Published("train", View.DRONE, 701 * 54, 701),
        Published("test", View.SATELLITE, 701, 701, "query"),
        Published("test", View.SATELLITE, 951, 951, "gallery"),
        Published("test", View.DRONE, 37_855, 701, "query"),
        Published("test", View.DRONE, 51_355, 951, "gallery"),
        Published("test", View.GROUND, 2_579, 701, "query"),
        Published("test", View.GROUND, 2_921, 793, "gallery"),
    ),
    fill=fill,
    extras={NOISY: ("no", "yes")},
    note="The set comes without positions, headings and sizes on the ground, so figures in metres are not "
    "to be had.",
)
