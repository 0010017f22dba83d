"""An exponential moving average of the weights while they are trained."""

from copy import deepcopy

import torch
from torch import Tensor

from wordspot.models.recognizer import Recognizer


class WeightAverage:
    """A recogniser whose weights and statistics follow those of another, smoothed over its steps.

    Source: Polyak and Juditsky 1992, with the exponential decay of Szegedy et al. 2016.
    """

    def __init__(self, recognizer: Recognizer, decay: float) -> None:
        """Begin at the weights of a recogniser, of which a step keeps the fraction `decay` of the average."""
        self.recognizer = deepcopy(recognizer)
        self.decay = decay

    def start(self, recognizer: Recognizer) -> None:
        """Begin anew at the weights and statistics of a recogniser."""
        self.recognizer.load_state_dict(recognizer.state_dict())

    @torch.no_grad()
    def update(self, recognizer: Recognizer, step: int) -> None:
        """Follow a recogniser after its step number `step`: faster in the first ones, to leave the start."""
        share = 1 - min(self.decay, (1 + step) / (10 + step))
        for average, now in zip(values(self.recognizer), values(recognizer), strict=True):
            if average.is_floating_point():
                average.lerp_(now, share)
            else:
                average.copy_(now)


def values(recognizer: Recognizer) -> list[Tensor]:
    """List the weights and statistics of a recogniser."""
    return list(recognizer.state_dict().values())
