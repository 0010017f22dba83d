"""Where to compute, and how: the same each time."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from wordspot.config import Runtime
from wordspot.errors import UsageError


@contextmanager
def computing(runtime: Runtime) -> Iterator[torch.device]:
    """Yield the device of a runtime, for repeatable sums on its number of threads.

    Afterwards the process has its own number of threads and choice of algorithms again. Raises UsageError
    where this machine has no such device.
    """
    threads = torch.get_num_threads()
    mode = torch.get_deterministic_debug_mode()
    try:
        if runtime.threads is not None:
            torch.set_num_threads(runtime.threads)
        # As `use_deterministic_algorithms` does, which loads the compiler for that: a second.
        torch.set_deterministic_debug_mode("error")
        # cuBLAS sums in a fixed order only with a workspace of a fixed size.
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        yield open_device(runtime.device)
    finally:
        torch.set_deterministic_debug_mode(mode)
        torch.set_num_threads(threads)


def open_device(name: str) -> torch.device:
    """Open a device by its name. Raises UsageError where this machine has no such device."""
    try:
        device = torch.device(name)
        torch.zeros(1, device=device).item()
    except (RuntimeError, AssertionError, ImportError):
        raise UsageError(f"device: {name} is not available here: leave out --device to use the CPU") from None
    return device
