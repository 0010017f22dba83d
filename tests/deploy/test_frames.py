"""Frame by frame gives what the whole stream gives at once."""

import math

import pytest
import torch
from torch import Tensor

from wordspot.config import RunConfig, vary
from wordspot.deploy.detector import Detector, listen
from wordspot.deploy.frames import FrameByFrame
from wordspot.deploy.settings import Detection
from wordspot.deploy.windows import Posterior
from wordspot.errors import UsageError
from wordspot.models.recognizer import Recognizer
from wordspot.models.recurrent import Recurrent
from wordspot.recipes import recipe

SECONDS = 0.3
"""Length of a clip, and so of what is pooled."""


def stream(samples: int = 40_123) -> Tensor:
    draw = torch.Generator().manual_seed(5)
    return 0.1 * torch.randn(samples, generator=draw) * torch.linspace(0, 3, samples).sin()


def made(**settings: object) -> Recognizer:
    torch.manual_seed(2)
    small = {"hidden_size": 8, "encoder": "none", "bidirectional": False, "rms_normalize": False}
    recognizer = Recognizer(recipe("lstm", seconds=SECONDS, **small | settings))
    features = recognizer.features
    features.fit([(stream()[None], torch.tensor([40_123]))])
    with torch.no_grad():
        recognizer.train()(stream(32_000).view(2, -1))
    recognizer.temperature.fill_(0.7)
    return recognizer.eval()


def at_once(recognizer: Recognizer, waveform: Tensor) -> list[Tensor]:
    """Give the posterior of each frame of a waveform from the states of the whole of it."""
    model, hop = recognizer.model, recognizer.features.hop
    assert isinstance(model, Recurrent)
    frames = torch.tensor([1 + len(waveform) // hop])
    states, _ = model.states(recognizer.features(waveform[None]), frames)
    window = 1 + round(SECONDS * 16_000) // hop
    answers = []
    for n in range(1, states.shape[1] + 1):
        pooled = states[:, max(0, n - window) : n]
        logits = model.classify(pooled, torch.tensor([pooled.shape[1]])) / recognizer.temperature
        answers.append(logits.softmax(dim=1)[0])
    return answers


@pytest.mark.parametrize(
    "settings",
    [
        {"deltas": 0, "pooling": "last"},
        {"deltas": 1, "num_layers": 2},
        {"deltas": 2, "cell": "gru", "batch_norm": True},
        {"deltas": 0, "cell": "rnn", "pooling": "additive", "head_norm": True},
        {"deltas": 1, "pooling": "multi-head", "n_fft": 1024},
        {"deltas": 1, "transform": "mfcc", "hop_ms": 10.0},
    ],
    ids=str,
)
@torch.inference_mode()
def test_each_frame_is_that_of_the_whole_stream(settings: dict[str, object]) -> None:
    recognizer, waveform = made(**settings), stream()
    frames, first = FrameByFrame(recognizer, step=1), 0
    found: list[Posterior] = []
    sizes = (1, 319, 320, 5000, 37, 2048)
    while first < len(waveform):
        size = sizes[len(found) % len(sizes)]
        found += list(frames.push(waveform[first : first + size]))
        first += size
    expected = at_once(recognizer, waveform)
    config, hop = recognizer.config.features, recognizer.features.hop
    later = math.ceil(config.n_fft / 2 / hop) + 2 * config.deltas
    assert len(found) == len(waveform) // hop - later + 1
    assert [heard for heard, _ in found] == [(n + later) * hop for n in range(len(found))]
    for (_, posterior), answer in zip(found, expected, strict=False):
        torch.testing.assert_close(posterior, answer, atol=1e-4, rtol=0)
    assert torch.stack(expected).std(dim=0).max() > 0.003


def test_with_the_last_state_it_is_the_answer_for_the_sound_so_far() -> None:
    recognizer, waveform = made(deltas=0, pooling="last"), stream(16_000)
    found = dict(FrameByFrame(recognizer, step=1).push(waveform))
    offline = recognizer(waveform[None]).softmax(dim=1)[0]  # its last frame reaches beyond the end
    padded = torch.cat([waveform, torch.zeros(320)])
    last = dict(FrameByFrame(recognizer, step=1).push(padded))[16_320]
    torch.testing.assert_close(last, offline.detach(), atol=1e-4, rtol=0)
    assert 16_320 not in found


def test_a_step_is_a_whole_number_of_frames() -> None:
    recognizer, waveform = made(), stream()
    every = list(FrameByFrame(recognizer, step=1).push(waveform))
    some = list(FrameByFrame(recognizer, step=1600).push(waveform))
    assert [heard for heard, _ in some] == [heard for heard, _ in every[4::5]]
    assert all(torch.equal(one, other) for (_, one), (_, other) in zip(some, every[4::5], strict=True))


def test_memory_stays_the_same() -> None:
    frames = FrameByFrame(made(), step=1600)
    for _ in range(20):
        list(frames.push(stream()))
    assert len(frames.samples) < 5 * 320
    assert frames.states.shape[1] == frames.window == 16
    assert frames.static.shape[1] <= 4


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        (recipe("bc-resnet"), "no recurrent state"),
        (recipe("bilstm"), "both directions"),
        (recipe("wordspot", bidirectional=False), "yet to come"),
        (recipe("lstm"), "train it with --no-rms-normalize"),
    ],
)
def test_models_that_cannot(config: RunConfig, reason: str) -> None:
    recognizer = Recognizer(vary(config, seconds=0.3))
    with pytest.raises(UsageError, match=reason):
        Detector(recognizer, settings=Detection(stateful=True))


def test_a_detector_that_carries_the_state() -> None:
    recognizer = made()
    settings = Detection(stateful=True, threshold=0.0, smoothing=1)
    found = list(listen([stream()], recognizer, settings=settings))
    assert found
    assert {event.word for event in found} <= set(recognizer.classes)
