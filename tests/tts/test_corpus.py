"""Synthetic speech as a corpus of its own, and added to recorded clips."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from tests.conftest import SPEAKERS, WORDS, write_samples
from tests.helpers import assert_one_line
from tests.tts.conftest import StandIn
from wordspot.config import SYNTHETIC, SYNTHETIC_OTHERS, UNKNOWN, CorpusConfig, RunConfig, vary
from wordspot.corpus import sources
from wordspot.corpus.corpus import open_corpus
from wordspot.corpus.folder import index_folder
from wordspot.corpus.index import Clip, Index
from wordspot.corpus.sources import add_other_words, find_index
from wordspot.errors import UsageError
from wordspot.layout import SPLITS, Split
from wordspot.tts.background import NOISES
from wordspot.tts.near_words import near_words
from wordspot.tts.settings import Synthesis

pytestmark = pytest.mark.usefixtures("espeak_alone")


@pytest.fixture
def few_clips(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a corpus by its name small: of 40 speakers 37 train, 2 validate and 1 tests, by the rule."""
    monkeypatch.setattr(sources, "CLIPS", 40)
    monkeypatch.setattr(sources, "OTHERS", ("yes", "cat"))


@pytest.fixture
def own_cache(stand_in: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep what the stand-in says out of the cache that other tests share."""
    monkeypatch.setenv("WORDSPOT_CACHE", str(tmp_path / "cache"))


def added_in(table: pd.DataFrame) -> "pd.Series[bool]":
    return table["path"].str.startswith("_synthetic_/")


@pytest.mark.usefixtures("few_clips")
def test_a_corpus_is_said_by_its_name() -> None:
    corpus = open_corpus("synthetic", CorpusConfig(words=("yes", "no")))
    assert corpus.synthetic
    assert len(corpus.noises) == 5
    for split, speakers in zip(SPLITS, (37, 2, 1), strict=True):
        table = corpus.table(split)
        assert Counter(table["word"]) == {"yes": speakers, "no": speakers}
        assert table["speaker"].nunique() == speakers
        assert not added_in(table).any()
    assert set(corpus.store.table["length"]) == {16_000}
    assert (abs(corpus.store.samples[:].astype(int)).max(axis=1) > 300).all()


@pytest.mark.usefixtures("few_clips")
def test_other_words_are_said_where_they_are_asked_for_alone() -> None:
    assert find_index("synthetic", ("yes", "no"), unknown=True).words == ["cat", "no", "yes"]
    # The cache holds all three now.
    assert find_index("synthetic", ("yes", "no")).words == ["no", "yes"]
    corpus = open_corpus("synthetic", CorpusConfig(words=("yes", "no"), unknown=True))
    unknown = corpus.store.table[corpus.store.table["word"] == UNKNOWN]
    assert {path.split("/")[0] for path in unknown["path"]} == {"cat"}
    assert Counter(unknown["split"]) == {"training": 37, "validation": 2, "testing": 1}


@pytest.mark.usefixtures("own_cache")
def test_synthetic_clips_are_added_to_the_training_part_alone(shared_recordings: Path) -> None:
    recorded = open_corpus(shared_recordings, CorpusConfig(words=WORDS))
    corpus = open_corpus(shared_recordings, CorpusConfig(words=WORDS, synthetic=40))
    assert not corpus.synthetic
    assert [path.stem for path in corpus.noises] == sorted(NOISES)  # the recorded corpus has none
    for split in ("validation", "testing"):
        assert corpus.table(split).equals(recorded.table(split))
    table = corpus.table("training")
    added = added_in(table)
    assert Counter(table["word"][added]) == dict.fromkeys(WORDS, 40)
    assert table[~added].reset_index(drop=True).equals(recorded.table("training"))
    # Three of the 40 speakers would not train by the rule.
    assert table["speaker"][added].nunique() == 40
    rows = corpus.rows("training")[added]
    # What the stand-in says: 0, 10, ... 990, and silence.
    assert np.array_equal(corpus.store.samples[rows, :100], np.tile(np.arange(0, 1000, 10), (120, 1)))
    assert not corpus.store.samples[rows, 100:].any()


@pytest.mark.usefixtures("own_cache")
def test_where_no_recorded_clips_validate_synthetic_speakers_do(recordings: Path) -> None:
    for clip in index_folder(recordings).clips:
        if clip.split != "testing":
            (recordings / clip.path).unlink()
    corpus = open_corpus(recordings, CorpusConfig(words=WORDS, synthetic=40))
    # By the rule 2 of the 40 speakers validate; the one that the rule would test trains.
    parts: dict[Split, int] = {"training": 38, "validation": 2}
    for split, speakers in parts.items():
        table = corpus.table(split)
        assert added_in(table).all()
        assert Counter(table["word"]) == dict.fromkeys(WORDS, speakers)
        assert table["speaker"].nunique() == speakers
    assert not added_in(corpus.table("testing")).any()
    assert Counter(corpus.table("testing")["word"]) == dict.fromkeys(WORDS, 2 * SPEAKERS["testing"])


@pytest.mark.usefixtures("own_cache")
@pytest.mark.parametrize("few", [0, 2, 5])
def test_fewer_clips_of_each_word_are_fewer_recorded_ones(shared_recordings: Path, few: int) -> None:
    config = CorpusConfig(words=WORDS, synthetic=6, clips_per_word=few)
    corpus = open_corpus(shared_recordings, config)
    table = corpus.table("training")
    added = added_in(table)
    assert Counter(table["word"][added]) == dict.fromkeys(WORDS, 6)
    assert Counter(table["word"][~added]) == (dict.fromkeys(WORDS, few) if few else {})
    for split in ("validation", "testing"):
        assert Counter(corpus.table(split)["word"]) == dict.fromkeys(WORDS, 2 * SPEAKERS[split])


@pytest.mark.usefixtures("own_cache")
def test_the_recorded_clips_that_are_kept_are_those_without_synthetic_ones(shared_recordings: Path) -> None:
    alone = open_corpus(shared_recordings, CorpusConfig(words=WORDS, clips_per_word=5)).table("training")
    table = open_corpus(shared_recordings, CorpusConfig(words=WORDS, synthetic=6, clips_per_word=5)).table(
        "training"
    )
    assert list(table["path"][~added_in(table)]) == list(alone["path"])


def test_no_recorded_clips_at_all_need_synthetic_ones() -> None:
    with pytest.raises(UsageError, match="clips_per_word: 0 must be at least 1"):
        CorpusConfig(words=WORDS, clips_per_word=0)


@pytest.mark.parametrize("added", ["unknown", "silence"])
def test_a_class_that_is_not_said_needs_recorded_clips(added: str) -> None:
    with pytest.raises(UsageError, match="clips_per_word: 0 must be at least 1"):
        CorpusConfig(words=WORDS, synthetic=6, clips_per_word=0, **{added: True})


@pytest.mark.usefixtures("own_cache")
def test_an_epoch_goes_through_recorded_clips_more_often(shared_recordings: Path) -> None:
    config = CorpusConfig(words=WORDS, synthetic=6, clips_per_word=4, recorded_times=3)
    corpus = open_corpus(shared_recordings, config)
    table = corpus.store.table.iloc[corpus.dataset("training", config.recorded_times).rows]
    added = added_in(table)
    assert Counter(table["path"][added].value_counts()) == {1: 6 * len(WORDS)}
    assert Counter(table["path"][~added].value_counts()) == {3: 4 * len(WORDS)}
    shuffle = torch.Generator().manual_seed(0)
    trained = sum(len(batch.labels) for batch in corpus.loader("training", 8, shuffle=shuffle))
    assert trained == (6 + 3 * 4) * len(WORDS)
    assert sum(len(batch.labels) for batch in corpus.loader("training", 8)) == (6 + 4) * len(WORDS)


def test_clips_are_repeated_only_beside_synthetic_ones() -> None:
    for times, synthetic in ((2, 0), (0, 6)):
        with pytest.raises(UsageError, match="recorded_times") as caught:
            CorpusConfig(words=WORDS, recorded_times=times, synthetic=synthetic)
        assert_one_line(caught.value)


@pytest.mark.usefixtures("own_cache")
def test_synthetic_clips_of_other_words_train_the_class_of_other_words(
    shared_recordings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def cached_texts(name: str, texts: Sequence[str], cache: Path, settings: Synthesis) -> list[Path]:
        asked.append((name, texts))
        return [
            write_samples(
                cache / "made" / str(n // 4) / f"{n}.wav",
                (100 + np.arange(30_000)).tolist() if " " in text else [n] * 1000,
            )
            for n, text in enumerate(texts)
        ]

    monkeypatch.setattr(sources, "cached_texts", cached_texts)
    words = ("low", "high")
    alone = open_corpus(shared_recordings, CorpusConfig(words=words, unknown=True))
    config = CorpusConfig(words=words, unknown=True, synthetic_unknown=6, recorded_times=2)
    corpus = open_corpus(shared_recordings, config)
    assert [name for name, _ in asked] == ["other-words"]
    assert [" " in text for text in asked[0][1]] == [False, False, False, True]
    for split in ("validation", "testing"):
        assert corpus.table(split).equals(alone.table(split))
    table = corpus.table("training")
    added = added_in(table)
    assert set(table["word"][added]) == {UNKNOWN}
    assert table["speaker"][added].nunique() == 4
    assert sorted(table["path"][added])[0] == "_synthetic_/_other_words_/0/0.wav"
    assert table[~added].reset_index(drop=True).equals(alone.table("training"))
    rows = corpus.rows("training")[added]
    alone_at, cropped_at = np.split(corpus.store.samples[rows], 2)
    assert alone_at[:, 0].tolist() == [0, 1, 2]
    assert (np.diff(cropped_at.astype(int), axis=1) == 1).all()  # a whole second of the sentence each
    assert len(set(cropped_at[:, 0].tolist())) == 3
    # Only recorded clips are repeated.
    assert len(corpus.dataset("training", 2)) == 2 * len(alone.table("training")) + 6


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let text n be said as a clip of samples n, and give the texts that are asked for."""
    texts_asked: list[str] = []

    def cached_texts(name: str, texts: Sequence[str], cache: Path, settings: Synthesis) -> list[Path]:
        texts_asked.extend(texts)
        return [write_samples(cache / name / "0" / f"{n}.wav", [n] * 1000) for n in range(len(texts))]

    monkeypatch.setattr(sources, "cached_texts", cached_texts)
    return texts_asked


@pytest.mark.usefixtures("own_cache")
def test_synthetic_clips_of_near_words_come_after_those_of_other_words(
    shared_recordings: Path, asked: list[str]
) -> None:
    config = CorpusConfig(words=("low", "high"), unknown=True, synthetic_unknown=1, synthetic_near=2)
    corpus = open_corpus(shared_recordings, config)
    assert asked[1:] == near_words(2, ("low", "high"))
    rows = corpus.rows("training")[added_in(corpus.table("training"))]
    assert corpus.store.samples[rows][:, 0].tolist() == [0, 1, 2]
    assert set(corpus.store.table["word"].iloc[rows]) == {UNKNOWN}


@pytest.mark.usefixtures("own_cache")
def test_other_words_of_the_corpus_are_said_by_synthetic_speech_too(
    shared_recordings: Path, asked: list[str]
) -> None:
    config = CorpusConfig(words=("low",), unknown=True, synthetic_unknown=1, synthetic_others=2)
    corpus = open_corpus(shared_recordings, config)
    assert asked[1:] == ["high", "rise", "high", "rise"]
    rows = corpus.rows("training")[added_in(corpus.table("training"))]
    assert corpus.store.samples[rows][:, 0].tolist() == [0, 1, 2, 3, 4]
    assert set(corpus.store.table["word"].iloc[rows]) == {UNKNOWN}
    assert added_in(open_corpus(shared_recordings, config, synthetic_others=1).table("training")).sum() == 3


@pytest.mark.usefixtures("own_cache", "asked")
def test_another_word_with_a_space_is_no_sentence(tmp_path: Path) -> None:
    there = [Clip(f"{word}/ann_nohash_0.wav", word, "ann", "training") for word in ("low", "living room")]
    config = CorpusConfig(words=("low",), unknown=True, synthetic_others=2)
    _, clips = add_other_words(Index(tmp_path, there, []), there, config)
    assert [(clip.word, clip.start, clip.stop) for clip in clips[2:]] == [(UNKNOWN, 0, None)] * 2


@pytest.mark.usefixtures("few_clips", "own_cache")
@pytest.mark.parametrize("setting", SYNTHETIC)
def test_a_synthetic_corpus_takes_no_more_speech(setting: str, tmp_path: Path) -> None:
    config = vary(RunConfig(corpus=CorpusConfig(words=("yes", "no"), unknown=True)), **{setting: 6}).corpus
    option = f"--{setting.replace('_', '-')}"
    with pytest.raises(
        UsageError, match=f"synthetic: is synthetic speech already: leave out {option}$"
    ) as one:
        open_corpus("synthetic", config)
    assert_one_line(one.value)
    assert not list(tmp_path.rglob("*.wav"))  # refused before it is made
    made = find_index("synthetic", ("yes", "no", "cat")).root
    with pytest.raises(UsageError, match=f"is synthetic speech already: leave out {option}$"):
        open_corpus(made, config)


@pytest.mark.parametrize("setting", SYNTHETIC_OTHERS)
def test_other_words_need_their_class(setting: str) -> None:
    with pytest.raises(UsageError, match=f"{setting}: there is no class for other words") as caught:
        vary(RunConfig(corpus=CorpusConfig(words=WORDS)), **{setting: 5})
    assert_one_line(caught.value)
