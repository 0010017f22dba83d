"""Which clips are chosen, and what a corpus must not lack or mix."""

import re
from pathlib import Path

import pytest

from wordspot.config import SILENCE, UNKNOWN, CorpusConfig
from wordspot.corpus.index import (
    ADDED,
    Clip,
    Index,
    assert_every_class,
    assert_speakers_apart,
    choose,
    mean_per_word,
)
from wordspot.errors import UsageError, WordspotError
from wordspot.layout import SPLITS, Split

COUNTS: dict[str, tuple[int, int, int]] = {
    "yes": (4, 1, 1),
    "no": (3, 1, 0),
    "bird": (5, 0, 1),
    "cat": (4, 0, 2),
}
"""Clips of each word in each part, in the order of SPLITS."""


def clips_of(counts: dict[str, tuple[int, int, int]]) -> list[Clip]:
    return [
        Clip(f"{word}/{split}{n}.wav", word, f"{split}{n}", split)
        for word, each in counts.items()
        for split, count in zip(SPLITS, each, strict=True)
        for n in range(count)
    ]


def count(clips: list[Clip], word: str) -> tuple[int, ...]:
    return tuple(sum(clip.word == word and clip.split == split for clip in clips) for split in SPLITS)


@pytest.fixture
def index() -> Index:
    return Index(Path("corpus"), clips_of(COUNTS), [])


def test_only_chosen_words_are_kept(index: Index) -> None:
    chosen = choose(index, CorpusConfig(words=("yes", "cat")))
    assert sorted({clip.word for clip in chosen}) == ["cat", "yes"]
    assert count(chosen, "yes") == COUNTS["yes"]
    assert count(chosen, "cat") == COUNTS["cat"]


def test_unknown_clips_are_as_many_as_of_a_word(index: Index) -> None:
    chosen = choose(index, CorpusConfig(words=("yes", "no"), unknown=True))
    assert count(chosen, "yes") == COUNTS["yes"]
    assert count(chosen, "no") == COUNTS["no"]
    # On average 3.5, 1 and 0.5, rounded up; nobody says another word in the validation split.
    assert count(chosen, UNKNOWN) == (4, 0, 1)
    assert len(chosen) == 15
    others = [clip for clip in chosen if clip.word == UNKNOWN]
    assert {clip.path.split("/")[0] for clip in others} <= {"bird", "cat"}


def test_training_takes_more_other_words_where_they_are_asked_for() -> None:
    index = Index(Path("corpus"), clips_of({"yes": (4, 4, 4), "cat": (20, 20, 20)}), [])
    config = CorpusConfig(words=("yes",), unknown=True, unknown_ratio=2.5)
    assert count(choose(index, config), UNKNOWN) == (10, 4, 4)


def test_too_few_other_words_are_all_taken() -> None:
    index = Index(Path("corpus"), clips_of({"yes": (9, 9, 9), "cat": (2, 1, 3)}), [])
    assert count(choose(index, CorpusConfig(words=("yes",), unknown=True)), UNKNOWN) == (2, 1, 3)


def test_unknown_clips_are_the_same_whatever_the_order(index: Index) -> None:
    config = CorpusConfig(words=("yes", "no"), unknown=True)
    backwards = Index(index.root, index.clips[::-1], [])
    assert set(choose(index, config)) == set(choose(backwards, config))


def test_choosing_leaves_the_index_as_it_is(index: Index) -> None:
    before = list(index.clips)
    choose(index, CorpusConfig(words=("yes", "no"), unknown=True))
    assert index.clips == before


def test_a_word_that_is_not_there_is_wrong_use(index: Index) -> None:
    with pytest.raises(UsageError) as error:
        choose(index, CorpusConfig(words=("yes", "dog", "cow")))
    assert re.match(r"words: dog, cow not in corpus, which has bird, cat, no, yes", str(error.value))


@pytest.mark.parametrize(("split", "mean"), [("training", 4), ("validation", 1), ("testing", 1)])
def test_mean_per_word_is_rounded_up(split: Split, mean: int) -> None:
    assert mean_per_word(clips_of(COUNTS), split, CorpusConfig(words=("yes", "no"))) == mean


def test_a_speaker_in_two_parts_is_refused() -> None:
    apart = [
        Clip("yes/a.wav", "yes", "ann", "training"),
        Clip("no/a.wav", "no", "ann", "training"),
        Clip("no/b.wav", "no", "bob", "testing"),
    ]
    assert_speakers_apart(apart)
    with pytest.raises(WordspotError) as error:
        assert_speakers_apart([*apart, Clip("up/b.wav", "up", "bob", "validation")])
    for part in ("bob", "no/b.wav", "testing", "up/b.wav", "validation"):
        assert part in str(error.value)


def test_a_class_without_clips_in_a_part_is_refused() -> None:
    config = CorpusConfig(words=("yes", "no"), silence=True)
    every = [(word, split) for word in (*config.words, SILENCE) for split in SPLITS]
    assert_every_class(every, config)
    for word, split in every:
        with pytest.raises(WordspotError, match=f"no clips of {word} in the {split} split"):
            assert_every_class([pair for pair in every if pair != (word, split)], config)


def test_files_of_added_clips_lie_elsewhere() -> None:
    index = Index(Path("/mine"), [], [], added=Path("/made"))
    for path, file in (("yes/a.wav", "/mine/yes/a.wav"), (f"{ADDED}yes/b.wav", "/made/yes/b.wav")):
        assert index.file(Clip(path, "yes", "a", "training")) == file
        assert index.path_of(Path(file)) == path
