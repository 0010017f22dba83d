"""Initial weights of recurrent layers, and what the config adds to them."""

from typing import Literal

import pytest
import torch

from wordspot.config import RecurrentConfig
from wordspot.models.recurrent import Recurrent

HIDDEN = 6
GATES = {"rnn": 1, "lstm": 4, "gru": 3}
Cell = Literal["rnn", "lstm", "gru"]


def layers(cell: Cell) -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    model = Recurrent(
        RecurrentConfig(cell=cell, hidden_size=HIDDEN, num_layers=2, bidirectional=True),
        n_features=5,
        n_classes=3,
    )
    return dict(model.recurrent.named_parameters())


@pytest.mark.parametrize("cell", GATES)
def test_recurrent_matrices_are_orthogonal(cell: Cell) -> None:
    for layer in ("l0", "l0_reverse", "l1", "l1_reverse"):
        weights = layers(cell)[f"weight_hh_{layer}"]
        gates = weights.detach().chunk(len(weights) // HIDDEN)
        assert len(gates) == GATES[cell]
        for gate in gates:
            torch.testing.assert_close(gate @ gate.T, torch.eye(HIDDEN), atol=1e-5, rtol=0)
        assert len({gate.sum().item() for gate in gates}) == len(gates)  # each drawn for itself


def test_lstm_starts_with_open_forget_gates() -> None:
    for layer in ("l0", "l0_reverse", "l1", "l1_reverse"):
        # torch adds two biases for each gate; the gates stand in the order input, forget, cell, output.
        biases = layers("lstm")[f"bias_ih_{layer}"] + layers("lstm")[f"bias_hh_{layer}"]
        assert biases.view(4, HIDDEN).tolist() == [
            [0.0] * HIDDEN,
            [1.0] * HIDDEN,
            [0.0] * HIDDEN,
            [0.0] * HIDDEN,
        ]


@pytest.mark.parametrize("cell", ["rnn", "gru"])
def test_other_cells_start_without_bias(cell: Cell) -> None:
    for name, parameter in layers(cell).items():
        assert bool(parameter.any()) == name.startswith("weight")


def test_one_state_for_each_frame_in_order() -> None:
    """A change of a frame changes the states from it on, and none before."""
    torch.manual_seed(0)
    model = Recurrent(RecurrentConfig(hidden_size=HIDDEN), n_features=5, n_classes=3).eval()
    features = torch.randn(1, 8, 5)
    changed = features.clone()
    changed[0, 4] += 1
    before, after = model.recurrent(features)[0][0], model.recurrent(changed)[0][0]  # (T, H)
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
