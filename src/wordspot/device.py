"""Where to compute, and how: the same each time."""

import ctypes
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache

import torch

from wordspot.config import ModelConfig, Runtime
from wordspot.errors import UsageError

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
"""Parameters of glibc's `mallopt`."""


@contextmanager
def computing(runtime: Runtime) -> Iterator[torch.device]:
    """Yield the device of a runtime, for repeatable sums on its number of threads.

    Afterwards the process has its own number of threads and choice of algorithms again. Raises UsageError
    where this machine has no such device.
    """
    threads = torch.get_num_threads()
    mode = torch.get_deterministic_debug_mode()
    try:
        torch.set_num_threads(runtime.threads)
        keep_freed_memory()
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


def precision_on(device: torch.device, runtime: Runtime, model: ModelConfig) -> str:
    """Choose the precision in which a model is trained: that of the runtime, or the faster on a device.

    Raises UsageError where a device can't train in the runtime's.
    """
    if runtime.precision == "bfloat16" and not trains_in_bfloat16(device):
        raise UsageError("precision: this processor has no LSTM in bfloat16: use --precision float32")
    if runtime.precision != "auto":
        return runtime.precision
    return "bfloat16" if model.gains_from_bfloat16 and computes_bfloat16(device) else "float32"


def computes_bfloat16(device: torch.device) -> bool:
    """Whether a device multiplies bfloat16 faster than float32; others emulate it and take longer."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return device.type == "cpu" and bool(torch.cpu.get_capabilities().get("avx512_bf16"))


@cache
def trains_in_bfloat16(device: torch.device) -> bool:
    """Whether a device has an LSTM in bfloat16: oneDNN has none for processors without AVX-512."""
    try:
        with arithmetic(device, "bfloat16"):
            torch.nn.LSTM(1, 1, device=device)(torch.zeros(1, 1, 1, device=device))
    except RuntimeError:
        return False
    return True


def arithmetic(device: torch.device, precision: str) -> AbstractContextManager[object]:
    """Compute in a precision: matrix products and convolutions alone where it is bfloat16."""
    if precision == "float32":
        return nullcontext()
    return torch.autocast(device.type, torch.bfloat16)


@cache
def keep_freed_memory() -> None:
    """Let the process keep the memory of freed tensors for new ones, where the C library is glibc.

    It would give large blocks back to the system after every operation, and clearing them anew takes up to a
    fifth of a training step.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if os.name == "posix" else None
    if mallopt:
        mallopt(M_MMAP_THRESHOLD, 2**30)
        mallopt(M_TRIM_THRESHOLD, 2**31 - 1)
