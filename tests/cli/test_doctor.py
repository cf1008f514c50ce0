from dataclasses import replace

import pytest

from gleam import doctor
from gleam.doctor import Package, examine
from gleam.doctor_text import to_markdown, to_text


def test_a_missing_library_and_missing_weights_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_version", lambda name: None if name == "lancedb" else "1.0")
    monkeypatch.setattr(doctor, "_shipped_weights", lambda: ())
    monkeypatch.setattr(doctor, "_torchvision_problem", lambda: None)
    findings = examine()
    assert not findings.healthy
    assert findings.problems[0].startswith("Missing: lancedb. Install with: pip")
    assert any("No shipped weights" in problem for problem in findings.problems)
    assert "lancedb" in to_text(findings)
    assert "missing (needs >=" in to_text(findings)
    assert "| lancedb | missing |" in to_markdown(findings)


def test_a_full_disk_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda path: type("Usage", (), {"free": 1e8})())
    assert any("Only 0.1 GB of disk are free" in problem for problem in examine().problems)


def test_extras_are_known_by_name_and_state() -> None:
    findings = examine()
    extras = {"serve", "explain", "train", "cluster", "frozen", "exchange", "timm", "onnx", "maps", "dev"}
    assert extras == set(findings.extras)
    serve = (Package("fastapi", None, ">=1"), Package("uvicorn", "1", ""))
    given = replace(findings, extras={"serve": serve})
    assert "not installed (fastapi)" in to_text(given)


def test_only_whether_variables_are_set_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HOME", "/srv/somebody/secret-place")
    findings = examine()
    assert findings.environment["HF_HOME"] is True
    for form in (to_text(findings), to_markdown(findings), str(findings.as_dict())):
        assert "secret-place" not in form
        assert "HF_HOME" in form


def test_a_torchvision_for_another_torch_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(name: str) -> object:
        raise RuntimeError("operator torchvision::nms does not exist\nand more lines")

    monkeypatch.setattr(doctor, "_version", lambda name: "1.0")
    monkeypatch.setattr(doctor.importlib, "import_module", broken)
    problem = doctor._torchvision_problem()
    assert problem is not None
    assert "torchvision::nms does not exist" in problem
    assert "more lines" not in problem
