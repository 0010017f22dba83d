"""What training takes, refuses, tells, and leaves in the folder of a run."""

import importlib.metadata
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from safetensors.torch import load_file

from tests.conftest import SAMPLE_RATE, SPEAKERS, WORDS
from tests.helpers import ABSENT_DEVICE, assert_one_line, files_of
from tests.training.conftest import with_training
from wordspot.config import RunConfig, Runtime
from wordspot.corpus.corpus import open_corpus
from wordspot.errors import DivergedError, UsageError
from wordspot.evaluation.evaluate import evaluate
from wordspot.recipes import RECIPES
from wordspot.runs.metrics import Metrics
from wordspot.runs.run import Run, load
from wordspot.training.loop import train, validate

# What it takes, and tells meanwhile


def test_an_open_corpus_is_trained_on_as_it_is(
    tiny: RunConfig, shared_recordings: Path, tmp_path: Path
) -> None:
    """Its words and clip length take the place of the config's."""
    corpus = open_corpus(shared_recordings, words=("low", "rise"), seconds=0.75)
    run = train(with_training(tiny, epochs=1), corpus, tmp_path / "run")
    assert run.config == replace(with_training(tiny, epochs=1), corpus=corpus.config)
    assert run.recognizer.classes == ("low", "rise")
    assert run.provenance["data"]["path"] == str(shared_recordings)
    assert evaluate(run).clips == 12


@pytest.mark.filterwarnings("ignore:background_noise_p")  # of which this corpus has none
def test_a_recipe_goes_by_its_name(shared_recordings: Path, tmp_path: Path) -> None:
    corpus = open_corpus(shared_recordings, words=WORDS, clips_per_word=1)
    with pytest.raises(KeyboardInterrupt):  # before it takes long
        train("rnn", corpus, tmp_path / "run", after_epoch=interrupt)
    assert Run(tmp_path / "run").config == replace(RECIPES["rnn"], corpus=corpus.config)
    with pytest.raises(UsageError, match="recipe: 'rrn' must be one of rnn, lstm,") as caught:
        train("rrn", corpus, tmp_path / "other")
    assert_one_line(caught.value)
    assert not (tmp_path / "other").exists()


def interrupt(_: Metrics) -> None:
    raise KeyboardInterrupt


def test_each_epoch_is_told_of_finished_ones_first(
    own_run: Path, tiny: RunConfig, shared_recordings: Path, tmp_path: Path
) -> None:
    told: list[Metrics] = []
    train(tiny, shared_recordings, tmp_path / "new", quiet=True, after_epoch=told.append)
    assert told == Run(tmp_path / "new").metrics
    told.clear()
    train(tiny, shared_recordings, own_run, after_epoch=told.append)
    assert told == Run(own_run).metrics
    assert len(told) == 4


