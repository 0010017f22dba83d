"""Planted posteriors give known thresholds."""

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.streams.conftest import heard_of
from wordspot.streams import thresholds as module
from wordspot.streams.hearing import Heard
from wordspot.streams.recording import Said
from wordspot.streams.thresholds import GRID, choose_thresholds, score_at, sweep

WORDS = ("yes", "no")
EVERY = 20
"""Steps from word to word."""


def planted(peaks: list[tuple[str | None, int, float]]) -> Heard:
    """Let a class peak at every EVERYth step, with a probability; what is named was said there."""
    rows: NDArray[np.float32] = np.zeros((EVERY * (len(peaks) + 1), 3), np.float32)
    said = []
    for n, (word, index, probability) in enumerate(peaks, 1):
        rows[EVERY * n, index] = probability
        second = 1 + 0.1 * EVERY * n
        if word:
            said.append(Said(word, second - 0.5, second, "a.wav"))
    rows[:, 2] = 1 - rows.sum(axis=1)
    return heard_of(rows, said)


def test_a_threshold_between_words_and_false_accepts() -> None:
    heard = planted([("yes", 0, 0.99), (None, 0, 0.9), ("no", 1, 0.98), (None, 1, 0.8)])
    result = score_at(heard, dict.fromkeys(WORDS, 0.95))
    assert (result.said, result.missed, result.false_accepts) == (2, 0, 0)
    assert result.latencies_s == pytest.approx([0.1, 0.1])
    result = score_at(heard, {"yes": 0.85, "no": 0.985})
    assert (result.missed, result.false_accepts) == (1, 1)
    choice = choose_thresholds([heard], WORDS, target=0)
    assert choice.alike
    assert choice.reached
    assert choice.thresholds == dict.fromkeys(WORDS, min(t for t in GRID if t > 0.9))
    assert (choice.said, choice.missed, choice.false_accepts_per_hour) == (2, 0, 0)


def test_scores_over_all_thresholds() -> None:
    heard = planted([("yes", 0, 0.9), (None, 1, 0.7), (None, 1, 0.5)])
    scores = sweep(heard, WORDS)
    assert [one.missed for one in scores] == [int(threshold > np.float32(0.9)) for threshold in GRID]
    # a class over one half is more probable than all others
    assert [one.false_accepts for one in scores][-1] == 0
    assert scores[0].false_accepts == 2
    assert sorted((one.false_accepts for one in scores), reverse=True) == [s.false_accepts for s in scores]


def test_a_target_over_several_recordings() -> None:
    quiet = planted([("yes", 0, 0.8)] * 4)
    loud = planted([(None, 0, 0.9)] * 4)
    allowed = 4 / (2 * quiet.recording.seconds / 3600)
    assert choose_thresholds([quiet, loud], WORDS, allowed).missed == 0
    strict = choose_thresholds([quiet, loud], WORDS, allowed - 1)
    assert (strict.missed, strict.false_accepts_per_hour) == (4, 0)


def test_each_word_has_its_own_where_it_is_said_often_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    # "yes" needs a low threshold, "no" a high one: one for all would miss half.
    heard = planted([("yes", 0, 0.7), ("no", 1, 0.99), (None, 1, 0.9)] * 5)
    alike = choose_thresholds([heard], WORDS, target=0)
    assert alike.alike
    assert alike.missed == 5
    monkeypatch.setattr(module, "ENOUGH", 5)
    choice = choose_thresholds([heard], WORDS, target=0)
    assert not choice.alike
    assert (choice.missed, choice.false_accepts_per_hour) == (0, 0)
    assert choice.thresholds["yes"] <= 0.7 < 0.9 < choice.thresholds["no"]
    assert "to" in choice.describe()


def test_a_target_that_cannot_be_reached() -> None:
    choice = choose_thresholds([planted([(None, 0, 1.0)])], WORDS, target=0)
    assert not choice.reached
    assert choice.thresholds == dict.fromkeys(WORDS, GRID[-1])
    assert "no threshold allows fewer" in choice.describe()
