"""Models side by side: figures that are counted by hand, and runs that can't be compared."""

import json
import shutil
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import ArrayLike

from tests.conftest import WORDS
from tests.runs import assert_one_line, shared_run
from wordspot.analysis.charts import (
    plot_accuracies,
    plot_amounts,
    plot_calibration,
    plot_confusions,
    plot_curves_together,
    plot_differences,
    plot_noise,
)
from wordspot.analysis.compare import (
    compare,
    compare_groups,
    current_comparison,
    most_confused,
    pair_up,
)
from wordspot.analysis.comparison import read_comparison
from wordspot.analysis.evaluate import evaluate
from wordspot.analysis.results import Group, gather, read_group
from wordspot.analysis.tables import comparison_tables
from wordspot.config import RunConfig
from wordspot.errors import UsageError
from wordspot.files import write_json
from wordspot.training.metrics import read_metrics


def copy_run(run: Path, to: Path, wrong: int, **settings: object) -> Path:
    """Copy an evaluated run as that of another config, which takes its first `wrong` clips for "low"."""
    shutil.copytree(run, to)
    stored = json.loads((to / "config.json").read_text())
    for part in stored["config"].values():
        part.update({name: value for name, value in settings.items() if name in part})
    write_json(to / "config.json", stored)
    table = pd.read_csv(to / "predictions-testing.csv")
    table["predicted"] = table["word"]
    table.loc[table.index < wrong, "predicted"] = "low"
    table.to_csv(to / "predictions-testing.csv", index=False)
    scores = json.loads((to / "evaluation-testing.json").read_text())
    scores["accuracy"] = float((table["predicted"] == table["word"]).mean())
    scores["confusion"] = (
        pd.crosstab(table["word"], table["predicted"])
        .reindex(index=WORDS, columns=WORDS, fill_value=0)
        .to_numpy()
        .tolist()
    )
    write_json(to / "evaluation-testing.json", scores)
    return to


@pytest.fixture
def evaluated(tiny: RunConfig, shared_recordings: Path) -> Path:
    """Give a run with its results, that no test may change."""
    run = shared_recordings.parent / "evaluated"
    if not run.exists():
        shutil.copytree(shared_run(tiny, shared_recordings), run)
        evaluate(run, shared_recordings)
    return run


@pytest.fixture
def runs(evaluated: Path, tmp_path: Path) -> list[Path]:
    """Give two models of three seeds and of one; of the 18 test clips, the first six are of "high"."""
    return [
        *(copy_run(evaluated, tmp_path / f"good/seed-{seed}", seed, seed=seed) for seed in range(3)),
        copy_run(evaluated, tmp_path / "poor", 6, dropout=0.0),
    ]


