"""Hypotheses on mistakes: shares that were counted by hand, and clips that have the faults."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.conftest import SAMPLE_RATE, WORDS, noise, speaker_names, write_samples
from tests.helpers import assert_one_line
from wordspot.config import CorpusConfig
from wordspot.corpus.corpus import open_corpus
from wordspot.errors import UsageError
from wordspot.evaluation.seed_groups import SeedGroup
from wordspot.inspection.hypotheses import HypothesisTest, clip_traits, hypotheses_table, hypothesis_tests
from wordspot.runs.evaluation import Evaluation, WordScores

VOWELS = ("go", "no", "down", "yes", "up")


def evaluation(clips: pd.DataFrame, predicted: list[str], words: tuple[str, ...]) -> Evaluation:
    """Give an evaluation with the predictions that are asked for."""
    interval = (0.0, 1.0)
    return Evaluation(
        "testing",
        len(clips),
        int(clips["speaker"].nunique()),
        "",
        float((clips["word"] == predicted).mean()),
        interval,
        interval,
        interval,
        0.0,
        [WordScores(word, 0.0, 0.0, 0.0, 0) for word in words],
        [],
        predictions=clips.assign(predicted=predicted),
    )


def group_of(said: str, *answers: str, speakers: str, words: tuple[str, ...] = VOWELS) -> SeedGroup:
    """Give a model whose runs gave the `answers`: words and the speaker of each clip, apart by spaces."""
    clips = pd.DataFrame({"word": said.split(), "speaker": speakers.split(), "start": 0})
    clips["path"] = [f"{n:03}.wav" for n in clips.index]
    return SeedGroup("rnn", [], [evaluation(clips, run.split(), words) for run in answers])


def by_name(tests: list[HypothesisTest]) -> dict[str, HypothesisTest]:
    return {test.hypothesis: test for test in tests}


def test_words_that_share_a_vowel() -> None:
    group = group_of("go no down yes up go", "no no go go up yes", speakers="a b c d e f")
    test = by_name(hypothesis_tests(group))["shared vowel"]
    # Of three mistakes with these words, two are another of them; by chance it would be 2 of 4 other words.
    assert test.mistakes == 3
    assert [test.share, test.expected] == pytest.approx([2 / 3, 0.5])
    assert test.difference == pytest.approx(1 / 6)
    assert test.difference_interval[0] < 0 < test.difference_interval[1]
    assert not test.supported


def test_many_mistakes_decide() -> None:
    said, answered = "go yes " * 60, "no yes " * 60
    speakers = " ".join(f"s{n} s{n}" for n in range(60))
    test = by_name(hypothesis_tests(group_of(said, answered, speakers=speakers)))["shared vowel"]
    assert (test.share, test.expected) == (1.0, 0.5)
    assert test.interval == pytest.approx((0.94, 1.0), abs=0.01)  # Wilson's, as the bootstrap has no width
    assert test.supported


def test_a_speaker_whose_clips_are_missed_again_and_again() -> None:
    runs = ["no no yes yes yes yes", "no go yes yes yes up"]
    group = group_of("go go yes yes yes yes", *runs, speakers="a a b b c c")
    test = by_name(hypothesis_tests(group))["one speaker's habit"]
    # The first run misses both clips of a; the second one clip of a and one of c.
    assert test.mistakes == 2
    assert test.share == pytest.approx(2 / 4)
    assert test.expected == pytest.approx((2 + 2) / 12)


@pytest.mark.parametrize("words", [("go", "yes", "up"), ("go", "no", "down"), WORDS])
def test_words_that_leave_no_room_for_the_vowel(words: tuple[str, ...]) -> None:
    said, answered = f"{words[0]} {words[1]}", f"{words[1]} {words[1]}"
    tests = hypothesis_tests(group_of(said, answered, speakers="a b", words=words))
    assert [test.hypothesis for test in tests] == ["one speaker's habit"]


def test_without_mistakes_there_is_nothing_to_explain() -> None:
    assert hypothesis_tests(group_of("go no", "go no", speakers="a b")) == []


def test_traits_of_clips(recordings: Path) -> None:
    speaker = speaker_names("testing", 1)[0]
    times = np.arange(SAMPLE_RATE // 2) / SAMPLE_RATE
    loud = np.round(20_000 * np.sin(2 * np.pi * 400 * times) * np.hanning(len(times))).astype(np.int16)
    write_samples(recordings / "low" / f"{speaker}_nohash_0.wav", loud // 1000)
    write_samples(recordings / "low" / f"{speaker}_nohash_1.wav", noise(8_000))
    for path in (recordings / "rise").iterdir():
        if path.name.split("_")[0] in speaker_names("training", 8)[2:]:
            path.unlink()  # of 8 training speakers two are left
    corpus = open_corpus(recordings, CorpusConfig(words=WORDS))
    clips = clip_traits(corpus, "testing").set_index("path")
    soft, noisy = (clips.loc[f"low/{speaker}_nohash_{number}.wav"] for number in (0, 1))
    assert soft["level_db"] == clips["level_db"].min()
    assert noisy["range_db"] < 2  # decibels
    assert soft["range_db"] > 20
    assert (noisy["cut"], soft["cut"]) == (False, False)
    assert dict(clips.groupby("word")["training_clips"].first()) == {"high": 16, "low": 16, "rise": 4}

    table = corpus.table("testing").sort_values(["path", "start"], ignore_index=True)
    wrong = table["path"].str.contains(f"low/{speaker}")
    answers = table["word"].where(~wrong, "rise").tolist()
    group = SeedGroup("rnn", [], [evaluation(table, answers, WORDS)])
    tests = by_name(hypothesis_tests(group, corpus))
    assert list(tests) == ["cut ends", "soft speech", "noise", "few training clips", "one speaker's habit"]
    assert tests["soft speech"].share == 0.5  # one of the two mistakes
    assert tests["soft speech"].expected == pytest.approx(2 / 18)  # a tenth of 18 clips, rounded up
    assert (tests["few training clips"].share, tests["few training clips"].expected) == (0, 1 / 3)
    assert tests["one speaker's habit"].share == 1

    text = hypotheses_table(list(tests.values()), group).to_markdown()
    assert "a word with few training clips (rise) | 2 | 0.0 % |" in text
    with pytest.raises(UsageError, match="not the clips that rnn was evaluated on") as error:
        hypothesis_tests(group, corpus, "validation")
    assert_one_line(error.value)
