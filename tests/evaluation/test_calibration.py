"""Calibration: its direction, and the temperature of runs."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from tests.helpers import shared_run
from wordspot.config import RunConfig
from wordspot.corpus.corpus import open_corpus
from wordspot.errors import UsageError
from wordspot.evaluation.calibration import calibrate, describe_overconfidence, overconfidence
from wordspot.evaluation.evaluate import evaluate, score_split
from wordspot.models.temperature import fit_temperature
from wordspot.runs.run import Run, load


def test_the_direction_is_the_sign() -> None:
    right = np.array([True, True, False, False])
    assert overconfidence(np.full(4, 0.75), right) == 0.25
    assert overconfidence(np.full(4, 0.375), right) == -0.125
    assert describe_overconfidence(0.25) == "over-confident by 0.250"
    assert describe_overconfidence(-0.125) == "under-confident by 0.125"


def test_training_leaves_the_temperature_that_calibrating_finds(
    tiny: RunConfig, shared_recordings: Path, tmp_path: Path
) -> None:
    run = Run(shutil.copytree(shared_run(tiny, shared_recordings), tmp_path / "run"))
    trained = load_file(run.folder / "model.safetensors")
    recognizer = run.recognizer
    recognizer.temperature.fill_(3.0)
    run.write_weights(recognizer)
    fitted = calibrate(run, shared_recordings)
    assert fitted == pytest.approx(float(trained["temperature"]), rel=1e-4)
    assert fitted != 1
    calibrated = load_file(run.folder / "model.safetensors")
    del trained["temperature"], calibrated["temperature"]
    assert all(torch.equal(trained[name], calibrated[name]) for name in trained)


def test_evaluation_gives_the_probabilities_at_the_temperature(run: Path, shared_recordings: Path) -> None:
    recognizer = load(run)
    corpus = open_corpus(shared_recordings, recognizer.config.corpus)
    before = evaluate(run, shared_recordings, "testing")
    logits = score_split(recognizer, corpus, "testing") * recognizer.temperature
    recognizer.temperature.fill_(2.0)
    Run(run).write_weights(recognizer)
    after = evaluate(run, shared_recordings, "testing")
    found = after.predictions.filter(regex=r"^p\(").to_numpy()
    assert np.allclose(found, (logits / 2).softmax(dim=1).numpy(), atol=1e-6)
    assert after.accuracy == before.accuracy
    predicted = load(run).predict(shared_recordings / after.predictions["path"][0])
    assert list(predicted.probabilities.values()) == pytest.approx(found[0], abs=1e-5)


def test_a_temperature_is_fitted_on_the_validation_clips_of_the_run_alone(
    run: Path, recordings: Path, shared_recordings: Path
) -> None:
    corpus = open_corpus(shared_recordings, Run(run).config.corpus)
    recognizer = load(run)
    recognizer.temperature.fill_(1.0)
    clips = corpus.dataset("validation")
    labels = torch.from_numpy(clips.labels[clips.rows])
    expected = fit_temperature(score_split(recognizer, corpus, "validation"), labels)
    assert calibrate(run, corpus) == expected
    next(recordings.glob("low/*.wav")).unlink()
    with pytest.raises(UsageError, match="not the clips that"):
        calibrate(run, recordings)
