"""Sound files to samples: mono int16 at a given sampling rate."""

import os
import struct
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import soundfile
import torch
import torchaudio
from numpy.typing import NDArray

from wordspot.errors import ClipError, UsageError, WordspotError

SUFFIXES = (".wav", ".flac")
FINE_SUBTYPES = {"PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"}
"""Sample formats with at least 16 bits; others (8 bit, telephone codes) are lossy."""

HEADER = struct.Struct("<4sI4s 4sIHHIIHH 4sI")
"""The three chunks of a plain WAV file, up to its samples."""


def header(path: Path) -> soundfile._SoundFileInfo:
    """Read the header of a sound file. Raises ClipError where it is not one, is empty or truncated."""
    try:
        info = soundfile.info(str(path))
    # soundfile raises TypeError for suffixes like .raw, which have no header.
    except (soundfile.SoundFileError, OSError, TypeError):
        raise ClipError(path, "not a readable sound file") from None
    if info.frames == 0:
        raise ClipError(path, "holds no samples")
    if is_cut_short(path):
        raise ClipError(path, "breaks off before its end")
    return info


def is_cut_short(path: Path) -> bool:
    """Tell whether a WAV file is shorter than its header says; soundfile would read the rest of it."""
    with path.open("rb") as file:
        head = file.read(8)
    says = int.from_bytes(head[4:8], "little")
    # Programs that write to a pipe can't know the size and write the largest possible one.
    return head[:4] == b"RIFF" and path.stat().st_size + 1 < says + 8 < 2**31


def misfit(info: soundfile._SoundFileInfo, sample_rate: int) -> str | None:
    """Say how a file differs from mono, 16 bit or better, at `sample_rate`; None where it does not."""
    if info.samplerate != sample_rate:
        return f"{info.samplerate} Hz instead of {sample_rate}"
    if info.channels != 1:
        return f"{info.channels} channels instead of one"
    if info.subtype not in FINE_SUBTYPES:
        return f"samples are {info.subtype_info} instead of 16 bit"
    return None


def read_clip(
    path: Path, sample_rate: int, *, convert: bool = False, start: int = 0, stop: int | None = None
) -> NDArray[np.int16]:
    """Read a clip as int16 [samples] at `sample_rate`, from sample `start` of the file to `stop`.

    With `convert`, other rates are resampled, several channels averaged, and 8-bit samples converted. Raises
    ClipError for a file that can't be used.
    """
    plain = read_plain(path, sample_rate, start, stop)
    if plain is not None:
        return plain
    info = header(path)
    reason = misfit(info, sample_rate)
    if reason and not convert:
        raise ClipError(path, f"{reason} (--convert converts it)")
    try:
        if reason is None and info.subtype == "PCM_16":
            samples, _ = soundfile.read(str(path), dtype="int16", start=start, stop=stop)
            return np.asarray(samples, dtype=np.int16)
        floats, _ = soundfile.read(str(path), dtype="float32", start=start, stop=stop, always_2d=True)
    except (soundfile.SoundFileError, OSError):
        raise ClipError(path, "breaks off before its end") from None
    if not np.isfinite(floats).all():
        raise ClipError(path, "holds samples that are not numbers")
    mono = torch.from_numpy(floats.mean(axis=1))  # (samples,)
    if info.samplerate != sample_rate:
        mono = torchaudio.functional.resample(mono, info.samplerate, sample_rate)
    return (mono * 32768).round().clamp(-32768, 32767).to(torch.int16).numpy()


def read_plain(
    path: Path, sample_rate: int, start: int = 0, stop: int | None = None
) -> NDArray[np.int16] | None:
    """Read a clip as `read_clip` does, from a WAV file with the plain header; None for any other file.

    Most clips are such files. libsndfile, which knows every header, takes three times as long.
    """
    try:
        with path.open("rb", buffering=0) as file:
            size = os.fstat(file.fileno()).st_size - HEADER.size
            if not 0 < size < 2**31 or file.read(HEADER.size) != plain_header(size, sample_rate):
                return None
            first, last, _ = slice(start, stop).indices(size // 2)
            samples = np.empty(max(0, last - first), "<i2")
            file.seek(HEADER.size + 2 * first)
            whole = file.readinto(samples.data) == samples.nbytes
    except OSError:
        return None
    return samples.astype(np.int16, copy=False) if whole else None


def plain_header(size: int, sample_rate: int) -> bytes:
    """Make the header of a WAV file with `size` bytes of mono 16-bit samples."""
    riff = (b"RIFF", size + HEADER.size - 8, b"WAVE")
    pcm, mono, bytes_per_sample = 1, 1, 2
    form = (b"fmt ", 16, pcm, mono, sample_rate, bytes_per_sample * sample_rate, bytes_per_sample, 16)
    return HEADER.pack(*riff, *form, b"data", size)


def sound_files(folder: Path) -> list[Path]:
    """List the WAV and FLAC files in a folder, sorted by name.

    Raises WordspotError for a file name that is not valid text.
    """
    return [folder / name for name in sound_names(folder)]


def sound_names(folder: Path) -> list[str]:
    """List the names of `sound_files`, as text: 100,000 paths would take a second."""
    found = [
        name
        for name in os.listdir(folder)  # noqa: PTH208
        if name.lower().endswith(SUFFIXES) and not name.startswith(".")
    ]
    for name in found:
        try:
            name.encode()
        except UnicodeEncodeError:
            raise WordspotError(f"{str(folder / name)!a}: the file's name isn't text: rename it") from None
    return sorted(found)


def find_sound_files(paths: Iterable[Path]) -> list[Path]:
    """List the given files, and the sound files in given folders and their subfolders.

    Raises UsageError for a missing path, or a folder without sound files.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = [file for folder in [path, *sorted(path.rglob("*/"))] for file in sound_files(folder)]
            if not inside:
                raise UsageError(f"{path}: no WAV or FLAC files in this folder")
            found += inside
        elif path.exists():
            found.append(path)
        else:
            raise UsageError(f"{path}: no such file or folder")
    return found
