"""How long it takes to recognise one clip, and many."""

from pathlib import Path

import torch

from wordspot.bench.measurement import Measurement, quotient
from wordspot.bench.timing import interleaved
from wordspot.runs.run import load

CLIPS = 20
"""Clips that are recognised one by one in a case."""
ROUNDS = 15
FILES = 512
FILE_ROUNDS = 3


@torch.inference_mode()
def time_one_clip(name: str) -> Measurement:
    """Time a pretrained recogniser from samples to word against the forward pass of its model alone."""
    recognizer = load(name)
    config = recognizer.config.corpus
    waveform = 0.1 * torch.randn(config.samples)
    lengths = torch.tensor([config.samples])
    features = recognizer.features(waveform[None], lengths)  # (1, T, F)
    frames = recognizer.features.frames(lengths)
    cases = {
        "clip": lambda: [recognizer.predict(waveform) for _ in range(CLIPS)],
        "model": lambda: [recognizer.model(features, frames) for _ in range(CLIPS)],
    }
    seconds = interleaved(cases, ROUNDS)
    title = f"one clip, samples to word / forward pass ({name})"
    return quotient(title, seconds["clip"] / CLIPS, seconds["model"] / CLIPS, per="", at_most=2)


def time_many_files(name: str, files: list[Path]) -> Measurement:
    """Time a pretrained recogniser on many files at once against one by one."""
    recognizer, files = load(name), files[:FILES]
    cases = {
        "one by one": lambda: [recognizer.predict(file) for file in files],
        "at once": lambda: recognizer.predict(files),
    }
    seconds = interleaved(cases, FILE_ROUNDS)
    title = f"{len(files)} files, one by one / at once ({name})"
    one, all_ = seconds["one by one"] / len(files), seconds["at once"] / len(files)
    return quotient(title, one, all_, per=" a file", at_least=10)
