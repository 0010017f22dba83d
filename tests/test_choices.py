"""A wrong name is refused in one line with the choices, wherever it comes from."""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from tests.helpers import assert_one_line, files_of, shared_run
from wordspot.config import FeatureConfig, RecurrentConfig, RunConfig, TrainingConfig, vary
from wordspot.corpus.corpus import open_corpus
from wordspot.errors import UsageError
from wordspot.evaluation.compare import compare
from wordspot.evaluation.evaluate import evaluate
from wordspot.runs.run import Run
from wordspot.schema import validated

WRONG: list[tuple[str, type[Any], str, str, str]] = [
    ("model", RecurrentConfig, "pooling", "attention", "'last', 'mean', 'additive', 'multi-head'"),
    ("model", RecurrentConfig, "encoder", "conv3d", "'none', 'conv1d', 'conv2d', 'residual'"),
    ("model", RecurrentConfig, "cell", "LSTM", "'rnn', 'lstm' or 'gru'"),
    ("features", FeatureConfig, "transform", "mel-spectrogram", "'log-mel', 'mfcc', 'pcen'"),
    ("training", TrainingConfig, "optimizer", "lion", "'adamw', 'adam' or 'sgd'"),
]
"""A section, its class, a setting, a wrong name for it, and the choices that are listed."""


def in_python(_section: str, cls: type[Any], setting: str, name: str) -> None:
    cls(**{setting: name})


def from_json(section: str, _cls: type[Any], setting: str, name: str) -> None:
    stored = asdict(RunConfig())
    stored[section][setting] = name
    validated(RunConfig, json.loads(json.dumps(stored)))


def by_vary(_section: str, _cls: type[Any], setting: str, name: str) -> None:
    vary(RunConfig(), **{setting: name})


@pytest.mark.parametrize("make", [in_python, from_json, by_vary])
@pytest.mark.parametrize(("section", "cls", "setting", "name", "choices"), WRONG)
def test_a_wrong_choice_is_refused(
    make: Callable[[str, type[Any], str, str], None],
    section: str,
    cls: type[Any],
    setting: str,
    name: str,
    choices: str,
) -> None:
    with pytest.raises(UsageError) as caught:
        make(section, cls, setting, name)
    assert_one_line(caught.value)
    message = str(caught.value)
    assert f"{setting}: " in message
    assert name in message
    assert message.endswith(choices)


@pytest.fixture
def run(tiny: RunConfig, shared_recordings: Path) -> Run:
    return Run(shared_run(tiny, shared_recordings))


@pytest.mark.parametrize("split", ["test", "val", "dev", "", "Testing"])
def test_a_wrong_split_is_refused(run: Run, shared_recordings: Path, tmp_path: Path, split: Any) -> None:
    before = files_of(run)
    corpus = open_corpus(shared_recordings, run.config.corpus)
    uses: list[Callable[[], object]] = [
        lambda: evaluate(run, shared_recordings, split),
        lambda: run.evaluate(split),
        lambda: compare([run, "wordspot"], tmp_path / "comparison", split),
        lambda: corpus.loader(split),
        lambda: corpus.dataset(split),
        lambda: corpus.table(split),
        lambda: corpus.fingerprint(split),
    ]
    for use in uses:
        with pytest.raises(UsageError) as caught:
            use()
        assert str(caught.value) == f"split: {split!r} must be one of training, validation, testing"
    assert files_of(run) == before
    assert not (tmp_path / "comparison").exists()
