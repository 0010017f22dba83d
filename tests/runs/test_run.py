"""What a run's folder says of it, and that all of it comes back as it was written."""

import gzip
import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
import torch

from tests.conftest import SPEAKERS, WORDS, speaker_names
from tests.helpers import assert_one_line, begun_run, files_of, metrics_line
from wordspot.config import RecurrentConfig, RunConfig, Runtime, vary
from wordspot.corpus.corpus import Corpus, open_corpus
from wordspot.device import precision_on
from wordspot.errors import UsageError
from wordspot.runs import run as run_module
from wordspot.runs.evaluation import Evaluation, WordScores
from wordspot.runs.provenance import provenance_of
from wordspot.runs.run import Run, load, pretrained

CPU = torch.device("cpu")
PRECISION = precision_on(CPU, Runtime(), RecurrentConfig())
"""That in which the run is trained on this machine."""


def evaluation(split: str = "testing", *, synthetic: bool = False) -> Evaluation:
    """Give an evaluation of three clips by hand, whose words and speakers look like numbers."""
    return Evaluation(
        split=split,  # type: ignore[arg-type]
        clips=3,
        speakers=2,
        fingerprint="abc",
        accuracy=2 / 3,
        interval=(0.1, 0.9),
        interval_over_speakers=(0.2, 0.8),
        interval_over_clips=(0.1, 0.9),
        macro_f1=0.625,
        words=[WordScores("01", 1.0, 0.5, 2 / 3, 2), WordScores("null", 0.5, 1.0, 2 / 3, 1)],
        confusion=[[1, 1], [0, 1]],
        synthetic=synthetic,
        predictions=pd.DataFrame(
            {
                "path": ["01/007_nohash_0.wav", "01/1e5_nohash_0.wav", "null/007_nohash_0.wav"],
                "start": [0, 0, 16_000],
                "speaker": ["007", "1e5", "007"],
                "word": ["01", "01", "null"],
                "predicted": ["01", "null", "null"],
                "p(01)": [0.75, 0.25, 0.125],
                "p(null)": [0.25, 0.75, 0.875],
            }
        ),
    )


@pytest.fixture
def corpus(tiny: RunConfig, shared_recordings: Path) -> Corpus:
    return open_corpus(shared_recordings, tiny.corpus)


# Its name


def test_a_run_goes_by_its_folder(run: Run) -> None:
    assert str(run) == run.name == os.fspath(run) == str(run.folder)
    assert repr(run) == f"Run('{run.folder}')"
    assert repr(Run("runs/lstm/")) == "Run('runs/lstm')"
    assert not run.pretrained
    assert Run(run).folder == run.folder
    assert Path(run) / "config.json" == run.folder / "config.json"


def test_pretrained_recognisers_go_by_their_names() -> None:
    assert {"lstm", "wordspot"} <= set(pretrained())
    for name in pretrained():
        for run in (Run(name), Run(Path(name)), Run(Run(name))):
            assert run.pretrained
            assert (str(run), repr(run)) == (name, f"Run({name!r})")
            assert run.folder == run_module.PRETRAINED / name
            assert Path(run) == run.folder
        assert load(name).config == Run(name).config
    assert load().config == Run("wordspot").config


