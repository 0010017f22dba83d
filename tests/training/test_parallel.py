"""Runs side by side: the same weights as one after the other, and errors that end them all."""

from pathlib import Path

import pytest

from tests.runs import assert_one_line, assert_same_run
from wordspot.config import RunConfig, vary
from wordspot.errors import UsageError
from wordspot.training.parallel import train_all


def test_runs_side_by_side_are_as_runs_by_themselves(
    tiny: RunConfig, shared_recordings: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    configs = [vary(tiny, seed=seed, epochs=2) for seed in range(3)]
    done = {}
    for jobs in (1, 2):
        runs = [(config, tmp_path / f"{jobs}" / f"{config.training.seed}") for config in configs]
        done[jobs] = list(train_all(runs, shared_recordings, jobs, threads=1))
        assert sorted(done[jobs]) == [run for _, run in runs]
        assert bool(capfd.readouterr().err) == (jobs == 1)
    for one, other in zip(sorted(done[1]), sorted(done[2]), strict=True):
        assert_same_run(one, other)


def test_a_run_that_fails_ends_all(tiny: RunConfig, shared_recordings: Path, tmp_path: Path) -> None:
    next(train_all([(vary(tiny, epochs=1), tmp_path / "0")], shared_recordings, 1, threads=1))
    runs = [(vary(tiny, epochs=1000, seed=seed, patience=1000), tmp_path / f"{seed}") for seed in range(3)]
    with pytest.raises(UsageError, match="another configuration") as error:
        list(train_all(runs, shared_recordings, 2, threads=1))
    assert_one_line(error.value)
