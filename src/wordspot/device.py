"""Where to compute, and how: the same each time."""

import os

import torch

from wordspot.config import Runtime
from wordspot.errors import UsageError


def open_device(runtime: Runtime) -> torch.device:
    """Open the device of a runtime, for repeatable sums on its number of threads.

    Raises UsageError where this machine has no such device.
    """
    if runtime.threads is not None:
        torch.set_num_threads(runtime.threads)
    torch.use_deterministic_algorithms(True)
    # cuBLAS sums in a fixed order only with a workspace of a fixed size.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    try:
        device = torch.device(runtime.device)
        torch.zeros(1, device=device).item()
    except (RuntimeError, AssertionError, ImportError):
        raise UsageError(
            f"device: {runtime.device} is not available here: leave out --device to use the CPU"
        ) from None
    return device
