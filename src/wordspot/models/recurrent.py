"""Perhaps convolutions, recurrent layers, a pooling over time, and a linear head."""

import torch
from torch import Tensor, nn

from wordspot.config import RecurrentConfig
from wordspot.models.fronts import make_front
from wordspot.models.padding import hide_padding
from wordspot.models.pooling import Attention, make_pooling

CELLS: dict[str, type[nn.RNN | nn.LSTM | nn.GRU]] = {
    "rnn": nn.RNN,
    "lstm": nn.LSTM,
    "gru": nn.GRU,
}


class Recurrent(nn.Module):
    """An Elman network (Elman 1990), LSTM (Hochreiter and Schmidhuber 1997) or GRU (Cho et al. 2014).

    Shape: features [B, T, F] and counts of real frames [B] to logits [B, C].
    """

    def __init__(self, config: RecurrentConfig, n_features: int, n_classes: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(n_features) if config.batch_norm else None
        self.front = make_front(config.front, n_features, config.channels)
        self.recurrent = CELLS[config.cell](
            self.front.size,
            config.units,
            config.layers,
            batch_first=True,
            bidirectional=config.bidirectional,
            # torch drops between layers only, and warns where there is no between.
            dropout=config.dropout if config.layers > 1 else 0.0,
        )
        size = config.state_size
        self.pooling = make_pooling(config.pooling, size, config.bidirectional)
        self.head_norm = nn.BatchNorm1d(size) if config.head_norm else None
        self.dropout = nn.Dropout(config.dropout)
        self.head = nn.Linear(size, n_classes)
        initialise(self.recurrent)

    def forward(self, features: Tensor, frames: Tensor) -> Tensor:
        """Score clips of features [B, T, F], of which `frames` [B] are no padding, as logits [B, C]."""
        states, frames = self.states(features, frames)
        pooled = self.pooling(states, frames)  # (B, D)
        if self.head_norm:
            pooled = self.head_norm(pooled)
        logits: Tensor = self.head(self.dropout(pooled))  # (B, C)
        return logits

    def states(self, features: Tensor, frames: Tensor) -> tuple[Tensor, Tensor]:
        """Give the recurrent states [B, T', D] of features [B, T, F], and how many of them [B] are real."""
        if self.norm:
            features = self.norm(features.transpose(1, 2)).transpose(1, 2)  # (B, T, F)
        convolved = self.front(hide_padding(features, frames))  # (B, T', F')
        frames = self.front.frames(frames)
        states, _ = self.recurrent(hide_padding(convolved, frames))  # (B, T', D)
        return states, frames

    def attention(self, features: Tensor, frames: Tensor) -> Tensor:
        """Give how each frame weighs in the pooling, for plots: [B, T', N] for N heads.

        Raises TypeError for a pooling without attention.
        """
        if not isinstance(self.pooling, Attention):
            raise TypeError("this model pools without attention")
        return self.pooling.weights(*self.states(features, frames))


@torch.no_grad()
def initialise(recurrent: nn.RNNBase) -> None:
    """Draw initial weights that carry a signal over many frames.

    Orthogonal from state to state (Saxe et al. 2014), Glorot from input to state, no bias; an LSTM's forget
    gate starts open, at a bias of 1 (Jozefowicz et al. 2015). torch's own draw gives an RNN vanishing states.
    """
    H = recurrent.hidden_size
    for name, parameter in recurrent.named_parameters():
        if name.startswith("weight_hh"):
            for gate in parameter.chunk(len(parameter) // H):  # (H, H) for each gate
                nn.init.orthogonal_(gate)
        elif name.startswith("weight_ih"):
            nn.init.xavier_uniform_(parameter)
        else:
            nn.init.zeros_(parameter)
            if isinstance(recurrent, nn.LSTM) and name.startswith("bias_ih"):
                parameter[H : 2 * H] = 1.0  # the gates stand in the order input, forget, cell, output
