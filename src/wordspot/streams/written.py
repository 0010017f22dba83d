"""Recordings on disk: what is said when as CSV, the sound as WAV."""

import csv
from pathlib import Path

import numpy as np
import soundfile

from wordspot.files import atomic_write
from wordspot.streams.recording import Recording


def write_said(recording: Recording, path: Path) -> None:
    """Write what is said when: word, start and end of its speech in seconds, clip."""
    with atomic_write(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(["word", "start_s", "end_s", "clip"])
        for said in recording.said:
            lines.writerow([said.word, f"{said.start:.3f}", f"{said.end:.3f}", said.path])


def write_wav(recording: Recording, path: Path) -> None:
    """Write the sound as 16-bit WAV, block by block; louder samples than fit are clipped."""
    with (
        atomic_write(path) as part,
        soundfile.SoundFile(part, "w", recording.sample_rate, 1, "PCM_16", format="WAV") as file,
    ):
        for block in recording.blocks():
            file.write(np.round(np.clip(block, -1, 1) * 32767).astype(np.int16))
