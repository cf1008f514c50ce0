"""Device, precision and processes of a training, through Accelerate; torchrun starts several."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager, nullcontext
from typing import Literal, TypeVar

import torch
from accelerate import Accelerator
from accelerate.utils import broadcast_object_list
from torch import Tensor

from gleam.errors import ConfigError
from gleam.progress import QUIET_VARIABLE

Shared = TypeVar("Shared")


class Runtime:
    """Where the network runs and which of the processes this is."""

    def __init__(
        self,
        device: Literal["auto", "cpu", "cuda"] = "auto",
        precision: Literal["fp32", "bf16"] = "fp32",
        threads: int = 0,
    ) -> None:
        """Join the other processes, if torchrun or accelerate started several."""
        if device == "cuda" and not torch.cuda.is_available():
            raise ConfigError(
                "device is 'cuda', but this machine offers no CUDA device; use 'auto' or 'cpu'."
            )
        on_cpu = device == "cpu" or not torch.cuda.is_available()
        self._accelerator = Accelerator(cpu=on_cpu)
        self._precision = precision
        # After Accelerate, which sets a number of its own for several processes on one CPU.
        if threads:
            torch.set_num_threads(threads)
        self.device: torch.device = self._accelerator.device
        self.rank: int = self._accelerator.process_index
        self.world: int = self._accelerator.num_processes
        self.is_main: bool = self._accelerator.is_main_process
        if not self.is_main:
            # One process speaks for all.
            os.environ[QUIET_VARIABLE] = "1"

    def autocast(self) -> AbstractContextManager[None]:
        """Run the network inside in the chosen precision."""
        # Not through Accelerate, which knows one precision per process: that of its first training.
        if self._precision == "fp32":
            return nullcontext()
        return torch.autocast(self.device.type, dtype=torch.bfloat16)

    def wait(self) -> None:
        """Let the processes meet here."""
        self._accelerator.wait_for_everyone()

    def mean(self, value: Tensor) -> Tensor:
        """Return the mean of a tensor over the processes."""
        if self.world == 1:
            return value
        reduced: Tensor = self._accelerator.reduce(value, reduction="mean")
        return reduced

    def same(self, value: Shared) -> Shared:
        """Return the main process's ``value`` in every process."""
        if self.world == 1:
            return value
        shared: Shared = broadcast_object_list([value])[0]
        return shared
