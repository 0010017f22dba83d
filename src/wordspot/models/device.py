"""Where to compute."""

import os

import torch

from wordspot.errors import UsageError


def open_device(name: str) -> torch.device:
    """Open a device by its name in torch. Raises UsageError where this machine has none of it."""
    # cuBLAS sums in a fixed order only with a workspace of a fixed size.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    try:
        device = torch.device(name)
        torch.zeros(1, device=device).item()
    except (RuntimeError, AssertionError, ImportError):
        raise UsageError(f"device: {name} isn't on this machine: leave out --device to use the CPU") from None
    return device
