"""Sound files that are changed at random, and what becomes of reading them."""

import io
import signal
from collections import Counter
from pathlib import Path

import numpy as np
import soundfile

from wordspot.audio.io import read_clip
from wordspot.errors import ClipError

SAMPLE_RATE = 16_000
SECONDS = 10
"""Longest time that a file may take to be read."""
FORMATS = (
    ("wav", "PCM_16", 1),
    ("wav", "PCM_24", 2),
    ("wav", "FLOAT", 1),
    ("wav", "PCM_U8", 1),
    ("wav", "ULAW", 1),
    ("flac", "PCM_16", 1),
    ("flac", "PCM_24", 2),
    ("aiff", "PCM_16", 1),
    ("ogg", "VORBIS", 1),
)
EXTREME = (0, 1, 0x7F, 0x80, 0xFF)
HEADER = 60
"""First bytes, in which most of the header lies."""


def mutated(number: int) -> tuple[bytes, str]:
    """Make sound file number `number`, the same each time: its bytes and suffix."""
    draw = np.random.default_rng((1, number))
    suffix, subtype, channels = FORMATS[number % len(FORMATS)]
    length = int(draw.choice([0, 1, 100, 4_000, 8_000, 16_000]))
    sound = draw.normal(0, 0.1, (length, channels))
    if subtype == "FLOAT" and length:  # the one format that can hold them
        sound[draw.integers(length)] = draw.choice([np.nan, np.inf, -np.inf, 1e38, 0.5])
    file = io.BytesIO()
    soundfile.write(file, sound, int(draw.choice([8_000, 16_000, 44_100])), subtype, format=suffix)
    content = bytearray(file.getvalue())
    for _ in range(draw.integers(1, 3)):
        change(content, draw)
    return bytes(content), suffix


def change(content: bytearray, draw: np.random.Generator) -> None:
    """Change a file in one way: bytes of the header, any byte, four bytes at once, its end."""
    if not content:
        return
    head = int(draw.integers(min(len(content), HEADER)))
    match draw.integers(6):
        case 0:
            content[head] = int(draw.choice(EXTREME))
        case 1:
            content[head] ^= 1 << int(draw.integers(8))
        case 2:
            content[int(draw.integers(len(content)))] = int(draw.integers(256))
        case 3:
            content[head : head + 4] = draw.bytes(4)
        case 4:
            del content[int(draw.integers(len(content))) :]
        case _:
            content.extend(draw.bytes(int(draw.integers(1, 2_000))))


def peak_kb() -> int:
    """Give the most memory that this process had since `forget_peak`, in kB."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))


def forget_peak() -> None:
    """Let the kernel count the peak of memory anew."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def read_mutated(numbers: range, folder: Path) -> dict[str, int]:
    """Read files of these numbers as clips; count those read and refused, and the most memory taken (kB).

    Raises whatever else than ClipError reading them raises, and TimeoutError for one that takes SECONDS.
    """

    def too_long(*_: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, too_long)
    found: Counter[str] = Counter(read=0, refused=0)
    most = 0
    try:
        for number in numbers:
            content, suffix = mutated(number)
            path = folder / f"{number}.{suffix}"
            path.write_bytes(content)
            forget_peak()
            started = peak_kb()
            signal.alarm(SECONDS)
            try:
                clip = read_clip(path, SAMPLE_RATE, convert=number % 4 > 0)
            except ClipError as error:
                found["refused" if str(error).isprintable() else "unexplained"] += 1
            else:
                assert clip.dtype == np.int16, number
                assert clip.ndim == 1, number
                assert len(clip), number
                found["read"] += 1
            signal.alarm(0)
            most = max(most, peak_kb() - started)
            path.unlink()
    except Exception as error:
        error.add_note(f"mutated file number {number}")
        raise
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
    return {**found, "most_memory_kb": most}
