"""A run that was stopped anywhere and started again ends as one that never was: equal to the last bit."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file, save_file

import wordspot.training.loop as loop
from tests.helpers import assert_one_line, assert_same_run, files_of, shared_run, write_half
from wordspot.config import RunConfig
from wordspot.errors import WordspotError
from wordspot.runs.run import Run
from wordspot.training.loop import train

EPOCHS = 25
"""Enough for a kill to fall between the second and the last."""

TRAIN = """
import json
import sys
from wordspot.config import RunConfig, Runtime
from wordspot.schema import validated
from wordspot.training.loop import train

config = validated(RunConfig, json.loads(sys.argv[1]))
train(config, sys.argv[2], sys.argv[3], Runtime(threads=1))
"""


def stop_at(call: int, function: Callable[..., Any], *, after: bool = False) -> Callable[..., Any]:
    """Let a function be called until one call, which is interrupted: before it starts, or when it is done."""
    calls = 0

    def stopping(*arguments: Any, **settings: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == call and not after:
            raise KeyboardInterrupt
        result = function(*arguments, **settings)
        if calls == call:
            raise KeyboardInterrupt
        return result

    return stopping


def interrupt(name: str, call: int, *, after: bool, config: RunConfig, recordings: Path, run: Path) -> None:
    """Train until the given call of a function of the loop or of a run, and stop there."""
    owner = Run if hasattr(Run, name) else loop
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(owner, name, stop_at(call, getattr(owner, name), after=after))
        with pytest.raises(KeyboardInterrupt):
            train(config, recordings, run)
    assert not list(run.rglob("*.part"))


@pytest.mark.parametrize(
    ("name", "call", "after", "finished"),
    [
        ("learning_rate_at", 3, False, 0),  # in the first epoch
        ("learning_rate_at", 15, False, 2),  # in the third epoch
        ("validate", 2, True, 1),  # before anything of the second epoch is written
        ("write_weights", 2, True, 1),  # between its weights and its metrics
        ("write_metrics", 2, True, 1),  # between its metrics and its checkpoint
        ("save_checkpoint", 2, True, 2),  # when all of it is written
        ("save_checkpoint", 4, True, 4),  # when all is done but the curves
    ],
)
def test_interrupted_run_resumes(
    name: str,
    call: int,
    after: bool,
    finished: int,
    tiny: RunConfig,
    shared_recordings: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    run = tmp_path / "run"
    interrupt(name, call, after=after, config=tiny, recordings=shared_recordings, run=run)
    capfd.readouterr()
    train(tiny, shared_recordings, run)
    assert (f"resuming after epoch {finished} of 4" in capfd.readouterr().err) == (0 < finished < 4)
    unbroken = shared_run(tiny, shared_recordings)
    assert_same_run(run, unbroken)
    assert files_of(run).keys() == files_of(unbroken).keys()


def test_run_interrupted_twice_resumes(tiny: RunConfig, shared_recordings: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    for _ in range(2):
        interrupt("learning_rate_at", 9, after=False, config=tiny, recordings=shared_recordings, run=run)
    train(tiny, shared_recordings, run)
    assert_same_run(run, shared_run(tiny, shared_recordings))


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw"])
def test_each_optimizer_trains_and_resumes(
    optimizer: Any, tiny: RunConfig, shared_recordings: Path, tmp_path: Path
) -> None:
    config = replace(tiny, training=replace(tiny.training, optimizer=optimizer, epochs=3))
    unbroken = train(config, shared_recordings, tmp_path / "unbroken")
    losses = [line["training_loss"] for line in unbroken.metrics]
    assert losses[-1] < losses[0]
    run = tmp_path / "run"
    interrupt("learning_rate_at", 8, after=False, config=config, recordings=shared_recordings, run=run)
    assert_same_run(train(config, shared_recordings, run), unbroken)


def test_early_stopping_counts_on_over_a_stop(
    tiny: RunConfig, shared_recordings: Path, tmp_path: Path
) -> None:
    """Steps too small to change a weight: the first epoch stays the best, and three later ones may follow."""
    config = replace(tiny, training=replace(tiny.training, epochs=9, patience=3, learning_rate=1e-30))
    run = tmp_path / "run"
    interrupt("learning_rate_at", 15, after=False, config=config, recordings=shared_recordings, run=run)
    assert len(Run(run).metrics) == 2
    assert len(train(config, shared_recordings, run).metrics) == 4


def test_killed_run_resumes(tiny: RunConfig, shared_recordings: Path, tmp_path: Path) -> None:
    config = replace(tiny, training=replace(tiny.training, epochs=EPOCHS, patience=EPOCHS))
    run = tmp_path / "run"
    command = [sys.executable, "-c", TRAIN, json.dumps(asdict(config)), str(shared_recordings), str(run)]
    with subprocess.Popen(
        command, stderr=subprocess.DEVNULL, env=os.environ | {"OMP_NUM_THREADS": "1"}
    ) as it:
        while it.poll() is None and len(Run(run).metrics) < 2:
            time.sleep(0.002)
        it.kill()
    assert it.returncode == -signal.SIGKILL, "it ended before it was killed"
    assert 2 <= len(Run(run).metrics) < EPOCHS
    assert_same_run(
        train(config, shared_recordings, run), train(config, shared_recordings, tmp_path / "unbroken")
    )


@pytest.mark.parametrize("damage", [b"", b"\0" * 5000, None])
def test_damaged_checkpoint(
    damage: bytes | None, tiny: RunConfig, shared_recordings: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    interrupt("learning_rate_at", 9, after=False, config=tiny, recordings=shared_recordings, run=run)
    state = run / "last/state.safetensors"
    state.write_bytes(state.read_bytes()[:-100] if damage is None else damage)
    before = files_of(run)
    with pytest.raises(WordspotError, match=r"state\.safetensors: damaged") as caught:
        train(tiny, shared_recordings, run)
    assert_one_line(caught.value)
    assert files_of(run) == before


def test_damaged_metrics(tiny: RunConfig, shared_recordings: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    interrupt("learning_rate_at", 9, after=False, config=tiny, recordings=shared_recordings, run=run)
    (run / "metrics.jsonl").write_text('{"epoch": 1, "train', encoding="utf-8")
    with pytest.raises(WordspotError, match=r"metrics\.jsonl") as caught:
        train(tiny, shared_recordings, run)
    assert_one_line(caught.value)


def test_lost_metrics(tiny: RunConfig, shared_recordings: Path, tmp_path: Path) -> None:
    """A run without the lines of its finished epochs can't tell its learning curves any more."""
    run = tmp_path / "run"
    interrupt("learning_rate_at", 9, after=False, config=tiny, recordings=shared_recordings, run=run)
    (run / "metrics.jsonl").unlink()
    with pytest.raises(WordspotError, match=r"metrics\.jsonl") as caught:
        train(tiny, shared_recordings, run)
    assert_one_line(caught.value)


