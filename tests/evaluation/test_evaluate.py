"""The evaluation of a run: its probabilities, its files, and what it refuses."""

import json
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
import soundfile
import torch

from tests.conftest import SAMPLE_RATE, WORDS
from tests.helpers import ABSENT_DEVICE, assert_one_line, files_of
from wordspot.config import CorpusConfig, Runtime
from wordspot.corpus.corpus import open_corpus
from wordspot.errors import UsageError
from wordspot.evaluation.evaluate import evaluate, predict_split
from wordspot.layout import SPLITS, Split
from wordspot.runs.run import Run, load, pretrained

HISTORY = "evaluations.jsonl"


def test_probabilities_of_a_split(run: Path, shared_recordings: Path) -> None:
    recognizer = load(run).train()  # that it evaluates without dropout is up to predict_split
    corpus = open_corpus(shared_recordings, recognizer.config.corpus)
    probabilities = predict_split(recognizer, corpus, "testing")
    assert probabilities.shape == (18, 3)
    assert np.allclose(probabilities.sum(axis=1), 1)
    assert np.array_equal(probabilities, predict_split(recognizer.train(), corpus, "testing"))
    path = shared_recordings / corpus.table("testing")["path"][4]
    assert list(recognizer.predict(path).probabilities.values()) == pytest.approx(probabilities[4], abs=1e-5)


@pytest.mark.parametrize("split", SPLITS)
def test_files_of_an_evaluation(run: Path, shared_recordings: Path, split: Split) -> None:
    before = files_of(run)
    result = evaluate(run, shared_recordings, split)
    after = files_of(run)
    names = {f"evaluation-{split}.json", f"predictions-{split}.csv", f"confusion-{split}.svg", HISTORY}
    assert after.keys() == before.keys() | names
    assert all(after[name] == before[name] for name in before)

    stored = json.loads(after[f"evaluation-{split}.json"])
    assert stored == json.loads(json.dumps(result.to_json()))
    assert stored["accuracy"] == result.accuracy
    assert stored["words"][0]["f1"] == result.words[0].f1
    assert Run(run).evaluation(split) == result
    assert Run(run).evaluations == {split: result}
    assert ElementTree.fromstring(after[f"confusion-{split}.svg"]).tag.endswith("svg")

    table = pd.read_csv(run / f"predictions-{split}.csv")
    assert len(table) == result.clips == {"training": 48, "validation": 18, "testing": 18}[split]
    assert (table["word"] == table["predicted"]).mean() == pytest.approx(result.accuracy)
    assert table["speaker"].nunique() == result.speakers
    assert set(table["word"]) == set(WORDS)
    assert all((shared_recordings / path).is_file() for path in table["path"])
    assert table.iloc[:, 5:].sum(axis=1).to_numpy() == pytest.approx(np.ones(len(table)), abs=1e-5)


def test_models_are_chosen_by_validation(run: Path, shared_recordings: Path) -> None:
    result = evaluate(run, shared_recordings)
    assert result.split == "validation"
    assert result.accuracy == pytest.approx(Run(run).validation_accuracy)  # that of the epoch that was kept
    assert Run(run).is_evaluated("validation")
    assert not Run(run).is_evaluated("testing")


@pytest.mark.parametrize("split", ["test", "all", ""])
def test_a_split_that_there_is_not(run: Path, shared_recordings: Path, split: str) -> None:
    before = files_of(run)
    with pytest.raises(UsageError, match="must be one of training, validation, testing") as error:
        evaluate(run, shared_recordings, split)  # type: ignore[arg-type]
    assert repr(split) in str(error.value)
    assert_one_line(error.value)
    assert files_of(run) == before


def test_evaluation_is_the_same_each_time_and_is_counted(run: Path, shared_recordings: Path) -> None:
    assert Run(run).times_evaluated("testing") == 0
    first = evaluate(run, shared_recordings, "testing")
    files = files_of(run)
    assert Run(run).times_evaluated("testing") == 1
    assert evaluate(str(run), str(shared_recordings), "testing") == first
    again = files_of(run)
    assert again.pop(HISTORY) == 2 * files.pop(HISTORY)
    assert again == files
    evaluate(run, shared_recordings)
    assert (Run(run).times_evaluated("testing"), Run(run).times_evaluated("validation")) == (2, 1)
    lines = [json.loads(line) for line in (run / HISTORY).read_text().splitlines()]
    assert [line["split"] for line in lines] == ["testing", "testing", "validation"]
    assert lines[0]["accuracy"] == first.accuracy
    assert lines[0]["fingerprint"] == first.fingerprint


def test_a_pretrained_recogniser_is_evaluated_by_its_name(
    run: Path, pretrained_run: Path, shared_recordings: Path
) -> None:
    before = files_of(pretrained_run)
    assert pretrained() == ["tiny"]
    result = evaluate("tiny", shared_recordings, "testing")
    assert result == evaluate(run, shared_recordings, "testing")
    assert result.predictions.equals(evaluate(run, shared_recordings, "testing").predictions)
    assert Run("tiny").evaluate("testing", shared_recordings) == result
    assert files_of(pretrained_run) == before


def test_other_clips_than_trained_on(run: Path, recordings: Path) -> None:
    assert evaluate(run, recordings).clips == 18  # the same clips elsewhere are the same
    before = files_of(run)
    path = next(recordings.glob("*/*.wav"))
    soundfile.write(path, np.zeros(9000), SAMPLE_RATE, subtype="PCM_16")
    with pytest.raises(UsageError, match="not the clips") as caught:
        evaluate(run, recordings)
    assert_one_line(caught.value)
    assert files_of(run) == before


def test_an_open_corpus_of_other_settings(run: Path, shared_recordings: Path) -> None:
    before = files_of(run)
    stored = json.loads((run / "config.json").read_text())
    for synthetic in (False, True):  # recordings are new to a run of synthetic speech, whatever they are
        stored["provenance"]["data"]["synthetic"] = synthetic
        (run / "config.json").write_text(json.dumps(stored))
        for corpus in (CorpusConfig(words=WORDS[::-1]), CorpusConfig(words=WORDS, seconds=0.5)):
            with pytest.raises(UsageError, match="opened with other words") as caught:
                evaluate(run, open_corpus(shared_recordings, corpus))
            assert_one_line(caught.value)
    assert files_of(run).keys() == before.keys()


def test_device_that_is_not_there(run: Path, shared_recordings: Path) -> None:
    with pytest.raises(UsageError, match=ABSENT_DEVICE) as caught:
        evaluate(run, shared_recordings, runtime=Runtime(device=ABSENT_DEVICE))
    assert_one_line(caught.value)


def test_what_is_no_run(tmp_path: Path, shared_recordings: Path) -> None:
    with pytest.raises(UsageError, match="no run here"):
        evaluate(tmp_path, shared_recordings)


def test_evaluation_keeps_no_gradient(run: Path, shared_recordings: Path) -> None:
    recognizer = load(run)
    seen = []
    recognizer.register_forward_hook(
        lambda module, _inputs, _logits: seen.append((module.training, torch.is_grad_enabled()))
    )
    predict_split(recognizer, open_corpus(shared_recordings, recognizer.config.corpus), "testing")
    assert seen == [(False, False)]
