"""Sound files to samples: mono int16 at a given sampling rate."""

import os
import shlex
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import torch
from numpy.typing import NDArray

from wordspot.audio.sinc import resample
from wordspot.audio.wav import HEADER, plain_header
from wordspot.errors import ClipError, UsageError, WordspotError
from wordspot.limits import HIGHEST_RATE_HZ, LOWEST_RATE_HZ, MOST_SAMPLES
from wordspot.text import is_text

SUFFIXES = (".wav", ".flac", ".ogg", ".opus", ".mp3", ".aif", ".aiff")
FOREIGN = (".m4a", ".mp4", ".aac", ".amr", ".wma", ".webm", ".3gp")
"""Suffixes of sound files that libsndfile can't read."""
FINE_SUBTYPES = {"PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"}
"""Sample formats with at least 16 bits; others (8 bit, telephone codes) are lossy."""

UNKNOWN_LENGTH = 2**63 - 1
"""Length that libsndfile gives where a header has none, as that of a FLAC file from a streaming encoder."""
BLOCK = 2**14
"""Samples of a block of a file."""
LOUDEST = 2.0**15
"""Largest sample, far over full scale, beyond which sums would overflow."""


def header(path: Path) -> soundfile._SoundFileInfo:
    """Read the header of a sound file, with its true length where the header has none.

    Raises ClipError where it is not one, is empty, truncated, or of a sampling rate out of bounds.
    """
    try:
        size = regular_size(path)
        info = soundfile.info(str(path))
        if info.frames == UNKNOWN_LENGTH:
            info.frames = sum(map(len, read_blocks(path)))
            info.duration = info.frames / info.samplerate
        cut_short = is_cut_short(path, size)
    # soundfile raises TypeError for suffixes like .raw, which have no header.
    except (soundfile.SoundFileError, OSError, TypeError, ZeroDivisionError):
        how = f" (`{ffmpeg(path)}` converts it)" if path.suffix.lower() in FOREIGN else ""
        raise ClipError(path, f"not a readable sound file{how}") from None
    if not LOWEST_RATE_HZ <= info.samplerate <= HIGHEST_RATE_HZ:
        raise ClipError(
            path, f"{info.samplerate} Hz is not between {LOWEST_RATE_HZ:,} and {HIGHEST_RATE_HZ:,} Hz"
        )
    if info.frames == 0:
        raise ClipError(path, "holds no samples")
    if cut_short:
        raise ClipError(path, "breaks off before its end")
    return info


def ffmpeg(path: Path) -> str:
    """Give the command that converts a file whose format is not read.

    >>> ffmpeg(Path("my words/go.m4a"))
    "ffmpeg -i 'my words/go.m4a' -ac 1 -ar 16000 'my words/go.wav'"
    """
    return shlex.join(["ffmpeg", "-i", f"{path}", "-ac", "1", "-ar", "16000", f"{path.with_suffix('.wav')}"])


def regular_size(path: Path) -> int:
    """Give the size of a file in bytes. Raises ClipError for none, a folder, a pipe or a device.

    To open a pipe would wait for whoever writes to it.
    """
    try:
        found = path.stat()
    except OSError as error:
        broken = "a link to nowhere" if path.is_symlink() else str(error.strerror).lower()
        raise ClipError(path, f"not a readable sound file: {broken}") from None
    if not stat.S_ISREG(found.st_mode):
        raise ClipError(path, "not a readable sound file: a folder, pipe or device")
    return found.st_size


def is_cut_short(path: Path, size: int) -> bool:
    """Tell whether a WAV file is shorter than its header says; soundfile would read the rest of it."""
    with path.open("rb") as file:
        head = file.read(8)
    says = int.from_bytes(head[4:8], "little")
    # Programs that write to a pipe can't know the size and write the largest possible one.
    return head[:4] == b"RIFF" and size + 1 < says + 8 < 2**31


class _Forward(soundfile.SoundFile):  # type: ignore[misc]
    """Reads a file from start to end: to seek, libsndfile needs the length that a header may lack."""

    def seekable(self) -> bool:
        return False


