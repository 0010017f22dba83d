"""Where to compute, and how: the same each time."""

import os

import torch

from wordspot.errors import UsageError


def open_device(name: str, threads: int | None = None) -> torch.device:
    """Open a device by its name in torch, for repeatable sums on `threads` (as torch has them where None).

    Raises UsageError where this machine has no such device, and for fewer threads than one.
    """
    if threads is not None:
        if threads < 1:
            raise UsageError(f"threads: {threads} must be at least 1")
        torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True)
    # cuBLAS sums in a fixed order only with a workspace of a fixed size.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    try:
        device = torch.device(name)
        torch.zeros(1, device=device).item()
    except (RuntimeError, AssertionError, ImportError):
        raise UsageError(f"device: {name} isn't on this machine: leave out --device to use the CPU") from None
    return device
