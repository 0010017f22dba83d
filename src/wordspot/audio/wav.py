"""The plain WAV file: 44 bytes that follow from its size, then mono 16-bit samples."""

import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

HEADER = struct.Struct("<4sI4s 4sIHHIIHH 4sI")
"""The three chunks, up to the samples."""


def plain_header(size: int, sample_rate: int) -> bytes:
    """Make the header of a WAV file with `size` bytes of samples."""
    riff = (b"RIFF", size + HEADER.size - 8, b"WAVE")
    pcm, mono, bytes_per_sample = 1, 1, 2
    form = (b"fmt ", 16, pcm, mono, sample_rate, bytes_per_sample * sample_rate, bytes_per_sample, 16)
    return HEADER.pack(*riff, *form, b"data", size)


def wav_bytes(samples: NDArray[np.int16], sample_rate: int) -> bytes:
    """Make the WAV file of samples [S]."""
    data = samples.astype("<i2").tobytes()
    return plain_header(len(data), sample_rate) + data


def write_wav(path: Path, samples: NDArray[np.int16], sample_rate: int) -> None:
    """Write samples [S]. Raises OSError where that fails; libsndfile would hide it in an error of its own."""
    path.write_bytes(wav_bytes(samples, sample_rate))
