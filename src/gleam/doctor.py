"""What is installed, found and missing: the facts behind ``gleam doctor``.

Nothing here needs the network, and nothing private is collected: no host or user name, no file
names but the package's own, and of environment variables only whether they are set.
"""

from __future__ import annotations

import dataclasses
import importlib
import importlib.resources
import os
import platform
import re
import shutil
from dataclasses import dataclass
from importlib import metadata

import gleam

ENVIRONMENT = (
    "GLEAM_QUIET",
    "HF_ENDPOINT",
    "HF_HOME",
    "HF_HUB_OFFLINE",
    "CUDA_VISIBLE_DEVICES",
    "OMP_NUM_THREADS",
)
MIN_FREE_GB = 2.0
"""Less free disk than this and a demo or an atlas may not fit."""


@dataclass(frozen=True)
class Package:
    """A library: the version found (``None`` when it is not installed) and the version asked for."""

    name: str
    version: str | None
    wanted: str


@dataclass(frozen=True)
class Findings:
    """Everything ``gleam doctor`` reports. ``problems`` are sentences that say what to do."""

    gleam: str
    python: str
    system: str
    cores: int
    memory_gb: float | None
    free_disk_gb: float
    device: str
    gdal: str | None
    core: tuple[Package, ...]
    extras: dict[str, tuple[Package, ...]]
    weights: tuple[str, ...]
    environment: dict[str, bool]
    problems: tuple[str, ...]

    @property
    def healthy(self) -> bool:
        """Whether nothing that is needed is missing."""
        return not self.problems

    def as_dict(self) -> dict[str, object]:
        """Return the findings as plain values for JSON."""
        return {**dataclasses.asdict(self), "healthy": self.healthy}


def examine() -> Findings:
    """Look at the installation and return what was found."""
    core, extras = _packages()
    device, device_problem = _device()
    gdal, gdal_problem = _gdal()
    weights = _shipped_weights()
    free_gb = shutil.disk_usage(".").free / 1e9
    missing = [package.name for package in core if package.version is None]
    problems = [problem for problem in (device_problem, gdal_problem, _torchvision_problem()) if problem]
    if missing:
        problems.insert(0, f"Missing: {', '.join(missing)}. Install with: pip install gleam-geo")
    if not weights:
        problems.append("No shipped weights were found in the package. Install the wheel again.")
    if free_gb < MIN_FREE_GB:
        problems.append(f"Only {free_gb:.1f} GB of disk are free here; the demo needs {MIN_FREE_GB:.0f} GB.")
    return Findings(
        gleam=gleam.__version__,
        python=f"{platform.python_implementation()} {platform.python_version()}",
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        cores=_usable_cores(),
        memory_gb=_memory_gb(),
        free_disk_gb=round(free_gb, 1),
        device=device,
        gdal=gdal,
        core=core,
        extras=extras,
        weights=weights,
        environment={name: bool(os.environ.get(name)) for name in ENVIRONMENT},
        problems=tuple(problems),
    )


def _packages() -> tuple[tuple[Package, ...], dict[str, tuple[Package, ...]]]:
    """Return the core dependencies and those of every extra, as the package's own metadata list them."""
    try:
        requirements = metadata.requires("gleam-geo") or []
    except metadata.PackageNotFoundError:
        return (), {}
    core: list[Package] = []
    extras: dict[str, list[Package]] = {}
    for requirement in requirements:
        text, _, marker = requirement.partition(";")
        match = re.match(r"\s*([A-Za-z0-9._-]+)(?:\[[^\]]*\])?\s*(.*)", text)
        if match is None:
            continue
        package = Package(match[1], _version(match[1]), match[2].strip())
        extra = re.search(r"extra\s*==\s*['\"]([^'\"]+)['\"]", marker)
        if extra is None:
            core.append(package)
        else:
            extras.setdefault(extra[1], []).append(package)
    return tuple(core), {name: tuple(packages) for name, packages in extras.items()}


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _device() -> tuple[str, str | None]:
    """Return the device that would be used and, if torch does not load, the sentence about it."""
    try:
        import torch
    except ImportError as error:
        return "none", f"torch does not load ({error}). Install torch first, then gleam-geo."
    if torch.cuda.is_available():
        memory_gb = torch.cuda.get_device_properties(0).total_memory / 1e9
        return f"CUDA {torch.cuda.get_device_name(0)}, {memory_gb:.0f} GB", None
    if torch.backends.mps.is_available():
        return "Apple GPU (MPS)", None
    return f"CPU, {torch.get_num_threads()} threads", None


def _gdal() -> tuple[str | None, str | None]:
    try:
        import rasterio
    except ImportError as error:
        return None, f"rasterio does not load ({error}). Georeferenced imagery cannot be read."
    return str(rasterio.__gdal_version__), None


def _torchvision_problem() -> str | None:
    """Tell of a torchvision that was built for another torch: it breaks transformers in odd ways."""
    if _version("torchvision") is None or _version("torch") is None:
        return None
    try:
        importlib.import_module("torchvision")
    except Exception as error:
        first_line = str(error).splitlines()[0] if str(error) else type(error).__name__
        return f"torchvision does not fit this torch ({first_line}). Remove it: pip uninstall torchvision"
    return None


def _shipped_weights() -> tuple[str, ...]:
    shipped = importlib.resources.files("gleam") / "encoder" / "shipped"
    if not shipped.is_dir():
        return ()
    return tuple(sorted(item.name for item in shipped.iterdir() if (item / "model.safetensors").is_file()))


def _usable_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _memory_gb() -> float | None:
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1)
    except (AttributeError, ValueError, OSError):
        return None
