"""What every model is: a Module from features to logits."""

from abc import ABC, abstractmethod
from typing import Any, NamedTuple

from torch import Tensor, nn


class Layers(NamedTuple):
    """What a table of models says of one model."""

    encoder: str
    recurrent: str
    pooling: str
    dropout: str


class Model(ABC, nn.Module):
    """Base of the models, which are made with a config, a number of features and one of classes.

    Shape: features [B, T, F] and counts of real frames [B] to logits [B, C].
    """

    head: nn.Linear
    """The last layer, which gives the logits."""

    @abstractmethod
    def forward(self, features: Tensor, frames: Tensor) -> Tensor:
        """Score clips of features [B, T, F], of which `frames` [B] are not padding, as logits [B, C]."""

    @staticmethod
    @abstractmethod
    def describe(config: Any) -> Layers:
        """Describe the layers that a config asks for."""

    def attention(self, features: Tensor, frames: Tensor) -> Tensor | None:
        """Give the weight of each frame in the pooling, [B, T', N] for N heads; None without attention."""
        return None
