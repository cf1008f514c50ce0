"""Accelerators by name, for estimates: what their makers' data sheets state."""

from __future__ import annotations

from dataclasses import dataclass

from gleam.errors import unknown_name


@dataclass(frozen=True)
class Machine:
    """memory_gb: 10^9 bytes. bf16, fp32: peak of dense matrix products in 10^12 operations per second.

    fp32 is that of the plain cores: the training does not switch on TF32.
    """

    title: str
    memory_gb: float
    bf16: float
    fp32: float


MACHINES: dict[str, Machine] = {
    "h200": Machine("NVIDIA H200 SXM", 141, 989, 67),
    "h100": Machine("NVIDIA H100 SXM, 80 GB", 80, 989, 67),
    "a100-80": Machine("NVIDIA A100, 80 GB", 80, 312, 19.5),
    "a100-40": Machine("NVIDIA A100, 40 GB", 40, 312, 19.5),
    "l40s": Machine("NVIDIA L40S", 48, 362, 91.6),
    "a6000": Machine("NVIDIA RTX A6000", 48, 155, 38.7),
    "l4": Machine("NVIDIA L4", 24, 121, 30.3),
    "4090": Machine("NVIDIA GeForce RTX 4090", 24, 165, 82.6),
    "3090": Machine("NVIDIA GeForce RTX 3090", 24, 71, 35.6),
}


def find_machine(name: str) -> Machine:
    """Return a machine by name; raise a ``ConfigError`` that lists the names when there is none."""
    if name not in MACHINES:
        raise unknown_name("gpu", name, MACHINES)
    return MACHINES[name]
