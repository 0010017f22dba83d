"""Runs side by side: figures that are counted by hand, and runs that can't be compared."""

import json
import shutil
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.runs import assert_one_line, shared_run
from wordspot.analysis.compare import compare, pair_up, plot_curves_together, short_names
from wordspot.analysis.evaluate import evaluate
from wordspot.config import RunConfig
from wordspot.errors import UsageError
from wordspot.training.metrics import read_metrics


@pytest.fixture
def runs(tiny: RunConfig, shared_recordings: Path, tmp_path: Path) -> list[Path]:
    """Give a run and a copy of it that has six of its test clips wrong."""
    one = shutil.copytree(shared_run(tiny, shared_recordings), tmp_path / "one")
    evaluate(one, shared_recordings)
    other = shutil.copytree(one, tmp_path / "other")
    table = pd.read_csv(one / "predictions-testing.csv")
    table["predicted"] = table["word"]
    table.to_csv(one / "predictions-testing.csv", index=False)
    table.loc[:5, "predicted"] = "none of them"
    table.to_csv(other / "predictions-testing.csv", index=False)
    return [one, other]


def test_comparison(runs: list[Path], tmp_path: Path) -> None:
    result = compare(runs, tmp_path / "out")
    (pair,) = result.pairs
    assert (pair.one, pair.other, pair.only_one_right, pair.only_other_right) == ("one", "other", 6, 0)
    assert pair.p_value == pytest.approx(2 / 2**6)
    scores = json.loads((runs[0] / "evaluation-testing.json").read_text())
    for contender, run in zip(result.contenders, runs, strict=True):
        assert contender.accuracy == scores["accuracy"]
        assert list(contender.interval) == scores["interval"]
        assert contender.kilobytes == (run / "model.safetensors").stat().st_size / 1000
        accuracies = [line["validation_accuracy"] for line in read_metrics(run)]
        before = accuracies[: contender.epochs_to_95 - 1]
        assert accuracies[contender.epochs_to_95 - 1] >= 0.95 * max(accuracies)
        assert all(accuracy < 0.95 * max(accuracies) for accuracy in before)
        assert contender.latency_ms > 0
    # LSTM of 16 units over 80 features: four gates of 16 x (80 + 16) weights and two biases; three words.
    assert result.contenders[0].parameters == 4 * 16 * (80 + 16 + 2) + 16 * 3 + 3
    written = json.loads((tmp_path / "out" / "comparison.json").read_text())
    assert written == json.loads(json.dumps(asdict(result)))
    assert (tmp_path / "out" / "curves.svg").stat().st_size > 1000


def test_p_values_are_adjusted_for_the_number_of_pairs() -> None:
    right = [np.array([True] * 8), np.array([True] * 2 + [False] * 6), np.array([True] * 8)]
    pairs = pair_up(["a", "b", "c"], right)
    assert [(pair.one, pair.other) for pair in pairs] == [("a", "b"), ("a", "c"), ("b", "c")]
    assert [pair.p_value for pair in pairs] == pytest.approx([3 * 2 / 2**6, 1.0, 3 * 2 / 2**6])


def test_curves_of_all_runs_stand_on_common_axes(runs: list[Path]) -> None:
    loss, accuracy = plot_curves_together(["one", "other"], runs).axes
    legend = accuracy.get_legend()
    assert legend
    assert [text.get_text() for text in legend.get_texts()] == ["one", "other"]
    assert len(loss.lines) == len(accuracy.lines) == 4
    expected = [line["validation_accuracy"] for line in read_metrics(runs[1])]
    assert list(accuracy.lines[3].get_ydata()) == expected  # type: ignore[arg-type]


def test_names_are_short_where_they_can_be() -> None:
    assert short_names([Path("a/rnn"), Path("a/lstm")]) == ["rnn", "lstm"]
    assert short_names([Path("a/rnn"), Path("b/rnn")]) == ["a/rnn", "b/rnn"]


def test_what_cannot_be_compared(runs: list[Path], tmp_path: Path) -> None:
    one, other = runs
    for wrong in ([], [one], [one, one], [one, tmp_path / "nowhere"]):
        with pytest.raises(UsageError) as error:
            compare(wrong, tmp_path / "out")
        assert_one_line(error.value)
    scores = json.loads((other / "evaluation-testing.json").read_text())
    (other / "evaluation-testing.json").write_text(json.dumps(scores | {"fingerprint": "another"}))
    with pytest.raises(UsageError, match="other clips"):
        compare(runs, tmp_path / "out")
    with pytest.raises(UsageError, match=r"evaluate .* --split validation"):
        compare(runs, tmp_path / "out", "validation")
    assert not (tmp_path / "out").exists()
