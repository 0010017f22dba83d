"""Where a stream comes from: a sound file of any length, or a microphone."""

import queue
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from wordspot.audio import io
from wordspot.errors import ClipError, UsageError, WordspotError

BLOCK_SECONDS = 0.1
"""Length of a block of the microphone."""
LONGEST_WAIT = 5.0
"""Seconds without a block after which a microphone counts as gone."""

Block = NDArray[np.float32]


def read_blocks(path: Path, frames: int) -> Iterator[Block]:
    """Read a sound file, whose header tells of `frames`, block by block: float32 [S, channels].

    Raises ClipError where it breaks off.
    """
    try:
        for block in io.read_blocks(path):
            frames -= len(block)
            yield block
    except (soundfile.SoundFileError, OSError):
        raise ClipError(path, "breaks off before its end") from None
    if frames > 0:
        raise ClipError(path, "breaks off before its end")


class Microphone:
    """Blocks of a microphone as they are recorded: float32 [S, 1] at the device's own `sample_rate`."""

    def __init__(self, sample_rate: int, blocks: "queue.Queue[Block]") -> None:
        self.sample_rate = sample_rate
        self._blocks = blocks

    def __iter__(self) -> Iterator[Block]:
        """Yield blocks without end. Raises WordspotError where none comes any more."""
        while True:
            try:
                yield self._blocks.get(timeout=LONGEST_WAIT)
            except queue.Empty:
                raise WordspotError(
                    f"microphone: no sound for {LONGEST_WAIT:g} s: is the device still connected?"
                ) from None


@contextmanager
def open_microphone(device: str | None = None) -> Iterator[Microphone]:
    """Record from an input device, by a part of its name; the system's own by default.

    Raises WordspotError without sounddevice or PortAudio, and UsageError where there is no such device or it
    can't be opened.
    """
    sounddevice = portaudio()
    blocks: queue.Queue[Block] = queue.Queue()

    def receive(block: Block, _frames: int, _time: Any, status: Any) -> None:
        if status:
            warnings.warn(f"microphone: {status}", stacklevel=1)
        blocks.put(block.copy())

    try:
        rate = int(sounddevice.query_devices(device, "input")["default_samplerate"])
        stream = sounddevice.InputStream(
            rate, round(BLOCK_SECONDS * rate), device, channels=1, dtype="float32", callback=receive
        )
        stream.start()
    except (sounddevice.PortAudioError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise UsageError(
            f"microphone: {device or 'the default device'} can't be used ({reason}): "
            "`python -m sounddevice` lists the devices, --input names one"
        ) from None
    try:
        yield Microphone(rate, blocks)
    finally:
        stream.abort(ignore_errors=True)
        stream.close(ignore_errors=True)


def portaudio() -> Any:
    """Import sounddevice. Raises WordspotError where it or PortAudio is missing."""
    try:
        import sounddevice
    except ImportError:
        mend = "python -m pip install 'wordspot[microphone]'"
        raise WordspotError(f"the microphone needs the extra microphone: {mend}") from None
    except OSError:
        raise WordspotError("the microphone needs PortAudio: apt install libportaudio2") from None
    return sounddevice
