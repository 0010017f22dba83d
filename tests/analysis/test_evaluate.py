"""Scores worked out by hand, and the files of an evaluation."""

import json
import shutil
from dataclasses import asdict
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
import soundfile
import torch

from tests.conftest import RATE_HZ, WORDS
from tests.runs import ABSENT_DEVICE, assert_one_line, files_of, shared_run
from wordspot.analysis.evaluate import (
    Evaluation,
    evaluate,
    plot_confusion,
    predict_part,
    predictions,
    score,
)
from wordspot.analysis.intervals import over_speakers, wilson
from wordspot.config import RunConfig
from wordspot.corpus.corpus import open_corpus
from wordspot.corpus.index import SPLITS, Split
from wordspot.errors import UsageError
from wordspot.models.recognizer import load

CPU = torch.device("cpu")
CLASSES = ("yes", "no", "up")
TABLE = pd.DataFrame(
    {
        "path": [f"{n}.wav" for n in range(6)],
        "start": [0, 0, 0, 0, 0, 7],
        "speaker": ["ann", "ann", "bob", "bob", "cid", "cid"],
        "word": ["yes", "yes", "yes", "no", "no", "up"],
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


@pytest.fixture
def run(tiny: RunConfig, shared_recordings: Path, tmp_path: Path) -> Path:
    """Give a copy of a trained run, which evaluation may write to."""
    return shutil.copytree(shared_run(tiny, shared_recordings), tmp_path / "run")


@pytest.fixture
def scored() -> Evaluation:
    return score(TABLE, PROBABILITIES, CLASSES, "testing", "abc")


def test_scores_by_hand(scored: Evaluation) -> None:
    assert (scored.split, scored.clips, scored.speakers, scored.fingerprint) == ("testing", 6, 3, "abc")
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


def test_all_right() -> None:
    table = TABLE.iloc[[0, 3]].reset_index(drop=True)
    best = score(table, PROBABILITIES[[0, 3]], CLASSES, "validation", "abc")
    assert best.accuracy == 1
    assert best.interval_over_speakers == (1, 1)
    # A few clips without a mistake don't prove that there are none: the wider bound counts.
    assert best.interval == (best.interval_over_clips[0], 1)
    assert best.confusion == [[1, 0, 0], [0, 1, 0], [0, 0, 0]]


def test_predictions_by_hand() -> None:
    table = predictions(TABLE, PROBABILITIES, CLASSES)
    assert list(table.columns[:5]) == ["path", "start", "speaker", "word", "predicted"]
    assert list(table["predicted"]) == ["yes", "yes", "no", "no", "no", "yes"]
    assert list(table["start"]) == [0, 0, 0, 0, 0, 7]
    assert list(table.columns[5:]) == ["p(yes)", "p(no)", "p(up)"]
    assert np.array_equal(table.iloc[:, 5:].to_numpy(), PROBABILITIES)


@pytest.mark.parametrize("word", ["start", "word"])
def test_a_word_may_be_named_like_a_column(word: str) -> None:
    table = predictions(TABLE, PROBABILITIES, (word, "no", "up"))
    assert table.columns.is_unique
    assert np.array_equal(table.iloc[:, 5:].to_numpy(), PROBABILITIES)


def test_confusion_matrix_is_drawn(scored: Evaluation) -> None:
    axes = plot_confusion(scored).axes[0]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("recognised", "said")
    assert [label.get_text() for label in axes.get_xticklabels()] == list(CLASSES)
    assert [label.get_text() for label in axes.get_yticklabels()] == list(CLASSES)
    shown = {
        (int(text.get_position()[1]), int(text.get_position()[0])): text.get_text() for text in axes.texts
    }
    assert shown == {(0, 0): "2", (0, 1): "1", (1, 1): "2", (2, 0): "1"}  # (said, recognised)
    shares = axes.images[0].get_array()
    assert np.asarray(shares) == pytest.approx(np.array([[2 / 3, 1 / 3, 0], [0, 1, 0], [1, 0, 0]]))


def test_probabilities_of_a_part(run: Path, shared_recordings: Path) -> None:
    recognizer = load(run).train()  # that it evaluates without dropout is up to predict_part
    corpus = open_corpus(shared_recordings, recognizer.config.corpus)
    probabilities = predict_part(recognizer, corpus, "testing", CPU)
    assert probabilities.shape == (18, 3)
    assert np.allclose(probabilities.sum(axis=1), 1)
    assert np.array_equal(probabilities, predict_part(recognizer.train(), corpus, "testing", CPU))
    path = shared_recordings / corpus.table("testing")["path"][4]
    assert list(recognizer.predict(path).probabilities.values()) == pytest.approx(probabilities[4], abs=1e-5)


@pytest.mark.parametrize("split", SPLITS)
def test_files_of_an_evaluation(run: Path, shared_recordings: Path, split: Split) -> None:
    before = files_of(run)
    result = evaluate(run, shared_recordings, split)
    after = files_of(run)
    names = {f"evaluation-{split}.json", f"predictions-{split}.csv", f"confusion-{split}.svg"}
    assert after.keys() == before.keys() | names
    assert all(after[name] == before[name] for name in before)

    stored = json.loads(after[f"evaluation-{split}.json"])
    assert stored == json.loads(json.dumps(asdict(result)))
    assert ElementTree.fromstring(after[f"confusion-{split}.svg"]).tag.endswith("svg")

    table = pd.read_csv(run / f"predictions-{split}.csv")
    assert len(table) == result.clips == {"training": 48, "validation": 18, "testing": 18}[split]
    assert (table["word"] == table["predicted"]).mean() == pytest.approx(result.accuracy)
    assert table["speaker"].nunique() == result.speakers
    assert set(table["word"]) == set(WORDS)
    assert all((shared_recordings / path).is_file() for path in table["path"])
    assert table.iloc[:, 5:].sum(axis=1).to_numpy() == pytest.approx(np.ones(len(table)), abs=1e-5)


def test_evaluation_is_the_same_each_time(run: Path, shared_recordings: Path) -> None:
    first = evaluate(run, shared_recordings)
    files = files_of(run)
    assert evaluate(str(run), str(shared_recordings)) == first
    assert files_of(run) == files


def test_other_clips_than_trained_on(run: Path, recordings: Path) -> None:
    assert evaluate(run, recordings).clips == 18  # the same clips elsewhere are the same
    before = files_of(run)
    path = next(recordings.glob("*/*.wav"))
    soundfile.write(path, np.zeros(9000), RATE_HZ, subtype="PCM_16")
    with pytest.raises(UsageError, match="not the clips") as caught:
        evaluate(run, recordings)
    assert_one_line(caught.value)
    assert files_of(run) == before


def test_device_that_is_not_there(run: Path, shared_recordings: Path) -> None:
    with pytest.raises(UsageError, match=ABSENT_DEVICE) as caught:
        evaluate(run, shared_recordings, device=ABSENT_DEVICE)
    assert_one_line(caught.value)


def test_what_is_no_run(tmp_path: Path, shared_recordings: Path) -> None:
    with pytest.raises(UsageError, match="no run here"):
        evaluate(tmp_path, shared_recordings)


def test_evaluation_keeps_no_gradient(run: Path, shared_recordings: Path) -> None:
    recognizer = load(run)
    seen = []
    recognizer.register_forward_hook(
        lambda module, _inputs, logits: seen.append((module.training, torch.is_grad_enabled()))
    )
    predict_part(recognizer, open_corpus(shared_recordings, recognizer.config.corpus), "testing", CPU)
    assert seen == [(False, False)]
