"""Words and speakers that look like numbers are text in all that is written and read."""

from pathlib import Path

import pandas as pd
import pytest

from tests.conftest import noise, write_samples
from wordspot.config import RunConfig, vary
from wordspot.corpus.corpus import Corpus, open_corpus
from wordspot.evaluation.compare import compare
from wordspot.evaluation.evaluate import evaluate
from wordspot.inspection.explore import Exploration
from wordspot.layout import write_lists
from wordspot.training.loop import train

WORDS = ("01", "1e5")
SPEAKERS = ("007", "1e3", "1.0")


@pytest.fixture
def numbers(tmp_path: Path) -> Path:
    """Give a corpus whose words and speakers look like numbers, one speaker in each split."""
    root, lists = tmp_path / "numbers", []
    for seed, word in enumerate(WORDS):
        for split, speaker in zip(("training", "validation", "testing"), SPEAKERS, strict=True):
            for number in range(4):
                path = f"{word}/{speaker}_nohash_{number}.wav"
                write_samples(root / path, noise(8000, seed) // 4)
                lists.append((path, split))
    write_lists(root, lists)  # type: ignore[arg-type]
    return root


def test_in_a_store_that_was_built_or_opened(numbers: Path) -> None:
    for _ in range(2):
        table = open_corpus(numbers, words=WORDS).store.table
        assert set(table["word"]) == set(WORDS)
        assert set(table["speaker"]) == set(SPEAKERS)
        for column in ("path", "split", "word", "speaker"):
            assert pd.api.types.is_string_dtype(table[column]), column


def test_in_an_exploration(numbers: Path) -> None:
    found = Exploration(numbers)
    assert list(found.counts().index) == [*WORDS, "all words"]
    assert list(found.durations().index) == [*WORDS, "all words"]
    assert found.speakers().tolist() == [1, 1, 1]
    assert [path.parent.name for path in found.some(words=WORDS)] == list(WORDS)


def test_in_predictions_and_what_is_compared_of_them(numbers: Path, tiny: RunConfig, tmp_path: Path) -> None:
    corpus: Corpus = open_corpus(numbers, words=WORDS)
    config = vary(tiny, words=WORDS, epochs=1)
    runs = [train(vary(config, hidden_size=size), corpus, tmp_path / f"{size}") for size in (4, 8)]
    for run in runs:
        fresh = evaluate(run, corpus, "testing")
        read = run.evaluation("testing")
        for column in ("path", "speaker", "word", "predicted"):
            assert list(read.predictions[column]) == list(fresh.predictions[column])
        assert set(read.predictions["speaker"]) == {"1.0"}
        assert read.accuracy == (read.predictions["word"] == read.predictions["predicted"]).mean()
    result = compare(runs, split="testing")
    assert result.words == list(WORDS)
    assert [one.accuracy for one in result.models] == [run.evaluation("testing").accuracy for run in runs]
