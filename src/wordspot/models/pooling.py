"""From a state for each frame to one for the clip: [B, T, D] and counts of real frames [B] to [B, D]."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

from wordspot.config import HEADS
from wordspot.models.padding import softmax_over_time
from wordspot.sound.features import frame_mask


class LastState(nn.Module):
    """The final state; of two directions, the forward one's last and the backward one's first."""

    def __init__(self, bidirectional: bool) -> None:
        super().__init__()
        self.bidirectional = bidirectional

    def forward(self, states: Tensor, frames: Tensor) -> Tensor:
        """Pool states [B, T, D], of which `frames` [B] are no padding, to [B, D]."""
        last = states[torch.arange(len(states), device=states.device), frames - 1]  # (B, D)
        if not self.bidirectional:
            return last
        H = states.shape[2] // 2
        return torch.cat([last[:, :H], states[:, 0, H:]], dim=1)


class Mean(nn.Module):
    """The mean over real frames."""

    def forward(self, states: Tensor, frames: Tensor) -> Tensor:
        """Pool states [B, T, D], of which `frames` [B] are no padding, to [B, D]."""
        real = frame_mask(frames, states.shape[1])[:, :, None]  # (B, T, 1)
        return (states * real).sum(dim=1) / frames[:, None]


class Attention(ABC, nn.Module):
    """A weighted mean over real frames; subclasses say how each weighs in each of N pieces of the state."""

    @abstractmethod
    def weights(self, states: Tensor, frames: Tensor) -> Tensor:
        """Weigh each frame of states [B, T, D]: [B, T, N], summing to 1 over time, 0 in padding."""

    def forward(self, states: Tensor, frames: Tensor) -> Tensor:
        """Pool states [B, T, D], of which `frames` [B] are no padding, to [B, D]."""
        weights = self.weights(states, frames)  # (B, T, N)
        pieces = torch.unflatten(states, 2, (weights.shape[2], -1))  # (B, T, N, D / N)
        return (weights[..., None] * pieces).sum(dim=1).flatten(1)  # (B, D)


class AdditiveAttention(Attention):
    """Frames weighed by a small network of their states (Bahdanau et al. 2015, without a query)."""

    def __init__(self, size: int, hidden: int = 64) -> None:
        super().__init__()
        self.hidden = nn.Linear(size, hidden)
        self.score = nn.Linear(hidden, 1, bias=False)  # a softmax forgets what all scores share

    def weights(self, states: Tensor, frames: Tensor) -> Tensor:
        """Weigh each frame of states [B, T, D]: [B, T, 1], summing to 1 over time, 0 in padding."""
        return softmax_over_time(self.score(torch.tanh(self.hidden(states))), frames)


class MultiHeadAttention(Attention):
    """Several heads, each with a learnt query, over a piece of the state of its own (Vaswani et al. 2017)."""

    def __init__(self, size: int, heads: int = HEADS) -> None:
        super().__init__()
        self.keys = nn.Linear(size, size, bias=False)
        self.queries = nn.Parameter(torch.randn(heads, size // heads) / (size // heads) ** 0.5)

    def weights(self, states: Tensor, frames: Tensor) -> Tensor:
        """Weigh each frame of states [B, T, D] for each head: [B, T, N], summing to 1, 0 in padding."""
        keys = torch.unflatten(self.keys(states), 2, (len(self.queries), -1))  # (B, T, N, D / N)
        return softmax_over_time((keys * self.queries).sum(dim=3), frames)


def make_pooling(name: str, size: int, bidirectional: bool) -> nn.Module:
    """Make the pooling of states of `size` features that `RecurrentConfig.pooling` names."""
    if name == "last":
        return LastState(bidirectional)
    if name == "mean":
        return Mean()
    return AdditiveAttention(size) if name == "additive" else MultiHeadAttention(size)
