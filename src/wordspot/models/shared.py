"""Layers of a model whose batch several processes share: a clip gets what it would get in a single one."""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.dropout import _DropoutNd

from wordspot.models.normalisation import MaskedBatchNorm
from wordspot.share import Share

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "LSTM": torch.lstm,
    "GRU": torch.gru,
    "RNN_TANH": torch.rnn_tanh,
}
"""What computes a recurrent layer, by the name of its mode."""


def share_layers(module: nn.Module, share: Share) -> None:
    """Let norms take the statistics of the whole batch, and dropout draw its masks for all of it."""
    for name, layer in list(module.named_children()):
        if isinstance(layer, MaskedBatchNorm):
            layer.share = share
        elif isinstance(layer, _DropoutNd):
            setattr(module, name, SharedDropout(layer, share))
        elif isinstance(layer, nn.RNNBase) and layer.dropout:
            dropout = SharedDropout(nn.Dropout(layer.dropout), share, dim=1)
            layer.forward = partial(layer_by_layer, layer, dropout)
        else:
            share_layers(layer, share)


class SharedDropout(nn.Module):
    """Dropout of a share of a batch, whose clips are along `dim`, by masks that are drawn for all of it."""

    def __init__(self, dropout: nn.Module, share: Share, dim: int = 0) -> None:
        super().__init__()
        self.dropout, self.share, self.dim = dropout, share, dim

    def forward(self, inputs: Tensor) -> Tensor:
        """Drop values of inputs with this process's clips along `dim`."""
        if not self.training:
            return inputs
        sizes = list(inputs.shape)
        sizes[self.dim] = self.share.clips
        return inputs * self.share.own(self.dropout(inputs.new_ones(sizes)), self.dim)


def layer_by_layer(layers: nn.RNNBase, dropout: SharedDropout, inputs: Tensor) -> tuple[Tensor, None]:
    """Compute recurrent layers in one direction, [B, T, F] to states [B, T, H], with a dropout between them.

    torch draws the masks between its layers itself, for [T, B, H].
    """
    dropout.train(layers.training)
    state = inputs.new_zeros(1, len(inputs), layers.hidden_size)
    states = inputs
    for number, weights in enumerate(layers.all_weights):
        if number > 0:
            states = dropout(states.transpose(0, 1)).transpose(0, 1)
        start = (state, state) if layers.mode == "LSTM" else state
        settings = True, 1, 0.0, layers.training, False, True
        states, *_ = FUNCTIONS[layers.mode](states, start, weights, *settings)  # (B, T, H)
    return states, None
