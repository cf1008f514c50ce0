"""A server that misbehaves on purpose, and two pictures."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest


def load_teacher_server():
    name = "gleam_test_teacher_server"
    if name not in sys.modules:
        path = Path(__file__).parents[1] / "benchmark" / "teacher_server.py"
        spec = importlib.util.spec_from_file_location(name, path)
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]


@pytest.fixture(scope="session")
def teacher():
    return load_teacher_server()


@pytest.fixture(scope="session")
def running(teacher):
    with teacher.TeacherServer() as server:
        yield server


@pytest.fixture
def server(running, teacher, monkeypatch):
    running.clear()
    monkeypatch.setenv("GLEAM_API_KEY", teacher.KEY)
    return running


@pytest.fixture
def pictures():
    rng = np.random.default_rng(3)
    return [rng.integers(0, 256, (120, 120, 3), dtype=np.uint8) for _ in range(2)]