def test_half_written_weights_are_not_left(
    tiny: RunConfig, shared_recordings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "write_bytes", write_half)
    with pytest.raises(KeyboardInterrupt):
        train(tiny, shared_recordings, tmp_path / "run")
    assert files_of(tmp_path / "run").keys() == {"config.json", "speakers.json"}


def test_a_finished_run_needs_no_checkpoint(tiny: RunConfig, shared_recordings: Path, tmp_path: Path) -> None:
    run = shutil.copytree(shared_run(tiny, shared_recordings), tmp_path / "run")
    shutil.rmtree(run / "last")
    before = files_of(run)
    train(tiny, shared_recordings, run)
    assert files_of(run) == before


def test_lost_checkpoint(tiny: RunConfig, shared_recordings: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    interrupt("learning_rate_at", 15, after=False, config=tiny, recordings=shared_recordings, run=run)
    shutil.rmtree(run / "last")
    before = files_of(run)
    with pytest.raises(
        WordspotError, match=r"state\.safetensors is missing, .* after epoch 2: remove"
    ) as caught:
        train(tiny, shared_recordings, run)
    assert_one_line(caught.value)
    assert files_of(run) == before


@pytest.mark.parametrize("finished", [True, False])
def test_lost_weights(finished: bool, tiny: RunConfig, shared_recordings: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    if finished:
        shutil.copytree(shared_run(tiny, shared_recordings), run)
    else:
        interrupt("learning_rate_at", 9, after=False, config=tiny, recordings=shared_recordings, run=run)
    (run / "model.safetensors").unlink()
    before = files_of(run)
    with pytest.raises(WordspotError, match="the weights of this run are missing: restore") as caught:
        train(tiny, shared_recordings, run)
    assert_one_line(caught.value)
    assert files_of(run) == before


def test_runs_of_before_there_was_a_temperature_resume(
    tiny: RunConfig, shared_recordings: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    interrupt("learning_rate_at", 9, after=False, config=tiny, recordings=shared_recordings, run=run)
    for path, name in ((run / "model.safetensors", ""), (run / "last/state.safetensors", "model.")):
        tensors = load_file(path)
        del tensors[f"{name}temperature"]
        save_file(tensors, path, {"epoch": "1"} if name else None)
    assert Run(run).recognizer.temperature == 1
    train(tiny, shared_recordings, run)
    assert_same_run(run, shared_run(tiny, shared_recordings))
