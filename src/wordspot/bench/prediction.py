"""How long it takes to recognise one clip, and many."""

from pathlib import Path

import torch

from wordspot.bench.measurement import Measurement, micros
from wordspot.bench.timing import interleaved, ratio
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
    return Measurement(
        f"one clip, samples to word / forward pass ({name})",
        ratio(seconds["clip"], seconds["model"]),
        f"{micros(seconds['clip'], CLIPS)} / {micros(seconds['model'], CLIPS)}",
        at_most=2,
    )


def time_many_files(name: str, files: list[Path]) -> Measurement:
    """Time a pretrained recogniser on many files at once against one by one."""
    recognizer, files = load(name), files[:FILES]
    cases = {
        "one by one": lambda: [recognizer.predict(file) for file in files],
        "at once": lambda: recognizer.predict(files),
    }
    seconds = interleaved(cases, FILE_ROUNDS)
    return Measurement(
        f"{len(files)} files, one by one / at once ({name})",
        ratio(seconds["one by one"], seconds["at once"]),
        f"{micros(seconds['one by one'], len(files))} / {micros(seconds['at once'], len(files))} a file",
        at_least=10,
    )
