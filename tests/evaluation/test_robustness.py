"""Noise for the comparison: which, how much, and the same for all."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tests.conftest import WORDS
from wordspot.audio.features import to_float
from wordspot.config import CorpusConfig, RunConfig
from wordspot.corpus.corpus import Corpus, open_corpus
from wordspot.evaluation.robustness import accuracy_in_noise, noise_kind, recorded_noise
from wordspot.models.recognizer import Recognizer


class Listener(nn.Module):
    """Notes what it hears, and says the first word always."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[Tensor] = []

    def forward(self, waveforms: Tensor, lengths: Tensor) -> Tensor:
        self.heard.append(waveforms)
        return torch.eye(len(WORDS))[torch.zeros(len(waveforms), dtype=torch.long)]


@pytest.fixture
def quiet_corpus(shared_recordings: Path) -> Corpus:
    return open_corpus(shared_recordings, CorpusConfig(words=WORDS))


def test_every_clip_gets_its_noise_at_each_ratio(quiet_corpus: Corpus) -> None:
    listener = Listener()
    found = accuracy_in_noise(listener, quiet_corpus, "testing", (20, 0))  # type: ignore[arg-type]
    assert found == {20: 1 / 3, 0: 1 / 3}
    rows = quiet_corpus.rows("testing")
    clean = to_float(torch.from_numpy(np.array(quiet_corpus.store.samples[rows])))
    for heard, ratio in zip(listener.heard, (20, 0), strict=True):
        noise = heard - clean
        ratios = 10 * torch.log10(clean.square().sum(dim=1) / noise.square().sum(dim=1))
        assert ratios == pytest.approx(torch.full((len(rows),), float(ratio)), abs=0.01)
    loud, soft = listener.heard[1] - clean, listener.heard[0] - clean
    assert torch.allclose(loud, 10 * soft, atol=1e-4)  # 20 dB apart, otherwise the same

    again = Listener()
    accuracy_in_noise(again, quiet_corpus, "testing", (20, 0))  # type: ignore[arg-type]
    assert all(torch.equal(one, other) for one, other in zip(listener.heard, again.heard, strict=True))


def test_without_recordings_the_noise_is_pink(quiet_corpus: Corpus) -> None:
    assert recorded_noise(quiet_corpus, "testing") is None
    assert noise_kind(quiet_corpus, "testing") == "pink noise"


def test_recordings_of_noise_serve_each_split_with_its_own_stretch(noisy_recordings: Path) -> None:
    corpus = open_corpus(noisy_recordings, CorpusConfig(words=WORDS))
    assert noise_kind(corpus, "testing") == "background recordings"
    training, testing = recorded_noise(corpus, "training"), recorded_noise(corpus, "testing")
    assert training is not None
    assert testing is not None
    assert len(training) == pytest.approx(8 * len(testing), rel=0.01)


def test_a_recogniser_is_heard_at_the_usual_ratios(tiny: RunConfig, quiet_corpus: Corpus) -> None:
    torch.manual_seed(0)
    found = accuracy_in_noise(Recognizer(tiny), quiet_corpus, "validation")
    assert list(found) == [20, 10, 5, 0]
    assert all(0 <= accuracy <= 1 for accuracy in found.values())
