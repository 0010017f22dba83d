"""The moving average of the weights: its numbers, and that it is what is validated, kept and resumed."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

import wordspot.training.loop as loop
from tests.helpers import assert_same_run, same_weights, shared_run
from tests.training.conftest import with_training
from wordspot.config import RunConfig
from wordspot.models.recognizer import Recognizer
from wordspot.runs.run import Run
from wordspot.training.checkpoint import save_checkpoint
from wordspot.training.loop import train
from wordspot.training.weight_average import WeightAverage, values


def filled(recognizer: Recognizer, value: float) -> Recognizer:
    with torch.no_grad():
        for tensor in values(recognizer):
            tensor.fill_(value)
    return recognizer


@pytest.mark.parametrize(
    ("decay", "step", "expected"),
    [
        (0.5, 10_000, 0.5 * 1 + 0.5 * 3),
        (0.9, 10_000, 0.9 * 1 + 0.1 * 3),
        (0.9, 0, 0.1 * 1 + 0.9 * 3),  # the first step leaves the start behind
        (0.9, 8, 0.5 * 1 + 0.5 * 3),
    ],
)
def test_a_step_by_hand(decay: float, step: int, expected: float, tiny: RunConfig) -> None:
    average = WeightAverage(filled(Recognizer(tiny), 1.0), decay)
    average.update(filled(Recognizer(tiny), 3.0), step)
    for tensor in values(average.recognizer):
        assert tensor.flatten()[0].item() == pytest.approx(expected)


def test_the_average_is_kept_and_trains_like_the_weights(
    tiny: RunConfig, shared_recordings: Path, tmp_path: Path
) -> None:
    run = train(with_training(tiny, weight_average=0.9), shared_recordings, tmp_path / "run")
    plain = Run(shared_run(tiny, shared_recordings))
    losses = [[line["training_loss"] for line in one.metrics] for one in (run, plain)]
    assert losses[0] == losses[1]
    assert not same_weights(run, plain)
    assert run.evaluate().accuracy == pytest.approx(run.validation_accuracy)


def test_a_stopped_run_resumes_with_its_average(
    tiny: RunConfig, shared_recordings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = replace(with_training(tiny, weight_average=0.9))
    unbroken = train(config, shared_recordings, tmp_path / "unbroken")

    def stop(epochs: int) -> None:
        saved = 0

        def save_and_stop(*arguments: object) -> None:
            nonlocal saved
            save_checkpoint(*arguments)  # type: ignore[arg-type]
            saved += 1
            if saved == epochs:
                raise KeyboardInterrupt

        monkeypatch.setattr(loop, "save_checkpoint", save_and_stop)

    stop(2)
    with pytest.raises(KeyboardInterrupt):
        train(config, shared_recordings, tmp_path / "run")
    monkeypatch.undo()
    train(config, shared_recordings, tmp_path / "run")
    assert_same_run(tmp_path / "run", unbroken)
