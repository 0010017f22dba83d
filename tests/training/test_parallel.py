"""Runs side by side: the same weights as one after the other, and errors that end them all."""

import os
import subprocess
import sys
import textwrap
import time
from multiprocessing import active_children
from pathlib import Path

import pytest

from tests.conftest import WORDS
from tests.helpers import assert_one_line, assert_same_run
from wordspot.config import RunConfig, Runtime, vary
from wordspot.errors import UsageError, WordspotError
from wordspot.training.parallel import open_once, processes, train_all
from wordspot.waiting import POLICY

ONE_THREAD = Runtime(threads=1)


def test_runs_side_by_side_are_as_runs_by_themselves(
    tiny: RunConfig, shared_recordings: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    configs = [vary(tiny, seed=seed, epochs=2) for seed in range(3)]
    done = {}
    for jobs in (1, 2):
        runs = [(config, tmp_path / f"{jobs}" / f"{config.training.seed}") for config in configs]
        with processes(jobs) as pool:
            done[jobs] = list(train_all(runs, shared_recordings, ONE_THREAD, pool))
        assert sorted(run.folder for run in done[jobs]) == [folder for _, folder in runs]
        assert bool(capfd.readouterr().err) == (jobs == 1)
    for seed in range(3):
        assert_same_run(tmp_path / "1" / f"{seed}", tmp_path / "2" / f"{seed}")


def test_a_run_that_fails_ends_all(tiny: RunConfig, shared_recordings: Path, tmp_path: Path) -> None:
    next(train_all([(vary(tiny, epochs=1), tmp_path / "0")], shared_recordings, ONE_THREAD, None))
    runs = [(vary(tiny, epochs=1000, seed=seed, patience=1000), tmp_path / f"{seed}") for seed in range(3)]
    with pytest.raises(UsageError, match="another configuration") as error, processes(2) as pool:
        list(train_all(runs, shared_recordings, ONE_THREAD, pool))
    assert_one_line(error.value)
    assert active_children() == []


def test_a_process_that_dies_is_told_in_one_line() -> None:
    def die() -> None:
        with processes(2) as pool:
            assert pool
            pool.submit(os._exit, 1).result()

    with pytest.raises(WordspotError, match="a training process died") as error:
        die()
    assert_one_line(error.value)


@pytest.mark.parametrize("chosen", [None, "active"])
def test_training_processes_wait_passively_and_this_one_is_left_alone(
    chosen: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(POLICY, raising=False)
    if chosen:
        monkeypatch.setenv(POLICY, chosen)
    with processes(2) as pool:
        assert pool
        assert os.environ.get(POLICY) == chosen
        assert pool.submit(os.getenv, POLICY).result() == (chosen or "passive")


def test_a_corpus_is_opened_once_and_forgotten(shared_recordings: Path, tiny: RunConfig) -> None:
    with processes(1):
        opened = open_once(shared_recordings, tiny.corpus, ONE_THREAD)
        assert open_once(shared_recordings, tiny.corpus, ONE_THREAD) is opened
    assert open_once.cache_info().currsize == 0


def test_runs_end_with_the_process_that_began_them(shared_recordings: Path, tmp_path: Path) -> None:
    script = tmp_path / "study.py"
    script.write_text(
        textwrap.dedent(
            f"""
            from pathlib import Path

            from wordspot.config import CorpusConfig, RecurrentConfig, RunConfig, Runtime, TrainingConfig
            from wordspot.training.parallel import processes, train_all

            if __name__ == "__main__":
                config = RunConfig(
                    RecurrentConfig(hidden_size=8, num_layers=1),
                    CorpusConfig(words={WORDS}),
                    training=TrainingConfig(epochs=100_000, patience=100_000),
                )
                runtime = Runtime(threads=1)
                with processes(2) as pool:
                    list(train_all([(config, Path("run"))], {str(shared_recordings)!r}, runtime, pool))
            """
        )
    )
    with subprocess.Popen([sys.executable, script], cwd=tmp_path, stdout=subprocess.PIPE) as process:
        while not (tmp_path / "run" / "metrics.jsonl").exists():
            assert process.poll() is None
            time.sleep(0.1)
        process.kill()
        # Those that it began hold the other end of the pipe: this returns when the last of them is gone.
        process.communicate(timeout=60)
