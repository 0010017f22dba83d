"""Initial weights of recurrent layers, and what the config adds to them."""

from typing import Literal

import pytest
import torch
from torch import nn

from wordspot.config import RecurrentConfig
from wordspot.models.recurrent import CELLS, BothDirections, Recurrent

HIDDEN = 6
GATES = {"rnn": 1, "lstm": 4, "gru": 3}
Cell = Literal["rnn", "lstm", "gru"]


def layers(cell: Cell, *, bidirectional: bool) -> list[nn.RNNBase]:
    """Make two layers, and list the recurrent networks in them."""
    torch.manual_seed(0)
    config = RecurrentConfig(cell=cell, hidden_size=HIDDEN, num_layers=2, bidirectional=bidirectional)
    model = Recurrent(config, n_features=5, n_classes=3)
    return [layer for layer in model.recurrent.modules() if isinstance(layer, nn.RNNBase)]


def parameters(cell: Cell, kind: str) -> list[nn.Parameter]:
    """List the parameters of a kind in one direction and in both."""
    found = [
        parameter
        for bidirectional in (False, True)
        for layer in layers(cell, bidirectional=bidirectional)
        for name, parameter in layer.named_parameters()
        if name.startswith(kind)
    ]
    assert len(found) == 2 + 4
    return found


@pytest.mark.parametrize("cell", GATES)
def test_recurrent_matrices_are_orthogonal(cell: Cell) -> None:
    for weights in parameters(cell, "weight_hh"):
        gates = weights.detach().chunk(len(weights) // HIDDEN)
        assert len(gates) == GATES[cell]
        for gate in gates:
            torch.testing.assert_close(gate @ gate.T, torch.eye(HIDDEN), atol=1e-5, rtol=0)
        assert len({gate.sum().item() for gate in gates}) == len(gates)  # each drawn for itself


def test_lstm_starts_with_open_forget_gates() -> None:
    # torch adds two biases for each gate; the gates stand in the order input, forget, cell, output.
    for one, other in zip(parameters("lstm", "bias_ih"), parameters("lstm", "bias_hh"), strict=True):
        assert (one + other).view(4, HIDDEN).tolist() == [
            [0.0] * HIDDEN,
            [1.0] * HIDDEN,
            [0.0] * HIDDEN,
            [0.0] * HIDDEN,
        ]


@pytest.mark.parametrize("cell", ["rnn", "gru"])
def test_other_cells_start_without_bias(cell: Cell) -> None:
    assert not any(bias.any() for kind in ("bias_ih", "bias_hh") for bias in parameters(cell, kind))
    assert all(weights.any() for weights in parameters(cell, "weight_ih"))


@pytest.mark.parametrize("cell", GATES)
def test_both_directions_are_those_of_torch_over_the_real_frames(cell: Cell) -> None:
    torch.manual_seed(0)
    config = RecurrentConfig(cell=cell, hidden_size=HIDDEN, num_layers=2, bidirectional=True)
    both = Recurrent(config, n_features=5, n_classes=3).eval().recurrent
    assert isinstance(both, BothDirections)
    own = CELLS[cell](5, HIDDEN, 2, batch_first=True, bidirectional=True)
    weights = {}
    for number in range(2):
        for layers, suffix in ((both.ahead, ""), (both.back, "_reverse")):
            for name, weight in layers[number].state_dict().items():
                weights[name.replace("l0", f"l{number}{suffix}")] = weight
    own.load_state_dict(weights)
    features, frames = torch.randn(4, 9, 5), torch.tensor([9, 5, 1, 8])
    states = both(features, frames)  # (B, T, 2 H)
    for clip, state, n in zip(features, states, frames.tolist(), strict=True):
        torch.testing.assert_close(state[:n], own(clip[None, :n])[0][0])


def test_dropout_stands_between_layers_in_both_directions() -> None:
    """Not before the first, so one layer has none."""
    features, frames = torch.randn(2, 9, 5), torch.tensor([9, 5])
    for num_layers, differ in ((1, False), (2, True)):
        config = RecurrentConfig(hidden_size=HIDDEN, num_layers=num_layers, bidirectional=True, dropout=0.5)
        model = Recurrent(config, 5, 3).train()
        one, other = (model.states(features, frames)[0] for _ in range(2))
        assert bool((one != other).any()) == differ


def test_one_state_for_each_frame_in_order() -> None:
    """A change of a frame changes the states from it on, and none before."""
    torch.manual_seed(0)
    model = Recurrent(RecurrentConfig(hidden_size=HIDDEN), n_features=5, n_classes=3).eval()
    features = torch.randn(1, 8, 5)
    changed = features.clone()
    changed[0, 4] += 1
    frames = torch.tensor([8])
    before, after = model.states(features, frames)[0][0], model.states(changed, frames)[0][0]  # (T, H)
    assert (before != after).any(dim=1).tolist() == [False] * 4 + [True] * 4


def test_attention_says_how_frames_weigh() -> None:
    torch.manual_seed(0)
    features, frames = torch.randn(2, 8, 5), torch.tensor([8, 3])
    config = RecurrentConfig(hidden_size=HIDDEN, pooling="multi-head", bidirectional=True)
    weights = Recurrent(config, 5, 3).attention(features, frames)
    assert weights is not None
    assert weights.shape == (2, 8, 4)
    torch.testing.assert_close(weights.sum(dim=1), torch.ones(2, 4))
    assert not weights[1, 3:].any()
    without = Recurrent(RecurrentConfig(hidden_size=HIDDEN, pooling="last"), 5, 3)
    assert without.attention(features, frames) is None


def test_batch_norms_stand_where_the_config_says() -> None:
    model = Recurrent(RecurrentConfig(hidden_size=HIDDEN, batch_norm=True, head_norm=True), 5, 3)
    features = 7 + 3 * torch.randn(64, 8, 5)
    seen: list[torch.Tensor] = []
    model.encoder.register_forward_pre_hook(lambda _module, inputs: seen.append(inputs[0]))
    model.head.register_forward_pre_hook(lambda _module, inputs: seen.append(inputs[0]))
    model.dropout.p = 0.0
    model(features, torch.full((64,), 8))
    into_encoder, into_head = seen
    for normal in (into_encoder.flatten(0, 1), into_head):
        torch.testing.assert_close(normal.mean(dim=0), torch.zeros(normal.shape[1]), atol=1e-4, rtol=0)
        torch.testing.assert_close(
            normal.std(dim=0, correction=0), torch.ones(normal.shape[1]), atol=0.02, rtol=0
        )


def test_layers_are_described() -> None:
    config = RecurrentConfig(cell="gru", hidden_size=HIDDEN, num_layers=3, dropout=0.25, head_norm=True)
    assert Recurrent.describe(config) == ("-", "3 x 6 GRU", "mean", "0.25, batch norm of head")
    config = RecurrentConfig(
        encoder="conv1d", channels=4, bidirectional=True, pooling="multi-head", batch_norm=True
    )
    assert Recurrent.describe(config) == (
        "2 Conv1d, 16 channels",
        "2 x 128 LSTM, bidirectional",
        "attention, 4 heads",
        "0.2, batch norm of features",
    )
