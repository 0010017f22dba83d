"""Pooling over time: states [B, T, D] and counts of real frames [B] to [B, D].

To add a pooling, write a subclass and give `wordspot.config.POOLINGS` its name.
"""

from abc import ABC, abstractmethod
from typing import ClassVar

import torch
from torch import Tensor, nn

from wordspot.audio.padding import mean_over_time, softmax_over_time
from wordspot.config import HEADS


class Pooling(ABC, nn.Module):
    """Base of the poolings, which are made with the size D of a state and whether it has two directions."""

    description: ClassVar[str]
    """What a table of models says."""

    @abstractmethod
    def forward(self, states: Tensor, frames: Tensor) -> Tensor:
        """Pool states [B, T, D], of which `frames` [B] are not padding, to [B, D]."""


class LastState(Pooling):
    """The last state; with two directions the forward one's last and the backward one's first."""

    description = "last state"

    def __init__(self, size: int, bidirectional: bool) -> None:
        super().__init__()
        self.bidirectional = bidirectional

    def forward(self, states: Tensor, frames: Tensor) -> Tensor:
        """Pool states [B, T, D], of which `frames` [B] are not padding, to [B, D]."""
        last = states[torch.arange(len(states), device=states.device), frames - 1]  # (B, D)
        if not self.bidirectional:
            return last
        H = states.shape[2] // 2
        return torch.cat([last[:, :H], states[:, 0, H:]], dim=1)


class Mean(Pooling):
    """The mean over real frames."""

    description = "mean"

    def __init__(self, size: int, bidirectional: bool) -> None:
        super().__init__()

    def forward(self, states: Tensor, frames: Tensor) -> Tensor:
        """Pool states [B, T, D], of which `frames` [B] are not padding, to [B, D]."""
        return mean_over_time(states, frames)


class Attention(Pooling):
    """A weighted mean over real frames; subclasses give the weights, for each of N parts of the state."""

    @abstractmethod
    def weights(self, states: Tensor, frames: Tensor) -> Tensor:
        """Weigh each frame of states [B, T, D]: [B, T, N], summing to 1 over time, 0 in padding."""

    def forward(self, states: Tensor, frames: Tensor) -> Tensor:
        """Pool states [B, T, D], of which `frames` [B] are not padding, to [B, D]."""
        weights = self.weights(states, frames)  # (B, T, N)
        pieces = torch.unflatten(states, 2, (weights.shape[2], -1))  # (B, T, N, D / N)
        return (weights[..., None] * pieces).sum(dim=1).flatten(1)  # (B, D)


class AdditiveAttention(Attention):
    """Attention scores from a small network of each state (Bahdanau et al. 2015, without a query)."""

    description = "additive attention"

    def __init__(self, size: int, bidirectional: bool, hidden: int = 64) -> None:
        super().__init__()
        self.hidden = nn.Linear(size, hidden)
        self.score = nn.Linear(hidden, 1, bias=False)  # a softmax ignores a bias

    def weights(self, states: Tensor, frames: Tensor) -> Tensor:
        """Weigh each frame of states [B, T, D]: [B, T, 1], summing to 1 over time, 0 in padding."""
        return softmax_over_time(self.score(torch.tanh(self.hidden(states))), frames)


class MultiHeadAttention(Attention):
    """Several heads, each with a learnt query and its own part of the state (Vaswani et al. 2017)."""

    description = f"attention, {HEADS} heads"

    def __init__(self, size: int, bidirectional: bool, heads: int = HEADS) -> None:
        super().__init__()
        self.keys = nn.Linear(size, size, bias=False)
        self.queries = nn.Parameter(torch.randn(heads, size // heads) / (size // heads) ** 0.5)

    def weights(self, states: Tensor, frames: Tensor) -> Tensor:
        """Weigh each frame of states [B, T, D] for each head: [B, T, N], summing to 1, 0 in padding."""
        keys = torch.unflatten(self.keys(states), 2, (len(self.queries), -1))  # (B, T, N, D / N)
        return softmax_over_time((keys * self.queries).sum(dim=3), frames)
