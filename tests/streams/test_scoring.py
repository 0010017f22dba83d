"""Planted events give known misses, false accepts and latencies."""

import pytest

from wordspot.deploy.detector import Event
from wordspot.streams.recording import Said
from wordspot.streams.scoring import LATEST_S, WordCounts, match, poisson, score

WORDS = ("yes", "no")


def said(word: str, start: float) -> Said:
    """Say a word for half a second."""
    return Said(word, start, start + 0.5, f"{word}.wav")


def told(word: str, at: float) -> Event:
    return Event(word, at - 1, at, 0.9, at)


def test_events_belong_to_the_words_before_them() -> None:
    yes, no = said("yes", 1.0), said("no", 5.0)
    events = [told("yes", 1.7), told("no", 5.4)]
    matched = match(events, [yes, no], WORDS)
    assert matched.hits == [(yes, events[0]), (no, events[1])]
    assert (matched.missed, matched.false) == ([], [])


@pytest.mark.parametrize(
    ("word", "at", "hit"),
    [
        ("yes", 0.9, False),  # before it begins
        ("yes", 1.0, True),
        ("yes", 1.5 + LATEST_S, True),
        ("yes", 1.51 + LATEST_S, False),  # too late
        ("no", 1.6, False),  # another word
    ],
)
def test_what_counts_as_found(word: str, at: float, hit: bool) -> None:
    matched = match([told(word, at)], [said("yes", 1.0)], WORDS)
    assert len(matched.hits) == hit
    assert len(matched.missed) == len(matched.false) == (not hit)


def test_a_word_told_twice_is_a_false_accept() -> None:
    matched = match([told("yes", 1.6), told("yes", 1.9)], [said("yes", 1.0)], WORDS)
    assert [event.told for event in matched.false] == [1.9]
    assert len(matched.hits) == 1


def test_two_words_near_each_other_need_two_events() -> None:
    both = [said("yes", 1.0), said("yes", 1.6)]
    assert [one for one, _ in match([told("yes", 1.7), told("yes", 2.3)], both, WORDS).hits] == both
    matched = match([told("yes", 2.3)], both, WORDS)
    assert matched.missed == both[1:]


def test_other_words_are_neither_missed_nor_found() -> None:
    result = score([told("yes", 3.6)], [said("cat", 3.0), said("no", 9.0)], WORDS, 1800)
    assert (result.said, result.missed, result.false_accepts) == (1, 1, 1)
    assert result.by_word == {"yes": WordCounts(0, 0, 1), "no": WordCounts(1, 1, 0)}
    assert result.miss_rate == 1
    assert result.false_accepts_per_hour == 2
    low, high = poisson(1)
    assert result.false_accepts_interval == (2 * low, 2 * high)
    assert result.latency_s(0.5) is None


def test_latency_is_from_the_end_of_the_word() -> None:
    events = [told("yes", 1.7), told("no", 5.9), told("no", 9.6)]
    result = score(events, [said("yes", 1), said("no", 5), said("no", 9)], WORDS, 3600)
    assert result.latencies_s == pytest.approx([0.2, 0.4, 0.1])
    assert result.latency_s(0.5) == pytest.approx(0.2)


def test_where_no_word_is_said_there_is_no_miss_rate() -> None:
    result = score([], [], WORDS, 3600)
    assert result.miss_rate is None
    assert result.miss_interval is None
    assert list(result.false_accepts_interval) == pytest.approx([0, 3.689], abs=1e-3)
