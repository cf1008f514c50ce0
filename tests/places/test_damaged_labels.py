"""Label files with anything in them: an import works or says in a GleamError what is wrong, nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.places.layouts import cvact, cvcities, cvusa, denseuav, gtauav, setvl, vigor

from gleam.errors import GleamError
from gleam.places.importers import import_places

LABELS = {
    "vigor": (lambda root: vigor.make(root, ["Chicago"]), "splits/Chicago/same_area_balanced_test.txt"),
    "cvusa": (cvusa.make, "splits/val-19zl.csv"),
    "cv-cities": (cvcities.make, "paris/img_info.csv"),
    "denseuav": (denseuav.make, "Dense_GPS_ALL.txt"),
    "gta-uav": (gtauav.make, "same-area-drone2sate-test.json"),
    "setvl-480k": (setvl.make, "train/street.csv"),
}


@pytest.fixture(scope="module")
def trees(tmp_path_factory):
    made = {}
    for kind, (make, name) in LABELS.items():
        root = make(tmp_path_factory.mktemp(kind))
        made[kind] = (root, root / name, (root / name).read_bytes())
    return made


pieces = st.one_of(
    st.binary(max_size=6),
    st.sampled_from(
        [b"", b"\n", b",", b" ", b'"', b"|", b"..", b"/", b"-1", b"1e999", b"nan", b"\x00", b"[" * 2000]
    ),
)


@pytest.mark.parametrize("kind", LABELS)
@settings(max_examples=40)
@given(at=st.floats(0, 1), gone=st.integers(0, 40), put=pieces)
def test_damage_is_told_and_never_a_crash(trees, kind, at, gone, put):
    root, file, good = trees[kind]
    start = int(at * len(good))
    imports_or_says_why(kind, root, file, good, good[:start] + put + good[start + gone :])


@pytest.mark.parametrize("seed", range(5))
def test_damage_of_a_binary_list_is_told_too(tmp_path, seed):
    # Read in a process of its own, because such damage can crash the reader of the library.
    root = cvact.make(tmp_path)
    file = root / "ACT_data.mat"
    good = file.read_bytes()
    damaged = bytearray(good)
    random = np.random.default_rng(seed)
    for at in random.integers(128, len(good), 4):
        damaged[at] = random.integers(256)
    imports_or_says_why("cvact", root, file, good, bytes(damaged))


def imports_or_says_why(kind, root, file, good, damaged):
    file.write_bytes(damaged)
    try:
        places = import_places(kind, root)
    except GleamError as error:
        assert str(error).strip().endswith(".")
        assert "\n" not in str(error)
    else:
        assert len(places) and all(path.is_file() for path in places.paths)
        assert not any(".." in row.path.split("/") for row in places)
    finally:
        file.write_bytes(good)