@pytest.mark.parametrize("quiet", [True, False])
def test_progress_is_told_unless_it_is_to_be_quiet(
    quiet: bool, tiny: RunConfig, shared_recordings: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    train(with_training(tiny, epochs=2), shared_recordings, tmp_path / "run", quiet=quiet)
    out, err = capfd.readouterr()
    assert out == ""
    assert [line.split()[0] for line in err.splitlines()] == ([] if quiet else ["epoch", "1/2", "2/2"])


# Runs that are there already


def test_finished_run_is_left_as_it_is(own_run: Path, tiny: RunConfig, shared_recordings: Path) -> None:
    before = files_of(own_run)
    train(tiny, shared_recordings, own_run)
    assert files_of(own_run) == before


@pytest.mark.parametrize(
    ("settings", "named"),
    [({"epochs": 5}, "epochs 4 against 5"), ({"seed": 9}, "seed 3 against 9")],
)
def test_run_of_another_config(
    own_run: Path, tiny: RunConfig, shared_recordings: Path, settings: dict[str, Any], named: str
) -> None:
    before = files_of(own_run)
    with pytest.raises(UsageError, match=named) as caught:
        train(with_training(tiny, **settings), shared_recordings, own_run)
    assert_one_line(caught.value)
    assert files_of(own_run) == before


def test_run_of_clips_that_changed(tiny: RunConfig, recordings: Path, tmp_path: Path) -> None:
    config = with_training(tiny, epochs=1)
    train(config, recordings, tmp_path / "run")
    before = files_of(tmp_path / "run")
    soundfile.write(next(recordings.glob("*/*.wav")), np.zeros(9000), SAMPLE_RATE, subtype="PCM_16")
    with pytest.raises(UsageError, match="the clips have changed") as caught:
        train(config, recordings, tmp_path / "run")
    assert_one_line(caught.value)
    assert files_of(tmp_path / "run") == before


# Failures


def test_loss_that_is_not_finite(tiny: RunConfig, shared_recordings: Path, tmp_path: Path) -> None:
    config = with_training(tiny, learning_rate=1e36, warmup=0.0)
    with pytest.raises(DivergedError, match="the loss is not finite in epoch 1: lower --learning") as caught:
        train(config, shared_recordings, tmp_path / "run")
    assert_one_line(caught.value)
    assert files_of(tmp_path / "run").keys() == {"config.json", "speakers.json"}


@pytest.mark.parametrize("device", [ABSENT_DEVICE, "nonsense", "cpu:x"])
def test_device_that_is_not_there(
    device: str, tiny: RunConfig, shared_recordings: Path, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=device) as caught:
        train(tiny, shared_recordings, tmp_path / "run", Runtime(device))
    assert_one_line(caught.value)
    assert not (tmp_path / "run").exists()


# What a run tells of itself


def test_metrics(run: Path) -> None:
    metrics = Run(run).metrics
    assert [line["epoch"] for line in metrics] == [1, 2, 3, 4]
    for line in metrics:
        assert line.keys() == {
            *(f"{part}_{figure}" for part in ("training", "validation") for figure in ("loss", "accuracy")),
            *("epoch", "learning_rate", "clips_per_second", "seconds", "core_seconds"),
        }
        assert line["training_loss"] > 0
        assert line["training_accuracy"] * 48 == pytest.approx(round(line["training_accuracy"] * 48))
        assert line["validation_accuracy"] * 18 == pytest.approx(round(line["validation_accuracy"] * 18))
        assert line["seconds"] > 48 / line["clips_per_second"]  # training is not all of an epoch
        assert line["core_seconds"] > 0


def test_the_last_line_is_of_the_last_weights(run: Path, shared_recordings: Path) -> None:
    recognizer = load(run)
    stored = load_file(run / "last/state.safetensors")
    recognizer.load_state_dict({name: stored[f"model.{name}"] for name in recognizer.state_dict()})
    corpus = open_corpus(shared_recordings, recognizer.config.corpus)
    validated, _logits, _labels = validate(recognizer, corpus.loader("validation"))
    last = Run(run).metrics[-1]
    assert (validated.mean_loss, validated.accuracy) == (last["validation_loss"], last["validation_accuracy"])
    # No line of another epoch is like it.
    assert [line["validation_loss"] == validated.mean_loss for line in Run(run).metrics] == [False] * 3 + [
        True
    ]


def test_config_and_provenance(run: Path, tiny: RunConfig, shared_recordings: Path) -> None:
    provenance = Run(run).provenance
    assert Run(run).config == tiny
    stored = json.loads((run / "config.json").read_text(encoding="utf-8"))
    assert stored["config"]["training"]["seed"] == 3
    for name in ("wordspot", "torch", "torchaudio", "numpy", "soundfile"):
        assert provenance["versions"][name] == importlib.metadata.version(name)
    assert provenance["machine"]["threads"] == 1
    assert provenance["machine"]["processor"]
    assert provenance["device"] == "cpu"
    corpus = open_corpus(shared_recordings, tiny.corpus)
    assert provenance["data"]["fingerprint"] == corpus.store.fingerprint
    assert provenance["data"]["path"] == str(shared_recordings)
    assert provenance["data"]["speakers"] == SPEAKERS
    assert provenance["data"]["clips"] == {split: 2 * len(WORDS) * n for split, n in SPEAKERS.items()}
    assert provenance["data"]["skipped"] == []


def test_files_of_a_run(run: Path) -> None:
    assert Counter(files_of(run).keys()) == Counter(
        [
            *("config.json", "speakers.json", "metrics.jsonl", "curves.svg"),
            *("model.safetensors", "last/state.safetensors"),
        ]
    )
