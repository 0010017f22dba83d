"""Cross-validation over speakers."""

from pathlib import Path

import pandas as pd
import pytest

from tests.conftest import WORDS
from wordspot.config import FOLDS, CorpusConfig
from wordspot.corpus.corpus import Corpus, open_corpus
from wordspot.corpus.folds import fold_of, in_fold
from wordspot.corpus.index import ADDED


@pytest.fixture
def folds(noisy_recordings: Path) -> list[Corpus]:
    config = CorpusConfig(words=WORDS, silence=True)
    return [open_corpus(noisy_recordings, config, fold=fold) for fold in range(FOLDS)]


def test_each_speaker_validates_in_one_fold_and_trains_in_the_others(folds: list[Corpus]) -> None:
    whole = folds[0].store.table
    speakers = set(whole[(whole["split"] != "testing") & (whole["word"] != "_silence_")]["speaker"])
    for speaker in speakers:
        tables = [one.store.table for one in folds]
        splits = [set(table[table["speaker"] == speaker]["split"]) for table in tables]
        assert splits == [{"validation" if fold == fold_of(speaker) else "training"} for fold in range(FOLDS)]
    assert {fold_of(speaker) for speaker in speakers} == set(range(FOLDS))


def test_test_clips_and_silence_stay(folds: list[Corpus], noisy_recordings: Path) -> None:
    plain = open_corpus(noisy_recordings, folds[0].config, fold=None)
    for one in folds:
        assert one.fingerprint("testing") == plain.fingerprint("testing")
        silence = one.store.table["word"] == "_silence_"
        assert one.store.table[silence].equals(plain.store.table[silence])
        assert one.store.fingerprint == plain.store.fingerprint  # one packed store for all


@pytest.mark.parametrize("fold", range(FOLDS))
def test_synthetic_clips_that_are_added_stay(fold: int) -> None:
    """All of them train, whatever fold their speakers would be in; recorded clips move."""
    speakers = [name for name in map(str, range(20)) if fold_of(name) == fold]
    table = pd.DataFrame({"speaker": speakers, "word": "yes", "split": "training"})
    added = table.assign(path=[f"{ADDED}yes/{name}_nohash_0.wav" for name in speakers])
    recorded = table.assign(path=[f"yes/{name}_nohash_0.wav" for name in speakers])
    both = in_fold(pd.concat([added, recorded], ignore_index=True), fold)
    assert list(both["split"]) == ["training"] * len(speakers) + ["validation"] * len(speakers)
    assert len(speakers) > 0
