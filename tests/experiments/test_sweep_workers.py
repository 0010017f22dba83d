"""Three processes search together, and one is killed amid a trial: nothing is lost or done too often."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import optuna
import pytest
from optuna.storages import RetryHeartbeatStaleTrialCallback
from optuna.trial import TrialState

TRIALS = 8
WORK = """
import sys, time
from pathlib import Path
import wordspot.experiments.sweep as module
from tests.helpers import begun_run, metrics_line
from wordspot.config import CorpusConfig, RecurrentConfig, RunConfig, TrainingConfig

data, out, storage, trials = sys.argv[1:]
module.HEARTBEAT_S, module.GRACE_S, module.POLL_S = 1, 8, 0.5

def train(config, data, out, runtime, *, after_epoch):
    '''Stands for training: four epochs of a quarter of a second, whose accuracy is the dropout.'''
    out.mkdir()
    run, lines = begun_run(out, config), []
    for epoch in (1, 2, 3, 4):
        time.sleep(0.25)
        lines.append(metrics_line(epoch, validation_accuracy=config.model.dropout))
        run.write_metrics(lines)
        after_epoch(lines[-1])
    return run

module.train = train
recipe = RunConfig(
    RecurrentConfig(hidden_size=64, num_layers=1),
    CorpusConfig(words=("low", "high", "rise")),
    training=TrainingConfig(epochs=4, batch_size=32),
)
module.sweep(recipe, data, Path(out), storage=storage, trials=int(trials))
"""


def test_two_workers_finish_what_a_killed_one_began(shared_recordings: Path, tmp_path: Path) -> None:
    storage = f"sqlite:///{tmp_path / 'sweep.db'}"
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", WORK, shared_recordings, tmp_path / f"{number}", storage, f"{TRIALS}"],
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(3)
    ]
    try:
        while not list((tmp_path / "0").glob("trial-*/metrics.jsonl")):
            assert workers[0].poll() is None
            time.sleep(0.02)
        workers[0].send_signal(signal.SIGKILL)
        for worker in workers[1:]:
            _, error = worker.communicate(timeout=300)
            assert worker.returncode == 0, error
    finally:
        for worker in workers:
            worker.kill()
            worker.communicate()

    study = optuna.load_study(study_name="sweep", storage=storage)
    by_state = {state: study.get_trials(states=[state]) for state in TrialState}
    finished = len(by_state[TrialState.COMPLETE]) + len(by_state[TrialState.PRUNED])
    # One more where a worker began another trial just before the settings of the killed one were queued.
    assert finished in (TRIALS, TRIALS + 1)
    assert by_state[TrialState.RUNNING] == by_state[TrialState.WAITING] == []
    killed = study.trials[max(int(run.name[-4:]) for run in (tmp_path / "0").glob("trial-*"))]
    assert killed.state == TrialState.FAIL
    with pytest.warns(optuna.exceptions.ExperimentalWarning):
        again = [
            one
            for one in study.trials
            if RetryHeartbeatStaleTrialCallback.retried_trial_number(one) is not None
        ]
    assert [one.params for one in again] == [killed.params]
    assert again[0].state in (TrialState.COMPLETE, TrialState.PRUNED)
    kept = {trial.number for trial in study.trials if trial.state != TrialState.FAIL}
    trained = {int(run.name[-4:]) for run in tmp_path.glob("*/trial-*")}
    assert trained == kept | {killed.number}
    for number in (1, 2):
        assert (tmp_path / f"{number}" / "best.json").exists()
