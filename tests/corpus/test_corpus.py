"""From a folder to decoded clips: every class in every part, or an error that says what is missing."""

import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import SPEAKERS, WORDS
from tests.helpers import assert_one_line
from wordspot.config import COMMANDS, SILENCE, UNKNOWN, CorpusConfig, Runtime
from wordspot.corpus.corpus import open_corpus, open_labelled
from wordspot.corpus.folder import index_folder
from wordspot.corpus.sources import words_in
from wordspot.errors import ClipError, UsageError, WordspotError
from wordspot.layout import SPLITS, Split

SKIP_BAD = Runtime(skip_bad=True)


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
        corpus = open_corpus(noisy_recordings, config, SKIP_BAD)
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
    with pytest.raises(WordspotError, match="no clips of low in the validation split"):
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
        corpus = open_corpus(recordings, config, SKIP_BAD)
    assert len(corpus.store.table) == 77
    message = str(warned[0].message)
    assert [str(path) in message for path in bad] == [True] * 5 + [False] * 2
    assert "\n" not in message
    # Opened from the store, they are still left out and named.
    with pytest.warns(UserWarning, match="left out 7 unusable clips"):
        open_corpus(recordings, config, SKIP_BAD)


def test_skipping_every_clip_of_a_word_in_a_part_is_refused(recordings: Path) -> None:
    for path in paths_of(recordings, "low", "testing"):
        path.write_text("hello")
    with (
        pytest.warns(UserWarning, match="left out 6"),
        pytest.raises(WordspotError, match="no clips of low in the testing split"),
    ):
        open_corpus(recordings, CorpusConfig(words=WORDS), SKIP_BAD)


@pytest.mark.filterwarnings("ignore:left out 84 unusable clips")
def test_skipping_every_clip_is_refused(recordings: Path) -> None:
    for path in recordings.rglob("*.wav"):
        path.write_text("hello")
    with pytest.raises(WordspotError):
        open_corpus(recordings, CorpusConfig(words=WORDS), SKIP_BAD)


def test_settings_change_the_config_by_name(shared_recordings: Path) -> None:
    corpus = open_corpus(shared_recordings, words=("low", "rise"), seconds=0.5)
    assert corpus.config == CorpusConfig(words=("low", "rise"), seconds=0.5)
    assert corpus.store.samples.shape == (56, 8000)
    assert corpus.data == str(shared_recordings)
    assert corpus.runtime == Runtime()
    few = open_corpus(shared_recordings, CorpusConfig(words=WORDS), clips_per_word=1)
    assert len(few.table("training")) == 3
    with pytest.raises(UsageError, match="skip_bad: no such setting"):
        open_corpus(shared_recordings, words=WORDS, skip_bad=True)


def named(folder: Path, *words: str) -> Path:
    for word in words:
        (folder / word).mkdir(parents=True)
        (folder / word / "ann_nohash_0.wav").touch()
    return folder


def test_a_corpus_without_the_ten_commands_gives_its_own_words(tmp_path: Path) -> None:
    own = named(tmp_path / "own", "b", "a", "c")
    line = f"none of the ten commands is in {own}, so all 3 words there are taken (a, b, c): choose some with"
    with pytest.warns(UserWarning, match=f"^{re.escape(line)} --words$"):
        assert words_in(own, COMMANDS) == ("a", "b", "c")
    part = named(tmp_path / "part", "backward", *COMMANDS[:-2])
    with pytest.warns(
        UserWarning, match=r"^stop, go are not in .*, so all 9 words there are taken \(backward, "
    ):
        assert words_in(part, COMMANDS) == tuple(sorted(("backward", *COMMANDS[:-2])))
    with pytest.warns(UserWarning, match=r"14 words there are taken \(w0, w1, .*, w5, \.\.\.\): choose"):
        words_in(named(tmp_path / "many", *(f"w{number}" for number in range(14))), COMMANDS)


def test_the_ten_commands_are_taken_from_a_corpus_that_has_them_and_words_that_were_asked_for_as_they_are(
    tmp_path: Path,
) -> None:
    whole = named(tmp_path / "whole", "bed", *COMMANDS)
    assert words_in(whole, COMMANDS) == COMMANDS
    assert words_in(whole, ("bed", "dog")) == ("bed", "dog")  # opening it tells that there is no dog
    assert words_in("speech-commands", COMMANDS) == words_in("synthetic", COMMANDS) == COMMANDS