def group(name: str, right: ArrayLike) -> Group:
    """Make a model whose runs recognise the clips of two speakers as `right` [R, N] says."""
    rows = np.atleast_2d(np.asarray(right, dtype=bool))
    speakers = ["a", "b"] * (rows.shape[1] // 2)
    tables = [
        pd.DataFrame({"word": "low", "speaker": speakers, "predicted": np.where(row, "low", "high")})
        for row in rows
    ]
    return Group(name, [Path(name)] * len(rows), [{"confusion": [[1, 0], [0, 1]]}] * len(rows), tables)


def test_seeds_of_a_model_go_together(runs: list[Path], tmp_path: Path) -> None:
    result = compare(runs, tmp_path / "out")
    good, poor = result.contenders
    assert (good.name, poor.name) == ("good", "poor")
    assert good.runs == ["../good/seed-0", "../good/seed-1", "../good/seed-2"]
    assert good.accuracy == pytest.approx(1 - (0 + 1 + 2) / 3 / 18)
    assert good.spread == pytest.approx(1 / 18)  # of 18, 17 and 16 clips
    assert poor.accuracy == pytest.approx(12 / 18)
    assert poor.spread is None
    for one in result.contenders:
        assert one.interval[0] < one.accuracy < one.interval[1]
        assert one.training_clips == 48
        assert one.latency_ms > 0
    (pair,) = result.pairs
    assert (pair.one, pair.other) == ("good", "poor")
    # Most runs of the good model miss the first clip alone, the poor one misses six.
    assert (pair.only_one_right, pair.only_other_right) == (5, 0)
    assert pair.p_value == pytest.approx(2 / 2**5)
    assert pair.difference == pytest.approx((6 - 1) / 18)
    assert pair.interval[0] <= pair.difference <= pair.interval[1]


def test_what_is_known_of_a_run(runs: list[Path], evaluated: Path, tmp_path: Path) -> None:
    poor = compare(runs, tmp_path / "out").contenders[1]
    assert poor.kilobytes == (evaluated / "model.safetensors").stat().st_size / 1000
    # LSTM of 16 units over 80 features: four gates of 16 x (80 + 16) weights and two biases; three words.
    assert poor.parameters == 4 * 16 * (80 + 16 + 2) + 16 * 3 + 3
    assert poor.macs == 51 * 4 * 16 * (80 + 16) + 16 * 3
    lines = read_metrics(evaluated)
    accuracies = [line["validation_accuracy"] for line in lines]
    assert poor.epochs == len(lines)
    assert poor.validation_accuracy == max(accuracies)
    reached = int(poor.epochs_to_95)
    assert accuracies[reached - 1] >= 0.95 * max(accuracies)
    assert all(accuracy < 0.95 * max(accuracies) for accuracy in accuracies[: reached - 1])
    assert poor.noise == {}
    (confused,) = poor.confused
    assert (confused.said, confused.recognised, confused.clips) == ("high", "low", 6)


def test_a_comparison_is_kept(runs: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = compare(runs, out)
    assert read_comparison(out) == result
    assert json.loads((out / "comparison.json").read_text()) == json.loads(json.dumps(asdict(result)))
    names = ["accuracy", "calibration", "confusion-differences", "confusions", "curves"]
    assert sorted(path.name for path in out.iterdir()) == [
        "accuracy.svg",
        "calibration.svg",
        "comparison.json",
        *(f"{name}.svg" for name in names[2:]),
    ]
    assert all((out / f"{name}.svg").stat().st_size > 1000 for name in names)


def test_a_comparison_is_current_until_a_run_is_evaluated_anew(runs: list[Path], tmp_path: Path) -> None:
    groups, out = gather(runs, "testing"), tmp_path / "out"
    assert current_comparison(groups, out, "testing") is None
    result = compare(runs, out)
    assert current_comparison(groups, out, "testing") == result
    assert current_comparison(groups[::-1], out, "testing") is None
    assert current_comparison(gather(runs[1:], "testing"), out, "testing") is None
    (runs[0] / "predictions-testing.csv").touch()
    assert current_comparison(groups, out, "testing") is None


def test_accuracy_in_noise_needs_the_clips(
    runs: list[Path], evaluated: Path, shared_recordings: Path, recordings: Path, tmp_path: Path
) -> None:
    result = compare([runs[0], runs[3]], tmp_path / "out", data=shared_recordings)
    assert result.noise == "pink noise"
    one, other = (contender.noise for contender in result.contenders)
    assert list(one) == [20, 10, 5, 0]
    assert one == other  # the weights are the same
    assert (tmp_path / "out" / "noise.svg").stat().st_size > 1000
    assert read_comparison(tmp_path / "out") == result
    next((recordings / "low").iterdir()).unlink()
    with pytest.raises(UsageError, match="not the clips"):
        compare(runs, tmp_path / "other", data=recordings)
    assert not (tmp_path / "other").exists()


def test_p_values_are_adjusted_for_the_number_of_pairs() -> None:
    groups = [group("a", [True] * 8), group("b", [True] * 2 + [False] * 6), group("c", [True] * 8)]
    pairs = pair_up(groups)
    assert [(pair.one, pair.other) for pair in pairs] == [("a", "b"), ("a", "c"), ("b", "c")]
    assert [pair.p_value for pair in pairs] == pytest.approx([3 * 2 / 2**6, 1.0, 3 * 2 / 2**6])
    against = pair_up(groups, against="b")
    assert [(pair.one, pair.other) for pair in against] == [("a", "b"), ("c", "b")]
    assert [pair.p_value for pair in against] == pytest.approx([2 * 2 / 2**6] * 2)
    assert [pair.difference for pair in against] == [0.75, 0.75]


def test_a_difference_is_bounded_by_its_speakers() -> None:
    # Both clips of speaker a are won, none of speaker b: a draw of two speakers gives 0, 0.5 or 1.
    (pair,) = pair_up([group("one", [True] * 4), group("other", [False, True, False, True])])
    assert pair.difference == 0.5
    assert pair.interval == (0.0, 1.0)


def test_the_majority_of_runs_speaks_for_a_clip() -> None:
    one = group("one", [[True, True, False, False], [True, False, False, True], [True, True, False, False]])
    assert one.right_share.tolist() == pytest.approx([1, 2 / 3, 0, 1 / 3])
    (pair,) = pair_up([one, group("other", [False] * 4)])
    assert pair.only_one_right == 2


def test_the_commonest_confusions_come_first() -> None:
    one = replace(group("one", [True] * 4), evaluations=[{"confusion": [[5, 1], [3, 2]]}] * 2)
    assert [(pair.said, pair.recognised, pair.clips) for pair in most_confused(one, ["low", "high"])] == [
        ("high", "low", 3.0),
        ("low", "high", 1.0),
    ]


def test_figures_show_what_was_measured(
    runs: list[Path], evaluated: Path, shared_recordings: Path, tmp_path: Path
) -> None:
    groups = gather(runs, "testing")
    curves = plot_curves_together(groups)
    loss, mistakes = curves.axes
    assert [text.get_text() for text in curves.legends[0].get_texts()] == ["good", "poor"]
    assert len(loss.lines) == len(mistakes.lines) == 2 * len(groups)
    expected = [1 - line["validation_accuracy"] for line in read_metrics(runs[3])]
    assert list(mistakes.lines[-1].get_ydata()) == pytest.approx(expected)  # type: ignore[arg-type]
    of_runs = [[line["training_loss"] for line in read_metrics(run)] for run in runs[:3]]
    assert list(loss.lines[0].get_ydata()) == pytest.approx(  # type: ignore[arg-type]
        [sum(losses) / 3 for losses in zip(*of_runs, strict=True)]
    )

    (axes,) = plot_accuracies(groups, [(0.8, 1.0), (0.4, 0.9)]).axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["good", "poor"]
    assert list(axes.lines[1].get_xdata()) == pytest.approx([1, 17 / 18, 16 / 18])  # type: ignore[arg-type]

    first, second = plot_confusions(groups, WORDS).axes
    assert np.asarray(second.images[0].get_array())[1].tolist() == [1, 0, 0]  # every "high" taken for "low"
    assert np.asarray(first.images[0].get_array())[2].tolist() == [0, 0, 1]
    (difference,) = plot_differences(groups, WORDS).axes
    assert difference.get_title() == "poor less good"
    assert np.asarray(difference.images[0].get_array())[1].tolist() == pytest.approx([5, -5, 0])

    (axes,) = plot_calibration(groups).axes
    assert len(axes.lines) == 3

    result = compare([runs[0], runs[3]], tmp_path / "out", data=shared_recordings)
    (axes,) = plot_noise(result).axes
    assert axes.lines[1].get_ydata()[0] == pytest.approx(12 / 18)  # type: ignore[index]
    amounts = [
        replace(one, training_clips=clips) for one, clips in zip(result.contenders, (90, 30), strict=True)
    ]
    (axes,) = plot_amounts(replace(result, contenders=amounts)).axes
    assert list(axes.lines[0].get_xdata()) == [30, 90]  # type: ignore[arg-type]
    assert list(axes.lines[0].get_ydata()) == pytest.approx([12 / 18, 1])  # type: ignore[arg-type]
    mixed = [
        replace(one, training_clips=clips, synthetic_clips_added=40)
        for one, clips in zip(amounts, (50, 40), strict=True)
    ]
    (axes,) = plot_amounts(replace(result, contenders=[*amounts, *mixed])).axes
    assert [line.get_label() for line in axes.lines] == ["recorded clips alone", "with 40 synthetic clips"]
    assert list(axes.lines[1].get_xdata()) == [0, 10]  # type: ignore[arg-type]
    clips = comparison_tables(replace(result, contenders=mixed))
    (costs,) = (table for title, table in clips.items() if title.startswith("Costs"))
    assert list(costs["clips"]) == ["50, 40 synthetic", "40, 40 synthetic"]


def test_amounts_are_drawn_where_they_differ(runs: list[Path], tmp_path: Path) -> None:
    stored = json.loads((runs[3] / "config.json").read_text())
    stored["provenance"]["data"]["clips"]["training"] = 12
    write_json(runs[3] / "config.json", stored)
    groups = [read_group("all", runs[:1], "testing"), read_group("few", runs[3:], "testing")]
    (tmp_path / "out").mkdir()
    result = compare_groups(groups, tmp_path / "out", "testing")
    assert [one.training_clips for one in result.contenders] == [48, 12]
    assert (tmp_path / "out" / "clips.svg").exists()


def test_what_cannot_be_compared(runs: list[Path], evaluated: Path, tmp_path: Path) -> None:
    twin = copy_run(evaluated, tmp_path / "twin", 0, seed=0)
    for wrong, words in (
        ([], "at least two models"),
        (runs[:3], "at least two models"),
        ([runs[3], runs[3]], "named twice"),
        ([runs[0], twin], "one config and seed"),
        ([runs[0], tmp_path / "nowhere"], "no run here"),
    ):
        with pytest.raises(UsageError, match=words) as error:
            compare(wrong, tmp_path / "out")
        assert_one_line(error.value)
    with pytest.raises(UsageError, match="against: nobody"):
        compare(runs, tmp_path / "out", against="nobody")
    with pytest.raises(UsageError, match=r"evaluate .* --split validation"):
        compare(runs, tmp_path / "out", "validation")
    scores = json.loads((runs[0] / "evaluation-testing.json").read_text())
    for other in ({"fingerprint": "another"}, {"words": scores["words"][::-1]}):
        (runs[0] / "evaluation-testing.json").write_text(json.dumps(scores | other))
        with pytest.raises(UsageError, match="other clips or words"):
            compare(runs, tmp_path / "out")
    assert not (tmp_path / "out").exists()
