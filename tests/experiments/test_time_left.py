"""The time that a study has left: counted from finished epochs, measured for new runs."""

from pathlib import Path

import torch

from tests.conftest import WORDS
from wordspot.config import RunConfig, vary
from wordspot.corpus.corpus import open_corpus
from wordspot.experiments.time_left import TimeLeft
from wordspot.runs.run import Run

CPU = torch.device("cpu")


def write_epochs(run: Path, count: int, seconds: float) -> Path:
    run.mkdir()
    line = {"validation_accuracy": 0.5, "validation_loss": 1.0, "seconds": seconds}
    Run(run).write_metrics([line | {"epoch": number} for number in range(1, count + 1)])
    return run


def test_time_left(tiny: RunConfig, shared_recordings: Path, tmp_path: Path) -> None:
    corpus = open_corpus(shared_recordings, tiny.corpus)
    time_left = TimeLeft(jobs=1)
    # Four epochs each: one run is at its end, one has had one, and one of another seed is like it.
    time_left.add(tiny, corpus, write_epochs(tmp_path / "finished", 4, 600), CPU)
    begun = write_epochs(tmp_path / "begun", 1, 1200)
    time_left.add(tiny, corpus, begun, CPU)
    time_left.add(vary(tiny, seed=8), corpus, tmp_path / "new", CPU)
    assert str(time_left) == "1 of 3 runs finished, at most about 2 h 20 min of training left"
    time_left.done(begun)
    assert str(time_left) == "2 of 3 runs finished, at most about 1 h 20 min of training left"
    time_left.jobs = 2
    assert str(time_left) == "2 of 3 runs finished, at most about 40 min of training left"


def test_a_new_kind_of_run_is_measured(tiny: RunConfig, shared_recordings: Path, tmp_path: Path) -> None:
    corpus = open_corpus(shared_recordings, tiny.corpus)
    assert tiny.corpus.words == WORDS
    time_left = TimeLeft(jobs=1)
    time_left.add(tiny, corpus, tmp_path / "new", CPU)
    time_left.add(vary(tiny, seed=8), corpus, tmp_path / "like it", CPU)
    one, other = time_left.minutes.values()
    assert one == other > 0
    assert list(tmp_path.iterdir()) == []
