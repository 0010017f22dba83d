"""One event for a peak, none for a level, none for silence or other words."""

from collections.abc import Sequence

import torch

from wordspot.deploy.peaks import Peak, PeakPicker

Rows = Sequence[Sequence[float]]
CLASSES = ("yes", "no", "_unknown_", "_silence_")


def picked(rows: Rows, smoothing: int = 1, refractory: int = 0) -> list[Peak | None]:
    """Push posteriors of yes and no, each a hundred samples after the one before; the rest is unknown."""
    picker = PeakPicker(CLASSES, [0.6, 0.8, 0.1, 0.1], smoothing, refractory)
    found = [
        picker.push(100 * (n + 1), torch.tensor([*row, 1 - sum(row), 0.0])) for n, row in enumerate(rows)
    ]
    return [*found, picker.finish()]


def words(found: list[Peak | None]) -> list[tuple[int, str, int]]:
    """Name the step at which each was told, its word, and the sample of its peak."""
    return [(step, CLASSES[one.word], one.last) for step, one in enumerate(found) if one]


def test_a_peak_is_told_once_where_it_stops_rising() -> None:
    found = picked([[0.1, 0], [0.7, 0], [0.9, 0], [0.8, 0], [0.7, 0], [0.1, 0]])
    assert words(found) == [(3, "yes", 300)]
    assert found[3] == Peak(0, torch.tensor(0.9).item(), 300, 300)


def test_a_peak_is_told_where_it_hardly_rises() -> None:
    found = picked([[0.7, 0], [0.9, 0], [0.905, 0], [0.99, 0], [0.1, 0]])
    assert words(found) == [(2, "yes", 300)]
    assert words(picked([[0.7, 0], [0.72, 0], [0.74, 0], [0.76, 0], [0.1, 0]])) == [(4, "yes", 400)]


def test_a_level_is_told_once() -> None:
    assert words(picked([[0.9, 0]] * 50)) == [(1, "yes", 100)]


def test_a_word_counts_again_after_it_was_under_half_its_threshold() -> None:
    again = picked([[0.9, 0], [0.29, 0], [0.9, 0], [0.29, 0]])
    assert words(again) == [(1, "yes", 100), (3, "yes", 300)]
    assert words(picked([[0.9, 0], [0.31, 0], [0.9, 0], [0.31, 0]])) == [(1, "yes", 100)]


def test_each_word_has_its_threshold() -> None:
    assert words(picked([[0.0, 0.7], [0.0, 0.1], [0.7, 0.0]])) == [(3, "yes", 300)]
    assert words(picked([[0.0, 0.8], [0.0, 0.1]])) == [(1, "no", 100)]


def test_other_words_and_silence_are_not_told() -> None:
    assert words(picked([[0.0, 0.0]] * 5)) == []
    # over the threshold, but less probable than another word
    picker = PeakPicker(CLASSES, [0.3] * 4, 1, 0)
    assert picker.push(1, torch.tensor([0.4, 0.0, 0.6, 0.0])) is None
    assert picker.finish() is None


def test_no_word_counts_in_the_refractory_time() -> None:
    rows: Rows = [[0.9, 0], [0, 0.9], [0, 0.9], [0, 0.9], [0, 0]]
    assert words(picked(rows, refractory=0)) == [(1, "yes", 100), (3, "no", 300)]
    assert words(picked(rows, refractory=250)) == [(1, "yes", 100), (4, "no", 400)]
    assert words(picked(rows, refractory=400)) == [(1, "yes", 100)]


def test_posteriors_are_averaged() -> None:
    rows: Rows = [[0, 0], [0.9, 0], [0.9, 0], [0.9, 0], [0, 0], [0, 0]]
    found = picked(rows, smoothing=3)
    assert words(found) == [(4, "yes", 400)]
    assert found[4] is not None
    assert found[4].first == 200
    assert words(picked([[0, 0], [0.9, 0], [0, 0]], smoothing=3)) == []


def test_the_end_tells_what_was_rising() -> None:
    assert words(picked([[0.7, 0], [0.9, 0]])) == [(2, "yes", 200)]
