"""Words in a stream: what is found, when and where, whatever the blocks, the rate and the channels are."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
import torchaudio
from numpy.typing import NDArray

from tests.conftest import SAMPLE_RATE, WORDS, synthetic_word
from tests.helpers import assert_one_line
from wordspot.deploy.detector import Detector, Event, listen, open_recognizer
from wordspot.deploy.settings import Detection
from wordspot.deploy.windows import SlidingWindows
from wordspot.errors import ClipError, UsageError, WordspotError
from wordspot.models.recognizer import Recognizer
from wordspot.runs.run import load

SAID = ("low", "rise", "high", "low")
EVERY = 3.0
"""Seconds from word to word; the first begins after one second."""


def recording() -> NDArray[np.int16]:
    """Make a recording in which SAID is said, with silence between the words."""
    draw = np.random.default_rng(3)
    sound = np.zeros(round((EVERY * len(SAID) + 1) * SAMPLE_RATE), dtype=np.int16)
    for number, word in enumerate(SAID):
        clip = synthetic_word(word, draw)
        first = round((1 + EVERY * number) * SAMPLE_RATE)
        sound[first : first + len(clip)] = clip
    return sound


def in_blocks(sound: NDArray[np.int16], size: int) -> list[NDArray[np.int16]]:
    return [sound[first : first + size] for first in range(0, len(sound), size)]


def assert_words(events: list[Event]) -> None:
    """Assert that the words of `recording` were found, in their places."""
    assert [event.word for event in events] == list(SAID)
    for number, event in enumerate(events):
        middle = 1 + EVERY * number + 0.4
        assert event.start - 0.3 < middle < event.end + 0.3
        assert 0 < event.end - event.start <= 1
        assert event.end <= event.told < middle + 1.2
        assert 0.7 <= event.confidence <= 1


@pytest.fixture
def recognizer(run: Path) -> Recognizer:
    return load(run)


def test_words_are_found_where_they_are(recognizer: Recognizer) -> None:
    events = list(listen([recording()], recognizer))
    assert_words(events)


@pytest.mark.parametrize("size", [1_000, 16_000, 77_777])
def test_blocks_do_not_matter(recognizer: Recognizer, size: int) -> None:
    whole = list(listen([recording()], recognizer))
    found = list(listen(in_blocks(recording(), size), recognizer))
    assert [replace(event, confidence=0) for event in found] == [
        replace(event, confidence=0) for event in whole
    ]
    assert [event.confidence for event in found] == pytest.approx(
        [event.confidence for event in whole], abs=1e-5
    )


def test_rates_and_channels_do_not_matter(recognizer: Recognizer, tmp_path: Path) -> None:
    mono = torch.from_numpy(recording() / 32768).float()
    faster = torchaudio.functional.resample(mono, SAMPLE_RATE, 44_100).numpy()
    stereo = np.stack([faster, faster], axis=1)
    assert_words(list(listen(in_blocks(stereo, 5_000), recognizer, sample_rate=44_100)))
    soundfile.write(tmp_path / "long.flac", stereo, 44_100)
    assert_words(list(listen(tmp_path / "long.flac", recognizer)))


def test_an_exported_file_finds_the_same(recognizer: Recognizer, exported: Path) -> None:
    expected = list(listen([recording()], recognizer))
    for found in (list(listen([recording()], exported)), list(listen([recording()], str(exported)))):
        assert [event.word for event in found] == [event.word for event in expected]
        for one, other in zip(found, expected, strict=True):
            assert one.confidence == pytest.approx(other.confidence, abs=1e-4)
            assert (one.start, one.end, one.told) == (other.start, other.end, other.told)


def test_windows_are_scored_as_clips(recognizer: Recognizer) -> None:
    sound = torch.from_numpy(recording() / 32768).float()
    found = list(SlidingWindows(recognizer, 16_000, 1_600, 3).push(sound))
    assert [end for end, _ in found] == list(range(16_000, len(sound) + 1, 1_600))
    end, posterior = found[12]
    expected = recognizer.predict(sound[end - 16_000 : end])
    assert posterior.tolist() == pytest.approx(list(expected.probabilities.values()), abs=1e-5)


def test_nothing_is_probable_in_silence(recognizer: Recognizer) -> None:
    found = list(SlidingWindows(recognizer, 16_000, 1_600, 3).push(5e-4 * torch.ones(32_000)))
    assert found
    assert all(not posterior.any() for _, posterior in found)
    assert list(listen([np.zeros(64_000)], recognizer, settings=Detection(threshold=0.01))) == []


def test_only_what_can_be_heard_is_scored() -> None:
    scored: list[int] = []

    def score(windows: torch.Tensor) -> torch.Tensor:
        scored.append(len(windows))
        return torch.tensor([1.0, 0.0, 2.0]).log().expand(len(windows), 3)

    sound = torch.cat([torch.zeros(6), torch.ones(2), torch.zeros(6)])
    found = list(SlidingWindows(score, 4, 2, 3).push(sound))
    heard = torch.tensor([1.0, 0.0, 2.0]) / 3
    expected = [heard if end in (8, 10) else torch.zeros(3) for end in range(4, 15, 2)]
    assert scored == [2]
    torch.testing.assert_close(torch.stack([posterior for _, posterior in found]), torch.stack(expected))
    assert list(SlidingWindows(score, 4, 2, 3).push(torch.zeros(4)))
    assert scored == [2]


def test_memory_stays_the_same(recognizer: Recognizer) -> None:
    windows = SlidingWindows(recognizer, 16_000, 1_600, 3)
    for block in torch.split(torch.from_numpy(recording() / 32768).float(), 5_000):
        list(windows.push(block))
        assert len(windows.buffer) < 16_000
        assert windows.buffer.untyped_storage().nbytes() < 4 * 22_000


def test_thresholds(recognizer: Recognizer) -> None:
    recognizer.thresholds = {"low": 1.0}
    assert [event.word for event in listen([recording()], recognizer)] == ["rise", "high"]
    everything = Detection(threshold=0.7)
    assert [event.word for event in listen([recording()], recognizer, settings=everything)] == list(SAID)
    assert list(listen([recording()], recognizer, settings=Detection(threshold=1.0))) == []


def test_the_last_word_is_told_at_the_end(recognizer: Recognizer) -> None:
    sound = recording()[: round((1 + EVERY + 0.7) * SAMPLE_RATE)]
    detector = Detector(recognizer)
    before = detector.push(sound)
    assert [event.word for event in before + detector.finish()] == ["low", "rise"]
    assert detector.seconds == pytest.approx(4.7)


def test_other_strides_find_the_same_words(recognizer: Recognizer) -> None:
    for settings in (Detection(step_ms=50, smoothing=5), Detection(step_ms=200, smoothing=1)):
        assert [event.word for event in listen([recording()], recognizer, settings=settings)] == list(SAID)


@pytest.mark.parametrize(
    ("block", "reason"),
    [
        (np.array([0.0, np.nan]), "samples that are not numbers, 1.00 s after its start"),
        (np.array([[0.0, np.inf]]), "samples that are not numbers"),
        (np.zeros((2, 2, 2)), r"shape \(2, 2, 2\) must be"),
        (np.zeros((2, 0)), r"shape \(2, 0\) must be"),
        (np.zeros(2, dtype=np.int64), "must be int16, or floats"),
    ],
)
def test_samples_that_cannot_be_heard(
    recognizer: Recognizer, block: NDArray[np.float64], reason: str
) -> None:
    detector = Detector(recognizer)
    detector.push(np.zeros(16_000))
    with pytest.raises(WordspotError, match=reason) as error:
        detector.push(block)
    assert_one_line(error.value)


def test_what_cannot_be_listened_to(recognizer: Recognizer, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="sample_rate: 0 must be at least 1"):
        Detector(recognizer, sample_rate=0)
    soundfile.write(tmp_path / "short.wav", recording()[:8000], SAMPLE_RATE)
    with pytest.raises(ClipError, match=r"0\.50 s is shorter than the window of 1 s"):
        list(listen(tmp_path / "short.wav", recognizer))
    assert list(listen([recording()[:4000]], recognizer)) == []
    assert list(listen([], recognizer)) == []
    whole = tmp_path / "whole.flac"
    soundfile.write(whole, recording(), SAMPLE_RATE)
    (tmp_path / "cut.flac").write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    with pytest.raises(ClipError, match="breaks off before its end"):
        list(listen(tmp_path / "cut.flac", recognizer))
    with pytest.raises(UsageError, match="no run here"):
        open_recognizer(tmp_path / "absent")


def test_an_exported_file_has_no_state_to_carry(exported: Path) -> None:
    with pytest.raises(UsageError, match="an exported file scores windows"):
        Detector(exported, settings=Detection(stateful=True))


def test_classes_of_the_words(run: Path) -> None:
    assert Detector(run).words == list(WORDS)
