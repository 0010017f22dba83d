"""Scores worked out by hand."""

import tempfile
import zlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sklearn.metrics

from wordspot.config import CorpusConfig, Runtime
from wordspot.corpus.corpus import Corpus
from wordspot.corpus.samples import Samples
from wordspot.corpus.store import Store
from wordspot.evaluation.evaluate import predictions, score, word_scores
from wordspot.evaluation.intervals import over_speakers, wilson
from wordspot.runs.evaluation import Evaluation, confusion_matrix

CLASSES = ("yes", "no", "up")
TABLE = pd.DataFrame(
    {
        "path": [f"{n}.wav" for n in range(6)],
        "start": [0, 0, 0, 0, 0, 7],
        "speaker": ["ann", "ann", "bob", "bob", "cid", "cid"],
        "word": ["yes", "yes", "yes", "no", "no", "up"],
        "split": "testing",
        "length": 16_000,
    }
)
# Recognised: yes, yes, no, no, no, yes; never up.
PROBABILITIES = np.array(
    [
        [0.5, 0.3, 0.2],
        [0.9, 0.05, 0.05],
        [0.1, 0.6, 0.3],
        [0.2, 0.5, 0.3],
        [0.0, 1.0, 0.0],
        [0.4, 0.25, 0.35],
    ],
    np.float32,
)
PREDICTED = np.array(["yes", "yes", "no", "no", "no", "yes"])


def corpus_of(table: pd.DataFrame) -> Corpus:
    silence = np.zeros((len(table), 16_000), np.int16)
    with tempfile.NamedTemporaryFile() as file:
        silence.tofile(file.name)
        checksums = np.full(len(table), zlib.crc32(silence[0].data), np.uint32)
        samples = Samples(Path(file.name), checksums, 16_000)
    store = Store(samples, table.reset_index(drop=True), "of all clips", [])
    return Corpus("here", CorpusConfig(words=CLASSES), Runtime(), store, [], synthetic=False)


@pytest.fixture
def scored() -> Evaluation:
    return score(corpus_of(TABLE), PROBABILITIES, "testing", "testing")


def test_scores_by_hand(scored: Evaluation) -> None:
    assert (scored.split, scored.clips, scored.speakers, scored.synthetic) == ("testing", 6, 3, False)
    assert scored.fingerprint == corpus_of(TABLE).fingerprint("testing")
    assert scored.accuracy == pytest.approx(4 / 6)
    assert scored.confusion == [[2, 1, 0], [0, 2, 0], [1, 0, 0]]
    assert scored.interval_over_clips == wilson(4, 6)
    right = np.array([True, True, False, True, True, False])
    assert scored.interval_over_speakers == over_speakers(right, TABLE["speaker"].to_numpy(dtype=str))

    yes, no, up = scored.words
    assert (yes.word, yes.clips) == ("yes", 3)
    assert (yes.precision, yes.recall, yes.f1) == pytest.approx((2 / 3, 2 / 3, 2 / 3))
    assert (no.word, no.clips) == ("no", 2)
    assert (no.precision, no.recall, no.f1) == pytest.approx((2 / 3, 1, 4 / 5))
    assert (up.word, up.clips) == ("up", 1)
    assert (up.precision, up.recall, up.f1) == (0, 0, 0)  # never recognised, and no warning of it
    assert scored.macro_f1 == pytest.approx((2 / 3 + 4 / 5 + 0) / 3)


def test_scores_are_those_of_scikit_learn() -> None:
    draw = np.random.default_rng(5)
    for classes, clips in ((2, 1), (3, 20), (12, 500), (12, 5)):
        said, heard = draw.integers(classes, size=(2, clips))
        confusion = confusion_matrix(said, heard, classes)
        labels = list(range(classes))
        assert np.array_equal(confusion, sklearn.metrics.confusion_matrix(said, heard, labels=labels))
        scores = word_scores(confusion, list(map(str, labels)))
        expected = sklearn.metrics.precision_recall_fscore_support(
            said, heard, labels=labels, zero_division=0.0
        )
        found = np.array([[one.precision, one.recall, one.f1, one.clips] for one in scores]).T
        assert found == pytest.approx(np.array(expected))


def test_all_right() -> None:
    best = score(corpus_of(TABLE.iloc[[0, 3]]), PROBABILITIES[[0, 3]], "testing", "testing")
    assert best.accuracy == 1
    assert best.interval_over_speakers == (1, 1)
    # A few clips without a mistake don't prove that there are none: the wider bound counts.
    assert best.interval == (best.interval_over_clips[0], 1)
    assert best.confusion == [[1, 0, 0], [0, 1, 0], [0, 0, 0]]


def test_a_word_without_clips_counts_for_nothing() -> None:
    """A labelled folder may hold only some of the words; the mean is over those that it holds."""
    two = score(corpus_of(TABLE.iloc[:5]), PROBABILITIES[:5], "testing", "all")
    assert two.split == "all"
    assert two.macro_f1 == pytest.approx((4 / 5 + 4 / 5) / 2)


def test_predictions_by_hand(scored: Evaluation) -> None:
    table = scored.predictions
    assert list(table.columns[:5]) == ["path", "start", "speaker", "word", "predicted"]
    assert list(table["predicted"]) == list(PREDICTED)
    assert list(table["start"]) == [0, 0, 0, 0, 0, 7]
    assert list(table.columns[5:]) == ["p(yes)", "p(no)", "p(up)"]
    assert np.array_equal(table.iloc[:, 5:].to_numpy(), PROBABILITIES)


@pytest.mark.parametrize("word", ["start", "word"])
def test_a_word_may_be_named_like_a_column(word: str) -> None:
    table = predictions(TABLE, PROBABILITIES, (word, "no", "up"), PREDICTED)
    assert table.columns.is_unique
    assert np.array_equal(table.iloc[:, 5:].to_numpy(), PROBABILITIES)


def test_confusion_matrix_is_drawn(scored: Evaluation) -> None:
    axes = scored.plot_confusion().axes[0]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("recognised", "said")
    assert [label.get_text() for label in axes.get_xticklabels()] == list(CLASSES)
    assert [label.get_text() for label in axes.get_yticklabels()] == list(CLASSES)
    shown = {
        (int(text.get_position()[1]), int(text.get_position()[0])): text.get_text() for text in axes.texts
    }
    assert shown == {(0, 0): "2", (0, 1): "1", (1, 1): "2", (2, 0): "1"}  # (said, recognised)
    shares = axes.images[0].get_array()
    assert np.asarray(shares) == pytest.approx(np.array([[2 / 3, 1 / 3, 0], [0, 1, 0], [1, 0, 0]]))