def test_files_without_speakers_are_told_of_once(tmp_path: Path) -> None:
    (named(tmp_path, "a", "b") / "a" / "1.wav").touch()
    with pytest.warns(UserWarning, match="none of the ten commands") as told:
        words_in(tmp_path, COMMANDS)
    assert len(told) == 1


def test_an_open_corpus_is_returned_as_it_is(shared_recordings: Path) -> None:
    corpus = open_corpus(shared_recordings, words=("low", "rise"))
    assert open_corpus(corpus) is corpus
    assert open_corpus(corpus, CorpusConfig(words=("low", "rise"))) is corpus


def test_only_splits_that_are_asked_for_need_every_word(recordings: Path) -> None:
    for path in paths_of(recordings, "low", "validation"):
        path.unlink()
    corpus = open_corpus(recordings, words=WORDS, splits=("training", "testing"))
    assert Counter(corpus.table("validation")["word"]) == {"high": 6, "rise": 6}


def test_a_fingerprint_of_a_split_is_of_its_clips_alone(recordings: Path) -> None:
    before = open_corpus(recordings, words=WORDS)
    prints = {split: before.fingerprint(split) for split in SPLITS}
    assert len(set(prints.values())) == 3
    paths_of(recordings, "low", "testing")[0].unlink()
    after = open_corpus(recordings, words=WORDS)
    same = [after.fingerprint(split) == prints[split] for split in SPLITS]
    assert same == [True, True, False]


def test_damaged_clips_are_neither_loaded_nor_identified(recordings: Path) -> None:
    whole = open_corpus(recordings, words=WORDS)
    samples = np.array(whole.store.samples[:])
    damaged = whole.rows("validation")[3]
    samples[damaged, 5] ^= 1
    samples.tofile(whole.store.samples.path)
    corpus = open_corpus(recordings, words=WORDS)
    assert sum(len(batch.labels) for batch in corpus.loader("training")) == len(corpus.rows("training"))
    for read in (lambda: list(corpus.loader("validation")), lambda: corpus.fingerprint("validation")):
        with pytest.raises(WordspotError, match=rf"damaged \(clip {damaged}\)"):
            read()


# All clips of a folder, whatever their splits


def test_labelled_clips_are_all_tested(shared_recordings: Path) -> None:
    config = CorpusConfig(words=WORDS, clips_per_word=1)
    corpus = open_labelled(shared_recordings, config, Runtime())
    assert Counter(corpus.table("testing")["word"]) == dict.fromkeys(WORDS, 28)
    assert corpus.table("testing")["speaker"].nunique() == sum(SPEAKERS.values())
    assert len(corpus.table("training")) == len(corpus.table("validation")) == 0
    assert corpus.config.classes == config.classes


def test_labelled_clips_of_some_words_are_enough(shared_recordings: Path) -> None:
    config = CorpusConfig(words=("low", "high", "off"))
    with pytest.warns(UserWarning, match="left out 28 clips of other words"):
        corpus = open_labelled(shared_recordings, config, Runtime())
    assert Counter(corpus.table("testing")["word"]) == {"low": 28, "high": 28}
    assert [len(batch.labels) for batch in corpus.loader("testing")] == [56]
    assert {int(label) for batch in corpus.loader("testing") for label in batch.labels} == {0, 1}


def test_labelled_clips_of_other_words_are_unknown_where_that_is_a_class(shared_recordings: Path) -> None:
    corpus = open_labelled(shared_recordings, CorpusConfig(words=("low",), unknown=True), Runtime())
    assert Counter(corpus.table("testing")["word"]) == {"low": 28, UNKNOWN: 56}


def test_a_folder_without_any_of_the_words_is_refused(shared_recordings: Path) -> None:
    with pytest.raises(UsageError, match="no clips of yes, no") as caught:
        open_labelled(shared_recordings, CorpusConfig(words=("yes", "no")), Runtime())
    assert_one_line(caught.value)
