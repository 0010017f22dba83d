"""The temperature that makes probabilities as high as the accuracy is."""

import pytest
import torch
from torch.nn.functional import cross_entropy

from wordspot.config import CorpusConfig, RecurrentConfig, RunConfig
from wordspot.models.recognizer import Recognizer
from wordspot.models.temperature import HIGHEST, LOWEST, fit_temperature


def drawn(temperature: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Draw logits [N, C] and labels [N] that follow their softmax at a temperature."""
    draw = torch.Generator().manual_seed(0)
    logits = 3 * torch.randn(20_000, 4, generator=draw)
    labels = torch.multinomial((logits / temperature).softmax(dim=1), 1, generator=draw)[:, 0]
    return logits, labels


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_the_temperature_by_which_labels_were_drawn_is_found(temperature: float) -> None:
    logits, labels = drawn(temperature)
    found = fit_temperature(logits, labels)
    assert found == pytest.approx(temperature, rel=0.03)
    losses = [cross_entropy(logits / (found * factor), labels) for factor in (0.97, 1.0, 1.03)]
    assert losses[1] == min(losses)


def test_a_temperature_is_bounded() -> None:
    logits = torch.eye(3)
    assert fit_temperature(logits, torch.arange(3)) == pytest.approx(LOWEST, rel=1e-3)
    assert fit_temperature(logits, torch.tensor([1, 2, 0])) == pytest.approx(HIGHEST, rel=1e-3)


def test_a_recogniser_divides_its_logits_by_its_temperature() -> None:
    config = RunConfig(RecurrentConfig(hidden_size=8, num_layers=1), CorpusConfig(words=("a", "b", "c")))
    recognizer = Recognizer(config).eval()
    waveforms = 0.1 * torch.randn(2, 16_000, generator=torch.Generator().manual_seed(0))
    logits = recognizer(waveforms)
    assert recognizer.temperature == 1
    recognizer.temperature.fill_(0.5)
    assert torch.equal(recognizer(waveforms), logits / 0.5)
    expected = (logits[0] / 0.5).softmax(dim=0).tolist()
    assert list(recognizer.predict(waveforms[0]).probabilities.values()) == pytest.approx(expected)
    again = Recognizer(config).eval()
    again.load_state_dict(recognizer.state_dict())
    assert again.temperature == 0.5
    state = recognizer.state_dict()
    del state["temperature"]  # as before there was one
    again = Recognizer(config).eval()
    again.load_state_dict(state)
    assert again.temperature == 1
    assert torch.equal(again(waveforms), logits)
