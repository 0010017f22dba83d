"""Noise for the comparison: which, how much, and the same for all."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from torch import Tensor, nn

from tests.conftest import WORDS
from wordspot.audio.features import to_float
from wordspot.config import CorpusConfig, RunConfig
from wordspot.corpus.corpus import Corpus, open_corpus
from wordspot.evaluation.robustness import (
    Condition,
    in_noise,
    noise_kind,
    recognised,
    recorded_noise,
    robustness,
    softer,
)
from wordspot.training.loop import train


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


def heard_by(listener: Listener, corpus: Corpus, *conditions: Condition) -> dict[str, np.ndarray]:
    return recognised(listener, corpus, "testing", conditions)  # type: ignore[arg-type]


def test_every_clip_gets_its_noise_at_each_ratio(quiet_corpus: Corpus) -> None:
    listener = Listener()
    found = heard_by(listener, quiet_corpus, in_noise(20), in_noise(0))
    words = quiet_corpus.table("testing")["word"].to_numpy()
    assert list(found) == ["20 dB SNR", "0 dB SNR"]
    assert all(np.array_equal(right, words == WORDS[0]) for right in found.values())
    rows = quiet_corpus.rows("testing")
    clean = to_float(torch.from_numpy(np.array(quiet_corpus.store.samples[rows])))
    for heard, ratio in zip(listener.heard, (20, 0), strict=True):
        noise = heard - clean
        ratios = 10 * torch.log10(clean.square().sum(dim=1) / noise.square().sum(dim=1))
        assert ratios == pytest.approx(torch.full((len(rows),), float(ratio)), abs=0.01)
    loud, soft = listener.heard[1] - clean, listener.heard[0] - clean
    assert torch.allclose(loud, 10 * soft, atol=1e-4)  # 20 dB apart, otherwise the same

    again = Listener()
    heard_by(again, quiet_corpus, in_noise(20), in_noise(0))
    assert all(torch.equal(one, other) for one, other in zip(listener.heard, again.heard, strict=True))


def test_a_softer_clip_is_a_tenth_in_steps_of_its_samples(quiet_corpus: Corpus) -> None:
    listener = Listener()
    heard_by(listener, quiet_corpus, softer(20))
    samples = torch.from_numpy(np.array(quiet_corpus.store.samples[quiet_corpus.rows("testing")])).float()
    soft = listener.heard[0] * 32768
    assert torch.equal(soft, soft.round())
    assert (soft - samples / 10).abs().max() <= 0.5001


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


def test_what_a_run_recognises_is_kept_until_its_weights_change(
    tiny: RunConfig, quiet_corpus: Corpus, tmp_path: Path
) -> None:
    run = train(tiny, quiet_corpus, tmp_path / "run", quiet=True)
    table = robustness(run, quiet_corpus, "validation")
    assert list(table) == [
        *("path", "start", "20 dB SNR", "10 dB SNR", "5 dB SNR", "0 dB SNR", "20 dB softer", "40 dB softer")
    ]
    assert list(table["path"]) == list(quiet_corpus.table("validation")["path"])
    path = run.folder / "robustness-validation.csv"
    written = path.read_bytes()
    pd.testing.assert_frame_equal(robustness(run, quiet_corpus, "validation"), table)
    path.write_bytes(written.replace(b"True", b"False"))
    assert not robustness(run, quiet_corpus, "validation")["20 dB SNR"].any()  # it was read
    for damaged in (b"", b"\xff", b"path,start\na,1\n", written[:200], written.replace(b"True", b"maybe")):
        path.write_bytes(damaged)
        pd.testing.assert_frame_equal(robustness(run, quiet_corpus, "validation"), table)
    later = (run.folder / "model.safetensors").stat().st_mtime + 1
    os.utime(run.folder / "model.safetensors", (later, later))
    pd.testing.assert_frame_equal(robustness(run, quiet_corpus, "validation"), table)  # measured anew
