"""Multiply-accumulates that are counted by hand."""

from typing import Any

import torch

from wordspot.config import CorpusConfig, FeatureConfig, RecurrentConfig, RunConfig, vary
from wordspot.evaluation.cost import count_macs, latency_ms
from wordspot.models.recognizer import Recognizer

CONFIG = RunConfig(
    RecurrentConfig(cell="lstm", hidden_size=16, num_layers=1),
    CorpusConfig(words=("low", "high", "rise")),
    FeatureConfig(n_mels=40, deltas=0),
)
FRAMES = 51  # of a second, one each 20 ms, and the one at its end


def macs_of(**settings: Any) -> int:
    return count_macs(Recognizer(vary(CONFIG, **settings)))


def test_recurrent_layers_and_head() -> None:
    assert macs_of() == FRAMES * 4 * 16 * (40 + 16) + 16 * 3
    assert macs_of(cell="rnn") == FRAMES * 16 * (40 + 16) + 16 * 3
    assert macs_of(cell="gru", num_layers=2) == FRAMES * 3 * 16 * (40 + 16 + 16 + 16) + 16 * 3
    assert macs_of(bidirectional=True) == 2 * FRAMES * 4 * 16 * (40 + 16) + 32 * 3


def test_attention() -> None:
    # Each state through a hidden layer of 64 to one score.
    assert macs_of(pooling="additive") == macs_of() + FRAMES * (16 * 64 + 64)


def test_convolutions() -> None:
    # Two kernels of five over all frames, then half of the frames, rounded up, into the LSTM.
    convolutions = FRAMES * 5 * (40 * 8 + 8 * 8)
    assert macs_of(encoder="conv1d", channels=2) == convolutions + 26 * 4 * 16 * (8 + 16) + 16 * 3
    # Kernels of nine over 51 x 40, 26 x 20 and 26 x 10 places, of which 5 frequencies of 4 channels are left.
    convolutions = 9 * (51 * 40 * 1 * 2 + 26 * 20 * 2 * 4 + 26 * 10 * 4 * 4)
    assert macs_of(encoder="conv2d", channels=2) == convolutions + 26 * 4 * 16 * (20 + 16) + 16 * 3


def test_counting_and_timing_leave_no_trace() -> None:
    recognizer = Recognizer(CONFIG)
    before = torch.get_num_threads()
    assert latency_ms(recognizer, times=3) > 0
    count_macs(recognizer)
    assert torch.get_num_threads() == before
    assert all(not layer._forward_hooks for layer in recognizer.modules())