def test_a_folder_of_its_name_comes_before_a_pretrained_recogniser(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(run.folder, "lstm")
    here = Run("lstm")
    assert not here.pretrained
    assert here.folder == Path("lstm")
    assert here.config == run.config


def test_evaluating_a_pretrained_recogniser_leaves_its_folder_as_it_is(
    own_run: Run, shared_recordings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_module, "PRETRAINED", own_run.folder.parent)
    monkeypatch.setattr(run_module, "pretrained", lambda: ["run"])
    before = files_of(own_run)
    result = Run("run").evaluate("testing", shared_recordings)
    assert result.clips == len(result.predictions) == 18
    assert files_of(own_run) == before


# What it was made with and of


def test_config_and_provenance(run: Run, tiny: RunConfig, shared_recordings: Path, corpus: Corpus) -> None:
    assert run.config == tiny
    assert run.provenance == provenance_of(corpus, CPU, PRECISION)
    assert run.provenance["data"]["path"] == str(shared_recordings)
    assert run.provenance["data"]["synthetic_splits"] == []
    assert not run.synthetic
    assert run.runtime == Runtime()


def test_clips_are_read_again_as_they_were(
    own_run: Run, tiny: RunConfig, shared_recordings: Path, tmp_path: Path
) -> None:
    reading = Runtime(convert=True, skip_bad=True, speaker_from=r"(\w+)_nohash_")
    corpus = open_corpus(shared_recordings, tiny.corpus, replace(reading, threads=2))
    made = Run.create_or_resume(tmp_path / "new", tiny, provenance_of(corpus, CPU, PRECISION), corpus)
    assert made.runtime == Run(tmp_path / "new").runtime == reading


def test_speakers_of_training_and_validation_are_listed(run: Run) -> None:
    expected = {split: sorted(speaker_names(split, SPEAKERS[split])) for split in ("training", "validation")}
    assert run.speakers == expected
    assert run.recognizer.speakers == {*expected["training"], *expected["validation"]}


def test_a_run_that_lists_no_speakers_is_read(own_run: Run) -> None:
    (own_run.folder / "speakers.json").unlink()
    assert own_run.speakers == {}
    assert own_run.recognizer.speakers == frozenset()


def test_the_same_run_is_resumed_and_left_as_it_is(own_run: Run, tiny: RunConfig, corpus: Corpus) -> None:
    before = files_of(own_run)
    resumed = Run.create_or_resume(own_run.folder, tiny, provenance_of(corpus, CPU, PRECISION), corpus)
    assert resumed.metrics == own_run.metrics
    assert files_of(own_run) == before


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"hidden_size": 17}, "hidden_size 16 against 17"),
        ({"n_mels": 41, "seed": 5}, "n_mels 40 against 41; seed 3 against 5"),
        ({"shift_ms": 0.0}, "shift_ms 50.0 against 0.0"),
    ],
)
def test_another_config_is_not_resumed(
    own_run: Run, tiny: RunConfig, corpus: Corpus, settings: dict[str, float], named: str
) -> None:
    before = files_of(own_run)
    with pytest.raises(UsageError, match=f"another configuration .{named}.: choose another --out") as caught:
        Run.create_or_resume(
            own_run.folder, vary(tiny, **settings), provenance_of(corpus, CPU, PRECISION), corpus
        )
    assert_one_line(caught.value)
    assert files_of(own_run) == before


def test_other_clips_are_not_resumed(own_run: Run, tiny: RunConfig, corpus: Corpus) -> None:
    other = provenance_of(corpus, CPU, PRECISION)
    other["data"]["fingerprint"] = "another"
    with pytest.raises(UsageError, match="the clips have changed") as caught:
        Run.create_or_resume(own_run.folder, tiny, other, corpus)
    assert_one_line(caught.value)


def test_another_number_of_threads_is_warned_of(own_run: Run, tiny: RunConfig, corpus: Corpus) -> None:
    other = provenance_of(corpus, CPU, PRECISION)
    other["machine"]["threads"] = 64
    with pytest.warns(UserWarning, match=f"started with --threads {torch.get_num_threads()}:"):
        Run.create_or_resume(own_run.folder, tiny, other, corpus)


# Its metrics and weights


def test_metrics_come_back_as_they_were_written(tmp_path: Path) -> None:
    run = begun_run(tmp_path, RunConfig())
    assert run.metrics == []
    accuracies = [0.25, 0.75, 0.5]
    lines = [
        metrics_line(n, validation_accuracy=accuracy, validation_loss=1 / 3)
        for n, accuracy in enumerate(accuracies, start=1)
    ]
    run.write_metrics(lines)
    assert run.metrics == lines
    assert run.validation_accuracy == 0.75
    assert len((tmp_path / "metrics.jsonl").read_text(encoding="utf-8").splitlines()) == 3


