"""A study whose runs go elsewhere: to any executor, and to a Dask scheduler that loses a worker."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import pytest

from tests.experiments.test_study import without_times
from tests.helpers import assert_one_line, assert_same_run
from wordspot.config import RecurrentConfig, RunConfig, vary
from wordspot.errors import UsageError
from wordspot.experiments.experiments import Experiment
from wordspot.experiments.study import run_study
from wordspot.runs.run import Run

EPOCHS = 15
"""Enough for a kill to fall into a run."""
Process = subprocess.Popen[bytes]


@contextmanager
def dask(*arguments: object) -> Iterator[Process]:
    """Have a process of Dask run meanwhile."""
    command = [sys.executable, "-m", "dask", *map(str, arguments), "--no-dashboard"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture
def scheduler(tmp_path: Path) -> Iterator[str]:
    """Give the address of a Dask scheduler."""
    file = tmp_path / "scheduler.json"
    with dask("scheduler", "--port", 0, "--host", "127.0.0.1", "--scheduler-file", file):
        while not file.exists() or '"address": "' not in file.read_text():
            time.sleep(0.1)
        yield file.read_text().split('"address": "')[1].split('"')[0]


@pytest.fixture
def experiments(tiny: RunConfig) -> list[Experiment]:
    lstm = replace(
        vary(tiny, epochs=EPOCHS, patience=EPOCHS), model=RecurrentConfig(hidden_size=8, num_layers=1)
    )
    family = {"rnn": vary(lstm, cell="rnn"), "lstm": lstm}
    return [Experiment("family", "Which model?", "Short.", "validation", family, seeds=1, kind="models")]


def begun(study: Path) -> list[int]:
    """Count the finished epochs of each run of a study that has some."""
    return [len(path.read_text().splitlines()) for path in study.rglob("metrics.jsonl")]


def test_runs_of_a_killed_worker_go_on_at_another(
    experiments: list[Experiment], scheduler: str, shared_recordings: Path, tmp_path: Path
) -> None:
    quiet_study, study = tmp_path / "alone", tmp_path / "study"
    undisturbed = run_study(experiments, shared_recordings, quiet_study, quiet=True)
    with ExitStack() as stack, ThreadPoolExecutor(1) as watcher:
        workers = [
            stack.enter_context(dask("worker", scheduler, "--nthreads", 1, "--no-nanny")) for _ in range(2)
        ]

        def kill_one() -> list[int]:
            """Kill a worker when each of both has begun a run."""
            while len(epochs := begun(study)) < 2:
                time.sleep(0.05)
            workers[0].send_signal(signal.SIGKILL)
            workers[0].wait()  # until then it is a process, whose files others leave alone
            return epochs

        killed = watcher.submit(kill_one)
        found = run_study(experiments, shared_recordings, study, executor=scheduler, quiet=True)
        assert workers[0].wait() == -signal.SIGKILL
    assert len(killed.result()) == 2
    assert max(killed.result()) < EPOCHS
    for run in ("family/rnn/seed-0", "family/lstm/seed-0"):
        assert_same_run(study / run, quiet_study / run)
    for one, other in zip(found, undisturbed, strict=True):
        assert without_times(one.comparison) == without_times(other.comparison)
    assert not list(study.rglob("*.part"))
    assert not list(study.rglob(".*.lock"))


def test_any_executor_trains_a_study(
    experiments: list[Experiment], shared_recordings: Path, tmp_path: Path
) -> None:
    (family,) = experiments
    short = replace(family, variants={"lstm": vary(family.variants["lstm"], epochs=1)}, seeds=2)
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        run_study([short], shared_recordings, tmp_path / "pool", executor=pool, jobs=2, quiet=True)
    run_study([short], shared_recordings, tmp_path / "alone", quiet=True)
    for seed in range(2):
        run = f"family/lstm/seed-{seed}"
        assert_same_run(Run(tmp_path / "pool" / run), Run(tmp_path / "alone" / run))


def test_threads_are_refused(experiments: list[Experiment], shared_recordings: Path, tmp_path: Path) -> None:
    with ThreadPoolExecutor(1) as pool, pytest.raises(UsageError, match="threads would share"):
        run_study(experiments, shared_recordings, tmp_path / "study", executor=pool)


def test_wrong_schedulers(
    experiments: list[Experiment], scheduler: str, shared_recordings: Path, tmp_path: Path
) -> None:
    with dask("worker", scheduler, "--nthreads", 3, "--no-nanny"):
        for address, reason in ((scheduler, "has a worker with 3 threads: start"), ("here", "no Dask")):
            with pytest.raises(UsageError, match=reason) as error:
                run_study(experiments, shared_recordings, tmp_path / "study", executor=address, quiet=True)
            assert_one_line(error.value)
