"""How the time of a training step grows with units, layers, seconds, frames and words."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from wordspot.audio.padding import full_lengths
from wordspot.bench.measurement import Measurement, quotient
from wordspot.bench.timing import interleaved
from wordspot.bench.training import SUBJECT
from wordspot.config import vary
from wordspot.models.recognizer import Recognizer
from wordspot.recipes import RECIPES
from wordspot.training.loop import model_step
from wordspot.training.optimizer import make_optimizer

BATCH = 64
ROUNDS = 7
CHANGES: dict[str, dict[str, Any]] = {
    "half the units": {"hidden_size": 64},
    "twice the units": {"hidden_size": 256},
    "twice the layers": {"num_layers": 4},
    "twice the seconds": {"seconds": 2.0},
    "twice the frames a second": {"hop_ms": 10.0},
    "35 words": {"words": tuple(f"word{number}" for number in range(35))},
}


class Step:
    """One step of training on noise: features, and the model's own step."""

    def __init__(self, **settings: Any) -> None:
        config = vary(RECIPES[SUBJECT], **settings)
        self.recognizer = Recognizer(config).train()
        self.optimizer = make_optimizer(self.recognizer, config.training)
        self.waveforms = 0.1 * torch.randn(BATCH, config.corpus.samples)  # (B, S)
        self.lengths = full_lengths(self.waveforms)
        self.labels: Tensor = torch.arange(BATCH) % len(config.corpus.classes)  # (B,)

    def take(self) -> None:
        """Take the step."""
        features = self.recognizer.features
        inputs = features(self.waveforms, self.lengths)  # (B, T, F)
        model_step(self.recognizer, self.optimizer, inputs, features.frames(self.lengths), self.labels)


def time_growth() -> Iterator[Measurement]:
    """Time a step with one setting changed against that of the recipe."""
    cases = {"recipe": Step().take} | {name: Step(**settings).take for name, settings in CHANGES.items()}
    seconds = interleaved(cases, ROUNDS)
    for name in CHANGES:
        title = f"a step with {name} / as in the recipe ({SUBJECT})"
        yield quotient(title, seconds[name] / BATCH, seconds["recipe"] / BATCH)