def test_a_run_without_an_epoch_has_no_accuracy(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no finished epoch") as caught:
        assert Run(tmp_path).validation_accuracy
    assert_one_line(caught.value)


def test_each_recogniser_is_loaded_anew(run: Run) -> None:
    one, other = run.recognizer, run.recognizer
    with torch.no_grad():
        for parameter in one.parameters():
            parameter.zero_()
    waveform = torch.randn(1, 16_000)
    assert not one(waveform).any()
    assert other(waveform).all()
    assert not other.training


# Its evaluations


def test_predictions_may_be_compressed(own_run: Run) -> None:
    written = evaluation()
    own_run.write_evaluation(written)
    path = own_run.predictions_file("testing")
    path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
    path.unlink()
    pd.testing.assert_frame_equal(own_run.evaluation("testing").predictions, written.predictions)


def test_an_evaluation_comes_back_as_it_was_written(own_run: Run) -> None:
    """Text stays text: the word "01" is no 1, the word "null" is not missing, the speaker "1e5" no number."""
    written = evaluation()
    own_run.write_evaluation(written)
    read = own_run.evaluation("testing")
    assert read == written
    pd.testing.assert_frame_equal(read.predictions, written.predictions)
    assert read.predictions["speaker"].tolist() == ["007", "1e5", "007"]
    assert read.predictions["word"].tolist() == ["01", "01", "null"]
    assert own_run.evaluations == {"testing": written}
    drawn = (own_run.folder / "confusion-testing.svg").read_text(encoding="utf-8")
    assert drawn.startswith("<?xml")


def test_evaluations_are_found_by_split(own_run: Run, shared_recordings: Path) -> None:
    assert own_run.evaluations == {}
    assert not own_run.is_evaluated("validation")
    with pytest.raises(
        UsageError, match=r"not evaluated on the testing split: run `wordspot evaluate"
    ) as caught:
        own_run.evaluation("testing")
    assert_one_line(caught.value)
    result = own_run.evaluate()
    assert result.split == "validation"
    assert result.accuracy == own_run.validation_accuracy
    tested = own_run.evaluate("testing", shared_recordings)
    assert list(own_run.evaluations) == ["testing", "validation"]
    assert own_run.evaluations == {"testing": tested, "validation": result}
    assert own_run.is_evaluated("validation")
    assert [one.word for one in result.words] == list(WORDS)


def test_an_evaluation_of_older_weights_is_none_of_the_run(own_run: Run) -> None:
    own_run.write_evaluation(evaluation())
    assert own_run.is_evaluated("testing")
    path = own_run.folder / "evaluation-testing.json"
    weights = (own_run.folder / "model.safetensors").stat()
    os.utime(path, ns=(0, weights.st_mtime_ns - 1))
    assert not own_run.is_evaluated("testing")


def test_every_look_at_a_split_is_counted(own_run: Run) -> None:
    assert own_run.times_evaluated("testing") == 0
    for accuracy in (0.25, 0.5):
        own_run.write_evaluation(replace(evaluation(), accuracy=accuracy))
    own_run.write_evaluation(evaluation("validation"))
    assert own_run.times_evaluated("testing") == 2
    assert own_run.times_evaluated("validation") == 1
    lines = (own_run.folder / "evaluations.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == [
        {"split": "testing", "fingerprint": "abc", "accuracy": 0.25},
        {"split": "testing", "fingerprint": "abc", "accuracy": 0.5},
        {"split": "validation", "fingerprint": "abc", "accuracy": 2 / 3},
    ]


@pytest.mark.parametrize(
    ("trained", "evaluated", "name"),
    [(False, False, "testing"), (True, True, "testing"), (True, False, "testing-recorded")],
)
def test_recordings_have_a_name_of_their_own_where_a_run_is_of_synthetic_speech(
    own_run: Run, trained: bool, evaluated: bool, name: str
) -> None:
    stored = json.loads((own_run.folder / "config.json").read_text(encoding="utf-8"))
    stored["provenance"]["data"]["synthetic"] = trained
    (own_run.folder / "config.json").write_text(json.dumps(stored), encoding="utf-8")
    written = evaluation(synthetic=evaluated)
    own_run.write_evaluation(written)
    assert own_run.evaluations == {name: written}
    assert own_run.times_evaluated(name) == 1
