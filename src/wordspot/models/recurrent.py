"""Recurrent layers, a pooling over time, and a linear head."""

import torch
from torch import Tensor, nn

from wordspot.config import RecurrentConfig
from wordspot.sound.features import frame_mask

CELLS: dict[str, type[nn.RNN] | type[nn.LSTM]] = {"rnn": nn.RNN, "lstm": nn.LSTM}


class Recurrent(nn.Module):
    """An Elman network (Elman 1990) or LSTM (Hochreiter and Schmidhuber 1997) over the frames of a clip.

    Shape: features [B, T, F] and counts of real frames [B] to logits [B, C].
    """

    def __init__(self, config: RecurrentConfig, n_features: int, n_classes: int) -> None:
        super().__init__()
        self.pooling = config.pooling
        self.recurrent = CELLS[config.cell](
            n_features,
            config.units,
            config.layers,
            batch_first=True,
            # torch drops between layers only, and warns where there is no between.
            dropout=config.dropout if config.layers > 1 else 0.0,
        )
        self.dropout = nn.Dropout(config.dropout)
        self.head = nn.Linear(config.units, n_classes)
        initialise(self.recurrent)

    def forward(self, features: Tensor, frames: Tensor) -> Tensor:
        """Score clips of features [B, T, F], of which `frames` [B] are no padding, as logits [B, C]."""
        states, _ = self.recurrent(features)  # (B, T, H)
        pooled = pool_last(states, frames) if self.pooling == "last" else pool_mean(states, frames)  # (B, H)
        logits: Tensor = self.head(self.dropout(pooled))  # (B, C)
        return logits


def pool_last(states: Tensor, frames: Tensor) -> Tensor:
    """Take the state at each clip's last real frame: [B, T, H] and [B] to [B, H]."""
    return states[torch.arange(len(states), device=states.device), frames - 1]


def pool_mean(states: Tensor, frames: Tensor) -> Tensor:
    """Average the states over each clip's real frames: [B, T, H] and [B] to [B, H]."""
    real = frame_mask(frames, states.shape[1])[:, :, None]  # (B, T, 1)
    return (states * real).sum(dim=1) / frames[:, None]


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
