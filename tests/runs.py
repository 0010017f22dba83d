"""What the tests of training and of what follows it share: a trained run, and the comparison of two runs."""

from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import load_file
from torch import Tensor

from wordspot.config import RunConfig
from wordspot.training.loop import train
from wordspot.training.metrics import read_metrics

ABSENT_DEVICE = "cuda:99"
TIMES = ("seconds", "clips_per_second")
"""What may differ from run to run."""


def shared_run(config: RunConfig, recordings: Path) -> Path:
    """Train once for all tests, beside the shared recordings. No test may change the run."""
    run = recordings.parent / "run"
    if not run.exists():
        train(config, recordings, run)
    return run


def metrics_of(run: Path) -> list[dict[str, Any]]:
    return [{key: line[key] for key in line if key not in TIMES} for line in read_metrics(run)]


def last_epoch_of(run: Path) -> int:
    with safe_open(run / "last/state.safetensors", framework="pt") as stored:
        return int(stored.metadata()["epoch"])


def same_tensors(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def same_weights(one: Path, other: Path) -> bool:
    return same_tensors(load_file(one / "model.safetensors"), load_file(other / "model.safetensors"))


def assert_same_run(one: Path, other: Path) -> None:
    """Assert that two runs are equal to the last bit, but for their times."""
    assert metrics_of(one) == metrics_of(other)
    assert last_epoch_of(one) == last_epoch_of(other)
    assert same_weights(one, other)
    state = "last/state.safetensors"
    assert same_tensors(load_file(one / state), load_file(other / state))


def files_of(folder: Path) -> dict[str, bytes]:
    """Give the content of every file under a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def assert_one_line(error: BaseException) -> None:
    assert str(error)
    assert "\n" not in str(error)
