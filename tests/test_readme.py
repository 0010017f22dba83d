"""The README: its figures are those of the kept study, and its Python runs."""

import re
import warnings
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import wordspot
from tests.conftest import SAMPLE_RATE, write_corpus
from wordspot.evaluation.comparison import ModelResult
from wordspot.evaluation.tables import percent, percent_interval
from wordspot.experiments.study import read_study
from wordspot.runs.run import pretrained

PROJECT = Path(__file__).parents[1]
README = (PROJECT / "README.md").read_text(encoding="utf-8")
STUDY = read_study(PROJECT / "reports")
CONTROLLED, FAMILY = (STUDY[name].comparison for name in ("controlled", "family"))

GOALS = {
    "rnn": "88.0 %",
    "lstm": "95.5 %",
    "bilstm": "96.0 %",
    "gru": "95.5 %",
    "attention": "96.5 %",
    "cnn-lstm": "97.3 %",
    "wordspot": "98.0 %",
}
"""Accuracies that were aimed at."""


def row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


@pytest.mark.parametrize("one", CONTROLLED.models, ids=[one.name for one in CONTROLLED.models])
def test_a_row_of_the_controlled_models(one: ModelResult) -> None:
    assert one.std is not None
    assert one.epochs_to_90 is not None
    assert (
        row(
            f"`{one.name}`",
            f"{one.macs / 1e6:.1f} M",
            f"{one.seconds_per_epoch:.1f}",
            f"{one.epochs_to_90:.1f}",
            percent(one.validation_accuracy),
            percent(one.accuracy),
            f"± {100 * one.std:.1f}",
            percent_interval(one.interval),
            f"{one.calibration_error:.3f}",
            percent(one.noise[0]),
        )
        in README
    )


@pytest.mark.parametrize("one", FAMILY.models, ids=[one.name for one in FAMILY.models])
def test_a_row_of_the_models_at_their_best(one: ModelResult) -> None:
    assert one.std is not None
    assert (
        row(
            f"`{one.name}`",
            f"{one.parameters:,}",
            f"{one.macs / 1e6:.1f} M",
            percent(one.validation_accuracy),
            percent(one.accuracy),
            GOALS.get(one.name, "-"),
            f"± {100 * one.std:.1f}",
            percent_interval(one.interval),
            f"{one.macro_f1:.3f}",
            f"{one.calibration_error:.3f}",
            percent(one.noise[0]),
        )
        in README
    )


def test_the_words_of_the_pretrained_recognisers() -> None:
    assert pretrained() == ["lstm", "wordspot", "wordspot-live"]
    assert f"# one of {' '.join(FAMILY.words)}" in README


def tone(seconds: float, sample_rate: int) -> NDArray[np.float32]:
    """Make a soft tone of 400 Hz."""
    times = np.arange(round(seconds * sample_rate)) / sample_rate
    return (0.1 * np.sin(2 * np.pi * 400 * times)).astype(np.float32)


def test_the_python_of_the_readme_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import soundfile

    monkeypatch.chdir(tmp_path)
    for name in ("recordings", "other-recordings"):
        write_corpus(tmp_path / name)
        for new, word in (("yes", "low"), ("no", "high")):
            (tmp_path / name / word).rename(tmp_path / name / new)
    for name in ("clip", "a", "b"):
        soundfile.write(tmp_path / f"{name}.wav", tone(1.0, SAMPLE_RATE), SAMPLE_RATE)
    (code,) = (block for block in re.findall(r"```python\n(.*?)```", README, re.S) if "ws.train" in block)
    lines = code.replace("epochs=10", "epochs=1").splitlines()
    # `runs/gru` is to be there, and the recogniser must know the words of the other recordings.
    at = next(n for n, line in enumerate(lines) if line.startswith("rec.evaluate"))
    lines[at:at] = [
        'ws.train(ws.recipe("gru", epochs=1, hidden_size=8), corpus, "runs/gru", quiet=True).evaluate()',
    ]
    scope: dict[str, object] = {"waveform": tone(0.7, 48_000)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # there is no background noise, and a third word
        exec("\n".join(lines), scope)
    run = scope["run"]
    assert isinstance(run, wordspot.Run)
    assert run.config.corpus.words == ("yes", "no")
    assert run.config == wordspot.recipe("lstm", hidden_size=64, epochs=1, words=("yes", "no"))
    assert len(run.metrics) == 1
    assert sorted(run.evaluations) == ["validation"]
