"""Models side by side: figures that are counted by hand, and runs that can't be compared."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest
from safetensors.torch import load_file

from tests.conftest import WORDS
from tests.evaluation.conftest import copy_run
from tests.helpers import assert_one_line, files_of
from wordspot.errors import UsageError
from wordspot.evaluation.compare import compare, compare_groups, current_comparison
from wordspot.evaluation.comparison import read_comparison
from wordspot.evaluation.confusion_plots import plot_confusions, plot_differences
from wordspot.evaluation.plots import (
    plot_accuracies,
    plot_calibration,
    plot_curves_together,
    plot_paired_differences,
)
from wordspot.evaluation.seed_groups import group_by_seed, read_group
from wordspot.figures import save_figure
from wordspot.files import write_json
from wordspot.runs.evaluation import Evaluation
from wordspot.runs.run import Run


def on_testing(run: Run) -> Evaluation:
    return run.evaluation("testing")


def test_seeds_of_a_model_go_together(runs: list[Path], tmp_path: Path) -> None:
    result = compare(runs, tmp_path / "out", "testing")
    good, poor = result.models
    assert (good.name, poor.name) == ("good", "poor")
    assert good.runs == ["../good/seed-0", "../good/seed-1", "../good/seed-2"]
    assert good.accuracy == pytest.approx(1 - (0 + 1 + 2) / 3 / 18)
    assert good.std == pytest.approx(1 / 18)  # of 18, 17 and 16 clips
    assert poor.accuracy == pytest.approx(12 / 18)
    assert poor.std is None
    for one in result.models:
        assert one.interval[0] < one.accuracy < one.interval[1]
        assert one.training_clips == 48
        assert one.latency_ms > 0
    (pair,) = result.pairs
    assert (pair.one, pair.other) == ("good", "poor")
    # The runs of the good model miss none, one and two of the six clips that the poor one misses.
    assert (pair.only_one_right, pair.only_other_right) == ((6 + 5 + 4) / 3, 0)
    assert pair.difference == pytest.approx((6 - 1) / 18)
    low, high = pair.interval
    assert low <= pair.difference <= high
    assert (low > 0) == (pair.p_value < 0.05)
    assert pair.seeds == (3, 1)
    assert not pair.of_models
    assert pair.mcnemar is None


def test_single_runs_have_mcnemars_test_too(runs: list[Path]) -> None:
    (pair,) = compare([runs[1], runs[3]], split="testing").pairs
    assert pair.seeds == (1, 1)
    assert (pair.only_one_right, pair.only_other_right) == (5, 0)
    assert pair.mcnemar == pytest.approx(2 / 2**5)


def test_what_is_known_of_a_run(runs: list[Path], evaluated: Path, tmp_path: Path) -> None:
    poor = compare(runs, tmp_path / "out", "testing").models[1]
    stored = load_file(evaluated / "model.safetensors")
    assert poor.kilobytes == 4 * sum(tensor.numel() for tensor in stored.values()) / 1000
    # LSTM of 16 units over 80 features: four gates of 16 x (80 + 16) weights and two biases; three words.
    assert poor.parameters == 4 * 16 * (80 + 16 + 2) + 16 * 3 + 3
    assert poor.macs == 51 * 4 * 16 * (80 + 16) + 16 * 3
    lines = Run(evaluated).metrics
    accuracies = [line["validation_accuracy"] for line in lines]
    assert poor.epochs == len(lines)
    assert poor.validation_accuracy == max(accuracies)
    assert max(accuracies) >= 0.9
    assert poor.epochs_to_90
    reached = int(poor.epochs_to_90)
    assert accuracies[reached - 1] >= 0.9
    assert all(accuracy < 0.9 for accuracy in accuracies[: reached - 1])
    assert poor.seconds_to_90 == pytest.approx(sum(line["core_seconds"] for line in lines[:reached]))
    assert poor.seconds_per_epoch == pytest.approx(sum(line["core_seconds"] for line in lines) / len(lines))
    assert poor.stopped_early == 0
    assert poor.noise == {}
    (confused,) = poor.confused
    assert (confused.said, confused.recognised, confused.clips) == ("high", "low", 6)


def test_a_comparison_is_kept(runs: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = compare(runs, out, "testing")
    assert read_comparison(out) == result
    assert json.loads((out / "comparison.json").read_text()) == json.loads(json.dumps(asdict(result)))
    # Each file is the figure of its name; what is in these is asserted in test_plots.py.
    groups = group_by_seed([Run(run) for run in runs], on_testing)
    figures = {
        "accuracy": plot_accuracies(groups, [one.interval for one in result.models]),
        "calibration": plot_calibration(groups),
        "confusion-differences": plot_differences(groups, WORDS),
        "confusions": plot_confusions(groups, WORDS),
        "curves": plot_curves_together(groups),
        "differences": plot_paired_differences(result),
    }
    for name, figure in figures.items():
        save_figure(figure, tmp_path / f"{name}.svg")
        assert (out / f"{name}.svg").read_bytes() == (tmp_path / f"{name}.svg").read_bytes()
    assert {path.name for path in out.iterdir()} == {
        "comparison.json",
        *(f"{name}.svg" for name in figures),
    }


def test_a_comparison_is_current_until_a_run_is_evaluated_again(runs: list[Path], tmp_path: Path) -> None:
    groups, out = group_by_seed([Run(run) for run in runs], on_testing), tmp_path / "out"
    assert current_comparison(groups, out, "testing") is None
    result = compare(runs, out, "testing")
    assert current_comparison(groups, out, "testing") == result
    assert current_comparison(groups[::-1], out, "testing") is None
    fewer = group_by_seed([Run(run) for run in runs[1:]], on_testing)
    assert current_comparison(fewer, out, "testing") is None
    (runs[0] / "predictions-testing.csv").touch()
    assert current_comparison(groups, out, "testing") is None


def test_accuracy_in_noise_needs_the_clips(
    runs: list[Path], shared_recordings: Path, recordings: Path, tmp_path: Path
) -> None:
    result = compare([runs[0], runs[3]], tmp_path / "out", "testing", data=shared_recordings)
    assert result.noise == "pink noise"
    one, other = (model_result.noise for model_result in result.models)
    assert list(one) == [20, 10, 5, 0]
    assert one == other  # the weights are the same
    assert list(result.models[0].soft) == [20, 40]
    assert list(result.condition_pairs)[-3:] == ["0 dB SNR", "20 dB softer", "40 dB softer"]
    assert [pair.difference for pairs in result.condition_pairs.values() for pair in pairs] == [0.0] * 6
    drawn = (tmp_path / "out" / "noise.svg").read_text(encoding="utf-8")
    assert all(f"<!-- {text} -->" in drawn for text in ("signal-to-noise ratio (dB)", "20", "0", "poor"))
    assert read_comparison(tmp_path / "out") == result
    next((recordings / "low").iterdir()).unlink()
    with pytest.raises(UsageError, match="not the clips"):
        compare(runs, tmp_path / "other", "testing", data=recordings)
    assert not (tmp_path / "other").exists()


def test_data_scaling_is_drawn_where_the_clips_differ(runs: list[Path], tmp_path: Path) -> None:
    stored = json.loads((runs[3] / "config.json").read_text())
    stored["provenance"]["data"]["clips"]["training"] = 12
    write_json(runs[3] / "config.json", stored)
    groups = [read_group("all", runs[:1], "testing"), read_group("few", runs[3:], "testing")]
    (tmp_path / "out").mkdir()
    result = compare_groups(groups, "testing", out=tmp_path / "out")
    assert [one.training_clips for one in result.models] == [48, 12]
    drawn = (tmp_path / "out" / "clips.svg").read_text(encoding="utf-8")
    assert all(
        f"<!-- {text} -->" in drawn
        for text in ("12", "48", "training clips of all words (shaded: 95 % interval)")
    )


def test_what_cannot_be_compared(runs: list[Path], evaluated: Path, tmp_path: Path) -> None:
    twin = copy_run(evaluated, tmp_path / "twin", 0, seed=0)
    for wrong, words in (
        ([], "at least two models"),
        (runs[:3], "at least two models"),
        ([runs[3], runs[3]], "the same config and seed"),
        ([runs[0], twin], "the same config and seed"),
        ([runs[0], tmp_path / "nowhere"], "no run here"),
    ):
        with pytest.raises(UsageError, match=words) as error:
            compare(wrong, tmp_path / "out", "testing")
        assert_one_line(error.value)
    with pytest.raises(UsageError, match="against: 'nobody' must be one of good, poor"):
        compare(runs, tmp_path / "out", "testing", against="nobody")
    with pytest.raises(UsageError, match="'test' must be one of training, validation, testing"):
        compare(runs, tmp_path / "out", "test")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=r"evaluate .* --split validation"):
        compare(runs, tmp_path / "out")
    before = files_of(runs[0])
    scores = json.loads((runs[0] / "evaluation-testing.json").read_text())
    for other in ({"fingerprint": "another"}, {"words": scores["words"][::-1]}):
        (runs[0] / "evaluation-testing.json").write_text(json.dumps(scores | other))
        with pytest.raises(UsageError, match="different clips or words") as error:
            compare(runs, tmp_path / "out", "testing")
        assert_one_line(error.value)
    assert files_of(runs[0]).keys() == before.keys()
    assert not (tmp_path / "out").exists()
