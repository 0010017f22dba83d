"""The discrete Fourier transform by products with small matrices, for a runtime that has no fast one."""

import math

import torch
from torch import Tensor


def real_dft(frames: Tensor) -> Tensor:
    """Transform real frames [..., N] to real and imaginary parts [..., N // 2 + 1, 2], like `torch.fft.rfft`.

    Let N be P times Q: transforms of P and of Q values with a rotation between them take N (2 P + 4 Q)
    multiplications instead of N squared (Cooley and Tukey, 1965).
    """
    size = frames.shape[-1]
    columns = max(one for one in range(1, math.isqrt(size) + 1) if size % one == 0)  # Q
    rows = size // columns  # P
    grid = torch.unflatten(frames, -1, (rows, columns))  # (..., P, Q)
    cosine, sine = rotations(rows, rows, rows, frames.dtype)
    real, imaginary = cosine @ grid, sine @ grid
    cosine, sine = rotations(size, rows, columns, frames.dtype)
    real, imaginary = real * cosine - imaginary * sine, real * sine + imaginary * cosine
    cosine, sine = rotations(columns, columns, columns, frames.dtype)
    real, imaginary = real @ cosine - imaginary @ sine, real @ sine + imaginary @ cosine
    pairs = torch.stack([real, imaginary], dim=-1)  # (..., P, Q, 2)
    return pairs.transpose(-3, -2).flatten(-3, -2)[..., : size // 2 + 1, :]


def rotations(size: int, rows: int, columns: int, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Give exp(-2 pi i k n / size) for each row k and column n: its real and its imaginary part."""
    turns = torch.outer(torch.arange(rows), torch.arange(columns)) % size
    angle = -2 * torch.pi * turns.double() / size
    return angle.cos().to(dtype), angle.sin().to(dtype)
