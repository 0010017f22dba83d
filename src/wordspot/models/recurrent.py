"""An optional convolutional encoder, recurrent layers, a pooling over time, and a linear layer."""

import torch
from torch import Tensor, nn

from wordspot.audio.padding import reverse, zero_padding
from wordspot.config import ENCODERS, POOLINGS, RecurrentConfig
from wordspot.models.model import Layers, Model
from wordspot.models.normalisation import MaskedBatchNorm
from wordspot.models.pooling import Attention
from wordspot.schema import implementation

CELLS: dict[str, type[nn.RNN | nn.LSTM | nn.GRU]] = {
    "rnn": nn.RNN,
    "lstm": nn.LSTM,
    "gru": nn.GRU,
}


class Recurrent(Model):
    """An Elman network (Elman 1990), LSTM (Hochreiter and Schmidhuber 1997) or GRU (Cho et al. 2014).

    Shape: features [B, T, F] and counts of real frames [B] to logits [B, C].
    """

    def __init__(self, config: RecurrentConfig, n_features: int, n_classes: int) -> None:
        super().__init__()
        self.norm = MaskedBatchNorm(n_features) if config.batch_norm else None
        self.encoder = implementation(ENCODERS, config.encoder)(n_features, config.channels)
        make = BothDirections if config.bidirectional else one_direction
        self.recurrent = make(config, self.encoder.size)
        size = config.state_size
        self.pooling = implementation(POOLINGS, config.pooling)(size, config.bidirectional)
        self.head_norm = MaskedBatchNorm(size) if config.head_norm else None
        self.dropout = nn.Dropout(config.dropout)
        self.head = nn.Linear(size, n_classes)

    def forward(self, features: Tensor, frames: Tensor) -> Tensor:
        """Score clips of features [B, T, F], of which `frames` [B] are not padding, as logits [B, C]."""
        return self.classify(*self.states(features, frames))

    def classify(self, states: Tensor, frames: Tensor) -> Tensor:
        """Score clips of states [B, T', D], of which `frames` [B] are not padding, as logits [B, C]."""
        pooled = self.pooling(states, frames)  # (B, D)
        if self.head_norm:
            pooled = self.head_norm(pooled[:, :, None], torch.ones_like(frames))[:, :, 0]
        logits: Tensor = self.head(self.dropout(pooled))  # (B, C)
        return logits

    def states(self, features: Tensor, frames: Tensor) -> tuple[Tensor, Tensor]:
        """Give the recurrent states [B, T', D] of features [B, T, F], and how many of them [B] are real."""
        if self.norm:
            features = self.norm(features.transpose(1, 2), frames).transpose(1, 2)  # (B, T, F)
        encoded = self.encoder(features, frames)  # (B, T', F')
        frames = self.encoder.frames(frames)
        encoded = zero_padding(encoded, frames)
        if isinstance(self.recurrent, BothDirections):
            states = self.recurrent(encoded, frames)  # (B, T', D)
        else:
            states, _ = self.recurrent(encoded)  # (B, T', D); those of real frames see no padding
        return states, frames

    def attention(self, features: Tensor, frames: Tensor) -> Tensor | None:
        """Give the weight of each frame in the pooling, [B, T', N] for N heads; None without attention."""
        if not isinstance(self.pooling, Attention):
            return None
        return self.pooling.weights(*self.states(features, frames))

    @staticmethod
    def describe(config: RecurrentConfig) -> Layers:
        """Describe the layers that a config asks for."""
        norms = [name for name, on in (("features", config.batch_norm), ("head", config.head_norm)) if on]
        return Layers(
            encoder=implementation(ENCODERS, config.encoder).describe(config.channels),
            recurrent=f"{config.num_layers} x {config.hidden_size} {config.cell.upper()}"
            + (", bidirectional" if config.bidirectional else ""),
            pooling=implementation(POOLINGS, config.pooling).description,
            dropout=f"{config.dropout:g}" + (f", batch norm of {' and '.join(norms)}" if norms else ""),
        )


def one_direction(config: RecurrentConfig, n_features: int) -> nn.RNNBase:
    """Make recurrent layers from the start of a clip to its end: [B, T, F] to states [B, T, H]."""
    layers = CELLS[config.cell](
        n_features,
        config.hidden_size,
        config.num_layers,
        batch_first=True,
        # torch applies dropout between layers only, and warns where there is no second layer.
        dropout=config.dropout if config.num_layers > 1 else 0.0,
    )
    initialise(layers)
    return layers


class BothDirections(nn.Module):
    """Recurrent layers in both directions, with dropout between them: [B, T, F] to states [B, T, 2 H].

    The backward one starts at the last real frame of each clip: it is a forward one over the reversed frames.
    (torch's own would start in the padding, and packed sequences leave the fast path of the CPU.)
    """

    def __init__(self, config: RecurrentConfig, n_features: int) -> None:
        super().__init__()
        H, cell = config.hidden_size, CELLS[config.cell]
        sizes = [n_features, *[2 * H] * (config.num_layers - 1)]
        self.ahead = nn.ModuleList(cell(size, H, batch_first=True) for size in sizes)
        self.back = nn.ModuleList(cell(size, H, batch_first=True) for size in sizes)
        self.dropout = nn.Dropout(config.dropout)
        for layer in (*self.ahead, *self.back):
            initialise(layer)

    def forward(self, features: Tensor, frames: Tensor) -> Tensor:
        """Give the states [B, T, 2 H] of features [B, T, F], of which `frames` [B] are not padding."""
        states = features
        for number, (ahead, back) in enumerate(zip(self.ahead, self.back, strict=True)):
            if number > 0:
                states = self.dropout(states)
            forward, _ = ahead(states)  # (B, T, H)
            backward, _ = back(reverse(states, frames))
            states = torch.cat([forward, reverse(backward, frames)], dim=2)  # (B, T, 2 H)
        return states


@torch.no_grad()
def initialise(recurrent: nn.RNNBase) -> None:
    """Draw initial weights that carry a signal over many frames.

    Orthogonal from state to state (Saxe et al. 2014), Glorot from input to state, zero bias; the forget gate
    of an LSTM starts open, with a bias of 1 (Jozefowicz et al. 2015). With torch's default, the states of an
    RNN vanish.
    """
    H = recurrent.hidden_size
    if next(recurrent.parameters()).is_meta:
        return  # only the shapes are asked for; to draw without values would load torch's compiler
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
