"""From a folder to decoded clips: every class in every part, or an error that says what is missing."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import SPEAKERS, WORDS
from wordspot.config import SILENCE, UNKNOWN, CorpusConfig
from wordspot.corpus.corpus import open_corpus
from wordspot.corpus.folder import index_folder
from wordspot.corpus.index import SPLITS, Split
from wordspot.errors import ClipError, WordspotError


def paths_of(root: Path, word: str, split: Split) -> list[Path]:
    """Name the files of a word in a part."""
    return [root / clip.path for clip in index_folder(root).clips if (clip.word, clip.split) == (word, split)]


def test_parts_are_tables_and_rows_of_the_store(shared_recordings: Path) -> None:
    corpus = open_corpus(shared_recordings, CorpusConfig(words=WORDS))
    rows = [corpus.rows(split) for split in SPLITS]
    assert sorted(np.concatenate(rows)) == list(range(84))
    for split in SPLITS:
        table = corpus.table(split)
        assert Counter(table["word"]) == dict.fromkeys(WORDS, 2 * SPEAKERS[split])
        assert table["speaker"].nunique() == SPEAKERS[split]
        assert list(table.index) == list(range(len(table)))


def test_fewer_training_clips_of_each_word_are_a_part_of_more(shared_recordings: Path) -> None:
    corpora = {
        few: open_corpus(shared_recordings, CorpusConfig(words=WORDS, clips_per_word=few))
        for few in (2, 5, 1000, None)
    }
    for few in (2, 5):
        assert Counter(corpora[few].table("training")["word"]) == dict.fromkeys(WORDS, few)
    rows = {few: set(corpus.rows("training")) for few, corpus in corpora.items()}
    assert rows[2] < rows[5] < rows[1000] == rows[None]
    for split in ("validation", "testing"):
        assert {tuple(corpus.rows(split)) for corpus in corpora.values()} == {
            tuple(corpora[None].rows(split))
        }


def test_noise_that_cannot_be_read_is_left_out_and_named(noisy_recordings: Path) -> None:
    bad = noisy_recordings / "_background_noise_" / "noise0.wav"
    bad.write_text("hello")
    config = CorpusConfig(words=("low", "high"), silence=True)
    with pytest.raises(ClipError, match=r"noise0\.wav"):
        open_corpus(noisy_recordings, config)
    with pytest.warns(UserWarning, match=r"left out .*noise0\.wav"):
        corpus = open_corpus(noisy_recordings, config, skip_bad=True)
    assert [path.name for path in corpus.noises] == ["noise1.wav"]


def test_added_classes_have_the_clips_of_a_word(noisy_recordings: Path) -> None:
    corpus = open_corpus(noisy_recordings, CorpusConfig(words=("low", "high"), unknown=True, silence=True))
    for split in SPLITS:
        clips = dict.fromkeys(("low", "high", UNKNOWN, SILENCE), 2 * SPEAKERS[split])
        assert Counter(corpus.table(split)["word"]) == clips
    unknown = corpus.store.table[corpus.store.table["word"] == UNKNOWN]
    assert {path.split("/")[0] for path in unknown["path"]} == {"rise"}


def test_a_word_without_clips_in_a_part_is_named(recordings: Path) -> None:
    for path in paths_of(recordings, "low", "validation"):
        path.unlink()
    with pytest.raises(WordspotError, match="no clips of low in the validation part"):
        open_corpus(recordings, CorpusConfig(words=WORDS))
    open_corpus(recordings, CorpusConfig(words=("high", "rise")))


def test_skipping_bad_clips_warns_and_names_the_first_five(recordings: Path) -> None:
    bad = paths_of(recordings, "low", "training")[:7]
    for path in bad:
        path.write_text("hello")
    config = CorpusConfig(words=WORDS)
    with pytest.raises(WordspotError, match="and 6 more"):
        open_corpus(recordings, config)
    with pytest.warns(UserWarning, match="left out 7 unusable clips") as warned:
        corpus = open_corpus(recordings, config, skip_bad=True)
    assert len(corpus.store.table) == 77
    message = str(warned[0].message)
    assert [str(path) in message for path in bad] == [True] * 5 + [False] * 2
    assert "\n" not in message
    # Opened from the store, they are still left out and named.
    with pytest.warns(UserWarning, match="left out 7 unusable clips"):
        open_corpus(recordings, config, skip_bad=True)


def test_skipping_every_clip_of_a_word_in_a_part_is_refused(recordings: Path) -> None:
    for path in paths_of(recordings, "low", "testing"):
        path.write_text("hello")
    with (
        pytest.warns(UserWarning, match="left out 6"),
        pytest.raises(WordspotError, match="no clips of low in the testing part"),
    ):
        open_corpus(recordings, CorpusConfig(words=WORDS), skip_bad=True)


@pytest.mark.filterwarnings("ignore:left out 84 unusable clips")
def test_skipping_every_clip_is_refused(recordings: Path) -> None:
    for path in recordings.rglob("*.wav"):
        path.write_text("hello")
    with pytest.raises(WordspotError):
        open_corpus(recordings, CorpusConfig(words=WORDS), skip_bad=True)
