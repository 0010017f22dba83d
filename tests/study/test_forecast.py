"""The time that a study has left: counted from finished epochs, measured for new runs."""

from pathlib import Path

import torch

from tests.conftest import WORDS
from wordspot.config import RunConfig, vary
from wordspot.corpus.corpus import open_corpus
from wordspot.study.forecast import Forecast
from wordspot.training.metrics import write_metrics

CPU = torch.device("cpu")


def write_epochs(run: Path, count: int, seconds: float) -> Path:
    run.mkdir()
    line = {"validation_accuracy": 0.5, "validation_loss": 1.0, "seconds": seconds}
    write_metrics(run, [line | {"epoch": number} for number in range(1, count + 1)])
    return run


def test_time_left(tiny: RunConfig, shared_recordings: Path, tmp_path: Path) -> None:
    corpus = open_corpus(shared_recordings, tiny.corpus)
    forecast = Forecast(jobs=1)
    # Four epochs each: one run is at its end, one has had one, and one of another seed is like it.
    forecast.add(tiny, corpus, write_epochs(tmp_path / "finished", 4, 600), CPU)
    begun = write_epochs(tmp_path / "begun", 1, 1200)
    forecast.add(tiny, corpus, begun, CPU)
    forecast.add(vary(tiny, seed=8), corpus, tmp_path / "new", CPU)
    assert str(forecast) == "1 of 3 runs finished, at most about 2 h 20 min of training left"
    forecast.done(begun)
    assert str(forecast) == "2 of 3 runs finished, at most about 1 h 20 min of training left"
    forecast.jobs = 2
    assert str(forecast) == "2 of 3 runs finished, at most about 40 min of training left"


def test_a_new_kind_of_run_is_measured(tiny: RunConfig, shared_recordings: Path, tmp_path: Path) -> None:
    corpus = open_corpus(shared_recordings, tiny.corpus)
    assert tiny.corpus.words == WORDS
    forecast = Forecast(jobs=1)
    forecast.add(tiny, corpus, tmp_path / "new", CPU)
    forecast.add(vary(tiny, seed=8), corpus, tmp_path / "like it", CPU)
    one, other = forecast.minutes.values()
    assert one == other > 0
    assert list(tmp_path.iterdir()) == []
