"""What is heard once gives the events that a detector tells, at any thresholds."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import WORDS
from tests.deploy.test_detector import SAID, recording
from tests.streams.conftest import recording_of
from wordspot.deploy.detector import Detector
from wordspot.deploy.settings import Detection
from wordspot.streams.hearing import hear, live_share, smoothed
from wordspot.streams.recording import Recording, Said, Utterance


@pytest.fixture
def spoken() -> Recording:
    """Give the recording of SAID as one utterance."""
    clip = recording()
    made = recording_of([], len(clip) / 16_000)
    return replace(made, utterances=[Utterance(Said("all", 0, 1, "all.wav"), 0, clip)])


@pytest.mark.parametrize("settings", [Detection(), Detection(step_ms=50, smoothing=4, refractory_ms=0)])
@pytest.mark.parametrize("threshold", [0.3, 0.7, 0.95])
def test_events_are_those_of_a_detector(
    tiny_run: Path, spoken: Recording, settings: Detection, threshold: float
) -> None:
    detector = Detector(tiny_run, settings=replace(settings, threshold=threshold))
    expected = [event for block in spoken.blocks() for event in detector.push(block)] + detector.finish()
    heard_s: list[float] = []
    heard = hear(spoken, tiny_run, settings, heard_s.append)
    found = heard.events([threshold] * len(heard.classes))
    assert len(found) >= len(SAID) - 1
    assert [replace(event, confidence=0) for event in found] == [
        replace(event, confidence=0) for event in expected
    ]
    assert [event.confidence for event in found] == pytest.approx([e.confidence for e in expected], abs=1e-5)
    assert sum(heard_s) == pytest.approx(spoken.seconds)
    assert heard.classes == WORDS
    assert heard.processor_s > 0


def test_the_first_averages_are_of_fewer_posteriors() -> None:
    rows = np.arange(8, dtype=np.float32).reshape(4, 2)
    assert smoothed(rows, 3).tolist() == [[0, 1], [1, 2], [2, 3], [4, 5]]
    assert smoothed(rows[:1], 3).tolist() == [[0, 1]]


def test_a_live_detector_takes_some_time(tiny_run: Path, spoken: Recording) -> None:
    assert live_share(spoken, tiny_run, Detection()) > 0
