"""Initial weights of recurrent layers, and pooling over time."""

from typing import Literal

import pytest
import torch

from wordspot.config import RecurrentConfig
from wordspot.models.recurrent import Recurrent, pool_last, pool_mean

UNITS = 6
GATES = {"rnn": 1, "lstm": 4}


def layers(cell: Literal["rnn", "lstm"]) -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    model = Recurrent(RecurrentConfig(cell, units=UNITS, layers=2), n_features=5, n_classes=3)
    return dict(model.recurrent.named_parameters())


@pytest.mark.parametrize("cell", ["rnn", "lstm"])
def test_recurrent_matrices_are_orthogonal(cell: Literal["rnn", "lstm"]) -> None:
    for layer in range(2):
        weights = layers(cell)[f"weight_hh_l{layer}"]
        gates = weights.detach().chunk(len(weights) // UNITS)
        assert len(gates) == GATES[cell]
        for gate in gates:
            torch.testing.assert_close(gate @ gate.T, torch.eye(UNITS), atol=1e-5, rtol=0)
        assert len({gate.sum().item() for gate in gates}) == len(gates)  # each drawn for itself


def test_lstm_starts_with_open_forget_gates() -> None:
    for layer in range(2):
        # torch adds two biases for each gate; the gates stand in the order input, forget, cell, output.
        biases = layers("lstm")[f"bias_ih_l{layer}"] + layers("lstm")[f"bias_hh_l{layer}"]
        assert biases.view(4, UNITS).tolist() == [[0.0] * UNITS, [1.0] * UNITS, [0.0] * UNITS, [0.0] * UNITS]


def test_rnn_starts_without_bias() -> None:
    for name, parameter in layers("rnn").items():
        assert bool(parameter.any()) == name.startswith("weight")


def test_one_state_for_each_frame_in_order() -> None:
    """A change of a frame changes the states from it on, and none before."""
    torch.manual_seed(0)
    model = Recurrent(RecurrentConfig(units=UNITS), n_features=5, n_classes=3).eval()
    features = torch.randn(1, 8, 5)
    changed = features.clone()
    changed[0, 4] += 1
    before, after = model.recurrent(features)[0][0], model.recurrent(changed)[0][0]  # (T, H)
    assert (before != after).any(dim=1).tolist() == [False] * 4 + [True] * 4


def test_pooling_by_hand() -> None:
    states = torch.tensor([[[1.0, 10], [2, 20], [6, 60]], [[3, 5], [5, 9], [100, 100]]])  # (2, 3, 2)
    assert pool_last(states, torch.tensor([3, 2])).tolist() == [[6, 60], [5, 9]]
    assert pool_mean(states, torch.tensor([3, 2])).tolist() == [[3, 30], [4, 7]]
    assert pool_last(states, torch.tensor([1, 1])).tolist() == [[1, 10], [3, 5]]
    assert pool_mean(states, torch.tensor([1, 1])).tolist() == [[1, 10], [3, 5]]


def test_the_config_chooses_the_pooling() -> None:
    features, frames = torch.randn(1, 4, 5), torch.tensor([4])
    scores = {}
    for pooling, pool in (("last", pool_last), ("mean", pool_mean)):
        torch.manual_seed(0)
        model = Recurrent(RecurrentConfig(units=UNITS, pooling=pooling), 5, 3).eval()  # type: ignore[arg-type]
        scores[pooling] = model(features, frames)
        expected = model.head(pool(model.recurrent(features)[0], frames))
        torch.testing.assert_close(scores[pooling], expected)
    assert not torch.allclose(scores["last"], scores["mean"])
