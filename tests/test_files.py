import errno
import hashlib
import json
import math
import os
import signal
import subprocess
import sys
import time
from enum import Enum
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gleam.errors import GleamError
from gleam.files import atomic_folder, atomic_write, read_json, sha256_of, to_json, write_json


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_atomic_write_makes_the_file_and_its_folder(tmp_path: Path) -> None:
    goal = tmp_path / "a" / "b" / "x.txt"
    with atomic_write(goal) as temporary:
        assert temporary.suffix == ".txt"
        assert not temporary.exists()
        temporary.write_text("new")
        assert not goal.exists()
    assert goal.read_text() == "new"
    assert names(goal.parent) == ["x.txt"]


def test_an_error_keeps_the_old_content_and_leaves_nothing_behind(tmp_path: Path) -> None:
    goal = tmp_path / "x.txt"
    goal.write_text("old")
    with pytest.raises(ZeroDivisionError), atomic_write(goal) as temporary:
        temporary.write_text("half")
        raise ZeroDivisionError
    assert goal.read_text() == "old"
    assert names(tmp_path) == ["x.txt"]


def test_writing_nothing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(GleamError, match="Nothing was written"), atomic_write(tmp_path / "x"):
        pass


def test_a_folder_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    with pytest.raises(GleamError, match="a folder of that name is in the way"), atomic_write(tmp_path / "x"):
        pass


def test_the_mode_of_a_new_file_follows_the_umask(tmp_path: Path) -> None:
    with atomic_write(tmp_path / "x") as temporary:
        temporary.write_text("x")
    plain = tmp_path / "plain"
    plain.write_text("x")
    assert (tmp_path / "x").stat().st_mode == plain.stat().st_mode


def test_a_full_disk_is_one_sentence_and_keeps_the_old_file(tmp_path: Path) -> None:
    goal = tmp_path / "x.txt"
    goal.write_text("old")
    with pytest.raises(GleamError, match=r"disk is full.*x\.txt"), atomic_write(goal) as temporary:
        temporary.write_text("half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert goal.read_text() == "old"
    assert names(tmp_path) == ["x.txt"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_really_full_device_is_reported_as_such(tmp_path: Path) -> None:
    with (
        pytest.raises(GleamError, match="disk is full"),
        atomic_write(tmp_path / "x") as temporary,
        open("/dev/full", "wb") as device,
    ):
        temporary.write_bytes(b"")
        device.write(b"x" * 100_000)
        device.flush()


def test_another_error_of_the_system_inside_the_block_passes_through(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), atomic_write(tmp_path / "x"):
        (tmp_path / "missing.txt").read_text()


def test_a_kill_leaves_the_old_content(tmp_path: Path) -> None:
    goal = tmp_path / "x.txt"
    goal.write_text("old")
    program = (
        "import sys, time\n"
        "from gleam.files import atomic_write\n"
        f"with atomic_write({str(goal)!r}) as t:\n"
        "    t.write_text('half'); print('written', flush=True); time.sleep(60)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"written\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert goal.read_text() == "old"
    leftovers = [name for name in names(tmp_path) if name != "x.txt"]
    assert all(name.startswith(".") and ".partial" in name for name in leftovers)


def test_atomic_folder_appears_whole(tmp_path: Path) -> None:
    goal = tmp_path / "city"
    with atomic_folder(goal) as temporary:
        (temporary / "images").mkdir()
        (temporary / "images" / "a.jpg").write_bytes(b"1")
        assert not goal.exists()
    assert (goal / "images" / "a.jpg").read_bytes() == b"1"
    assert names(tmp_path) == ["city"]


def test_atomic_folder_refuses_content_unless_told(tmp_path: Path) -> None:
    goal = tmp_path / "city"
    goal.mkdir()
    with atomic_folder(goal) as temporary:  # an empty folder is fine
        (temporary / "one").write_text("1")
    with pytest.raises(GleamError, match="already has content"), atomic_folder(goal):
        pass
    with atomic_folder(goal, replace=True) as temporary:
        (temporary / "two").write_text("2")
    assert names(goal) == ["two"]
    assert names(tmp_path) == ["city"]


def test_atomic_folder_is_dropped_on_error(tmp_path: Path) -> None:
    goal = tmp_path / "city"
    goal.mkdir()
    (goal / "old").write_text("old")
    with pytest.raises(RuntimeError), atomic_folder(goal, replace=True) as temporary:
        (temporary / "new").write_text("new")
        raise RuntimeError
    assert names(goal) == ["old"]
    assert names(tmp_path) == ["city"]


class Colour(Enum):
    RED = "red"


def test_json_takes_what_programs_hold(tmp_path: Path) -> None:
    value = {
        Colour.RED: Path("a/b"),
        "array": np.array([[1.5, np.nan]]),
        "scalar": np.float32(0.5),
        "inf": math.inf,
        "set": {3, 1},
        "zh": "街道",
    }
    write_json(tmp_path / "x.json", value)
    text = (tmp_path / "x.json").read_text(encoding="utf-8")
    assert "街道" in text
    assert "NaN" not in text
    assert read_json(tmp_path / "x.json") == {
        "red": "a/b",
        "array": [[1.5, None]],
        "scalar": 0.5,
        "inf": None,
        "set": [1, 3],
        "zh": "街道",
    }
    with pytest.raises(TypeError, match="object cannot be written"):
        to_json(object())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(JSON)
def test_json_round_trip(value: object) -> None:
    assert json.loads(to_json(value)) == value


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"{", "is not JSON: .* at line 1"), (b"\xff\xfe", "not UTF-8"), (None, "does not exist")],
)
def test_bad_json_is_named(tmp_path: Path, content: bytes | None, says: str) -> None:
    path = tmp_path / "x.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(GleamError, match=says) as caught:
        read_json(path)
    assert "x.json" in str(caught.value)


def test_sha256(tmp_path: Path) -> None:
    content = b"gleam" * 100_000
    (tmp_path / "x").write_bytes(content)
    assert sha256_of(tmp_path / "x") == hashlib.sha256(content).hexdigest()


def test_two_writers_leave_one_whole_file(tmp_path: Path) -> None:
    goal = tmp_path / "x"
    program = (
        "import sys\n"
        "from gleam.files import atomic_write\n"
        "for _ in range(20):\n"
        f"    with atomic_write({str(goal)!r}) as t:\n"
        "        t.write_text(sys.argv[1] * 10000)\n"
    )
    writers = [subprocess.Popen([sys.executable, "-c", program, letter]) for letter in "ab"]
    seen = set()
    while any(writer.poll() is None for writer in writers):
        if goal.exists():
            text = goal.read_text()
            seen.add((len(text), text[:1] * 10000 == text))
        time.sleep(0.01)
    assert [writer.returncode for writer in writers] == [0, 0]
    assert seen <= {(10000, True)}
    assert names(tmp_path) == ["x"]
