"""What the tests of training and of what follows it share: a trained run, and the comparison of two runs."""

import subprocess
import sys
from dataclasses import asdict
from os import PathLike
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file
from torch import Tensor

from wordspot.config import RunConfig
from wordspot.deploy.npm import Package
from wordspot.errors import WordspotError
from wordspot.files import write_json
from wordspot.runs.run import CONFIG, Run
from wordspot.runs.stored import Data, Machine, Provenance
from wordspot.training.loop import train

ABSENT_DEVICE = "cuda:99"
TIMES = ("seconds", "core_seconds", "clips_per_second")
"""What may differ from run to run."""


def begun_run(folder: Path, config: RunConfig) -> Run:
    """Begin a run by its config alone, trained by nothing on nothing."""
    provenance = Provenance({}, Machine("", "", 1), "cpu", Data("", "", {}, {}))
    write_json(folder / CONFIG, {"config": asdict(config), "provenance": asdict(provenance)})
    return Run(folder)


def shared_run(config: RunConfig, recordings: Path) -> Path:
    """Train once for all tests, beside the shared recordings. No test may change the run."""
    run = recordings.parent / "run"
    if not run.exists():
        train(config, recordings, run)
    return run


def metrics_of(run: PathLike[str]) -> list[dict[str, Any]]:
    return [{key: line[key] for key in line if key not in TIMES} for line in Run(Path(run)).metrics]


def last_epoch_of(run: PathLike[str]) -> int:
    with safe_open(Path(run) / "last/state.safetensors", framework="pt") as stored:
        return int(stored.metadata()["epoch"])


def same_tensors(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def same_weights(one: PathLike[str], other: PathLike[str]) -> bool:
    weights = "model.safetensors"
    return same_tensors(load_file(Path(one) / weights), load_file(Path(other) / weights))


def assert_same_run(one: PathLike[str], other: PathLike[str]) -> None:
    """Assert that two runs are equal to the last bit, but for their times."""
    assert metrics_of(one) == metrics_of(other)
    assert last_epoch_of(one) == last_epoch_of(other)
    assert same_weights(one, other)
    state = "last/state.safetensors"
    assert same_tensors(load_file(Path(one) / state), load_file(Path(other) / state))


def dead_process() -> int:
    """Give the number of a process that has ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as it:
        pass
    return it.pid


def write_half(path: Path, content: bytes) -> int:
    """Stand for `Path.write_bytes`, and break off."""
    path.write_text(repr(content)[:20])
    raise KeyboardInterrupt


def metrics_line(epoch: int, **figures: float) -> dict[str, Any]:
    """Make the figures of an epoch."""
    line = {
        "training_loss": 1.0,
        "training_accuracy": 0.5,
        "validation_loss": 1.0,
        "validation_accuracy": 0.5,
    }
    return {"epoch": epoch, **line, "learning_rate": 0.01, "clips_per_second": 1.0, "seconds": 1.0, **figures}


def files_of(folder: PathLike[str]) -> dict[str, bytes]:
    """Give the content of every file under a folder."""
    files = [path for path in Path(folder).rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def assert_one_line(error: BaseException) -> None:
    assert str(error)
    assert "\n" not in str(error)


def fetched(package: Package) -> Path:
    """Give the archive of a package; skips the test where npm can't fetch it."""
    try:
        return package.fetch()
    except WordspotError as error:
        pytest.skip(f"needs {package.name}: {error}")