def read_blocks(path: Path, dtype: str = "float32") -> Iterator[NDArray[Any]]:
    """Read a sound file of any length block by block, up to its end: [S, channels]."""
    with _Forward(str(path)) as file:
        while len(block := file.read(BLOCK, dtype, always_2d=True)):
            yield block


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
    first, last, _ = slice(start, stop).indices(info.frames)
    count = max(0, last - first)
    if count * max(info.channels, sample_rate / info.samplerate) > MOST_SAMPLES:
        raise ClipError(path, f"is longer than {MOST_SAMPLES:,} samples: cut it into shorter files")
    whole = reason is None and info.subtype == "PCM_16"
    try:
        found = read_frames(path, "int16" if whole else "float32", first, last)  # (samples, channels)
    except (soundfile.SoundFileError, OSError):
        found = np.zeros((0, 1))
    if len(found) < count:
        raise ClipError(path, "breaks off before its end")
    if whole:
        return np.asarray(found[:, 0], dtype=np.int16)
    if not np.isfinite(found).all():
        raise ClipError(path, "holds samples that are not numbers")
    mono = torch.from_numpy(found.clip(-LOUDEST, LOUDEST).mean(axis=1))  # (samples,)
    if info.samplerate != sample_rate:
        try:
            mono = resample(mono, info.samplerate, sample_rate)
        except UsageError as error:
            raise ClipError(path, str(error)) from None
    return (mono * 32768).round().clamp(-32768, 32767).to(torch.int16).numpy()


def read_frames(path: Path, dtype: str, first: int, last: int) -> NDArray[Any]:
    """Read a file from sample `first` to before `last`: [S, channels]. Raises SoundFileError and OSError."""
    with soundfile.SoundFile(str(path)) as file:
        if file.frames != UNKNOWN_LENGTH:
            file.seek(first)
            return np.asarray(file.read(last - first, dtype, always_2d=True))
    at, found = 0, []
    for block in read_blocks(path, dtype):
        found.append(block[max(0, first - at) : max(0, last - at)])
        at += len(block)
    return np.concatenate(found)


def read_plain(
    path: Path, sample_rate: int, start: int = 0, stop: int | None = None
) -> NDArray[np.int16] | None:
    """Read a clip as `read_clip` does, from a WAV file with the plain header; None for any other file.

    Most clips are such files. libsndfile, which knows every header, takes three times as long.
    """
    try:
        size = regular_size(path) - HEADER.size
        with path.open("rb", buffering=0) as file:
            if not 0 < size < 2**31 or file.read(HEADER.size) != plain_header(size, sample_rate):
                return None
            first, last, _ = slice(start, stop).indices(size // 2)
            samples = np.empty(max(0, last - first), "<i2")
            file.seek(HEADER.size + 2 * first)
            whole = file.readinto(samples.data) == samples.nbytes
    except (OSError, ClipError):
        return None
    return samples.astype(np.int16, copy=False) if whole else None


def sound_files(folder: Path) -> list[Path]:
    """List the files of a format that is read (`SUFFIXES`) in a folder, sorted by name.

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
        if not is_text(name):
            raise WordspotError(f"{folder / name}: the file's name isn't text: rename it")
    return sorted(found)


def foreign_files(folder: Path) -> list[Path]:
    """List the sound files in a folder whose format is not read, sorted by name."""
    found = (name for name in os.listdir(folder) if name.lower().endswith(FOREIGN))  # noqa: PTH208
    return [folder / name for name in sorted(found) if not name.startswith(".")]


def find_sound_files(paths: Iterable[Path]) -> list[Path]:
    """List the given files, and the sound files in given folders and their subfolders.

    Raises UsageError for a missing path, or a folder without sound files.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = [file for folder in [path, *sorted(path.rglob("*/"))] for file in sound_files(folder)]
            if not inside:
                raise UsageError(f"{path}: no sound files ({' '.join(SUFFIXES)}) in this folder")
            found += inside
        elif path.exists():
            found.append(path)
        else:
            raise UsageError(f"{path}: no such file or folder")
    return found
