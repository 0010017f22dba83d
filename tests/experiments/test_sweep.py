"""A search over tiny models: what it leaves, what it ends early, and what goes on where."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import optuna
import pytest
from matplotlib.figure import Figure
from optuna.storages import RetryHeartbeatStaleTrialCallback

import wordspot.experiments.sweep as module
from tests.helpers import assert_one_line, begun_run, metrics_line
from wordspot.config import RecurrentConfig, RunConfig, Runtime, vary
from wordspot.corpus.corpus import Corpus, open_corpus
from wordspot.errors import DivergedError, UsageError
from wordspot.evaluation.robustness import SNRS_DB, robustness
from wordspot.experiments.sweep import SPACE, sweep
from wordspot.figures import save_figure
from wordspot.models.recognizer import Recognizer
from wordspot.recipes import read_recipe
from wordspot.runs.run import Run


def dropout_of(config: RunConfig) -> float:
    assert isinstance(config.model, RecurrentConfig)
    return config.model.dropout


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> list[RunConfig]:
    """Put in the place of training one whose accuracy is the dropout, for four epochs."""
    trained: list[RunConfig] = []

    def train(
        config: RunConfig, data: Corpus, out: Path, runtime: Runtime, *, after_epoch: Callable[..., None]
    ) -> Run:
        trained.append(config)
        out.mkdir()
        run, lines = begun_run(out, config), []
        for epoch in (1, 2, 3, 4):
            lines.append(metrics_line(epoch, validation_accuracy=dropout_of(config)))
            run.write_metrics(lines)
            after_epoch(lines[-1])
        return run

    monkeypatch.setattr(module, "train", train)
    return trained


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> dict[str, Figure]:
    """Collect the figures that are saved, by the names of their files."""
    saved: dict[str, Figure] = {}

    def save_and_note(figure: Figure, path: Path) -> None:
        saved[path.name] = figure
        save_figure(figure, path)

    monkeypatch.setattr(module, "save_figure", save_and_note)
    return saved


def storage_in(folder: Path) -> str:
    return f"sqlite:///{folder / 'sweep.db'}"


def test_the_best_trial_becomes_a_config(
    quick: list[RunConfig], tiny: RunConfig, shared_recordings: Path, tmp_path: Path
) -> None:
    facecolor, cycle = mpl.rcParams["axes.facecolor"], mpl.rcParams["axes.prop_cycle"]
    best = sweep(tiny, shared_recordings, tmp_path, trials=8)
    assert best == tmp_path / "best.json"
    # Optuna's plots change both.
    assert (mpl.rcParams["axes.facecolor"], mpl.rcParams["axes.prop_cycle"]) == (facecolor, cycle)
    assert len(quick) == 8
    winner = max(quick, key=dropout_of)
    assert read_recipe(best) == winner
    stored = json.loads(best.read_text())
    assert stored["trials"] == 8
    assert stored["validation_accuracy"] == dropout_of(winner)
    assert quick[stored["trial"]] == winner
    for config in quick:
        # Only what is searched differs from the recipe.
        settings = {name: getattr(part, name) for part in vars(tiny).values() for name in vars(part)}
        searched = {name: value for name, value in settings.items() if name in SPACE}
        assert vary(config, **searched) == tiny


def test_the_plots_show_the_trials(
    quick: list[RunConfig],
    figures: dict[str, Figure],
    tiny: RunConfig,
    shared_recordings: Path,
    tmp_path: Path,
) -> None:
    sweep(tiny, shared_recordings, tmp_path, trials=4)  # too few for one to be pruned
    names = ["epochs", "history", "importances", "parallel", "slices"]
    assert sorted(figures) == sorted(path.name for path in tmp_path.glob("*.svg"))
    assert sorted(figures) == [f"{name}.svg" for name in names]
    accuracies = [dropout_of(config) for config in quick]
    (axes,) = figures["history.svg"].axes
    trials = np.asarray(axes.collections[0].get_offsets())
    assert trials[:, 0].tolist() == [0, 1, 2, 3]
    assert trials[:, 1] == pytest.approx(accuracies)
    (axes,) = figures["epochs.svg"].axes
    assert [list(line.get_xdata()) for line in axes.lines] == [[1, 2, 3, 4]] * 4  # type: ignore[arg-type]
    of_epochs = [list(line.get_ydata()) for line in axes.lines]  # type: ignore[arg-type]
    assert of_epochs == [[accuracy] * 4 for accuracy in accuracies]
    searched = set(SPACE) - {"background_noise_p"}  # of which this corpus has none
    assert {axes.get_xlabel() for axes in figures["slices.svg"].axes} - {""} == searched
    importances, *_ = figures["importances.svg"].axes
    assert {label.get_text() for label in importances.get_yticklabels()} == searched
    labels = {label.get_text() for axes in figures["parallel.svg"].axes for label in axes.get_xticklabels()}
    assert searched < labels


def test_a_worker_takes_up_the_study_of_another(
    quick: list[RunConfig], tiny: RunConfig, shared_recordings: Path, tmp_path: Path
) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    sweep(tiny, shared_recordings, one, storage=storage_in(tmp_path), trials=3)
    sweep(tiny, shared_recordings, other, storage=storage_in(tmp_path), trials=5)
    assert len(quick) == 5
    assert [path.name for path in sorted(other.glob("trial-*"))] == ["trial-0003", "trial-0004"]
    assert read_recipe(other / "best.json") == max(quick, key=dropout_of)
    sweep(tiny, shared_recordings, other, storage=storage_in(tmp_path), trials=5)
    assert len(quick) == 5
    with pytest.raises(UsageError, match="another recipe") as error:
        sweep(vary(tiny, epochs=9), shared_recordings, other, storage=storage_in(tmp_path), trials=6)
    assert_one_line(error.value)


def test_what_a_lost_trial_left_is_tried_though_others_are_enough(
    quick: list[RunConfig], tiny: RunConfig, shared_recordings: Path, tmp_path: Path
) -> None:
    sweep(tiny, shared_recordings, tmp_path, trials=2)
    study = optuna.load_study(study_name="sweep", storage=storage_in(tmp_path))
    lost = study.trials[1]
    with pytest.warns(optuna.exceptions.ExperimentalWarning):
        try_again = RetryHeartbeatStaleTrialCallback()
    try_again(study, lost)  # as a worker does between two looks of another one
    sweep(tiny, shared_recordings, tmp_path, trials=2)
    assert [trial.state.is_finished() for trial in study.trials] == [True] * 3
    assert [dropout_of(config) for config in quick] == [
        *(trial.params["dropout"] for trial in study.trials[:2]),
        lost.params["dropout"],
    ]


def test_two_workers_may_begin_a_storage_at_the_same_moment(
    quick: list[RunConfig],
    tiny: RunConfig,
    shared_recordings: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begin, calls = optuna.create_study, []

    def collide(**settings: Any) -> optuna.Study:
        calls.append(settings)
        if len(calls) == 1:
            raise ValueError("the table is there already")
        return begin(**settings)

    monkeypatch.setattr(optuna, "create_study", collide)
    assert sweep(tiny, shared_recordings, tmp_path, trials=1).exists()
    assert len(calls) == 2


def test_hopeless_trials_end_early(
    quick: list[RunConfig],
    tiny: RunConfig,
    shared_recordings: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # By chance, each of a few trials can be better than those before it.
    seeded = partial(optuna.create_study, sampler=optuna.samplers.TPESampler(seed=0))
    monkeypatch.setattr(optuna, "create_study", seeded)
    sweep(tiny, shared_recordings, tmp_path, trials=12)
    study = optuna.load_study(study_name="sweep", storage=storage_in(tmp_path))
    pruned = [trial for trial in study.trials if trial.state == optuna.trial.TrialState.PRUNED]
    assert pruned
    for trial in pruned:
        assert trial.number >= 4
        assert len(trial.intermediate_values) == 2  # every trial has a first epoch
        before = [one.params["dropout"] for one in study.trials[: trial.number] if one not in pruned]
        assert trial.params["dropout"] < sorted(before)[(len(before)) // 2]


def test_what_goes_wrong_in_a_trial(
    tiny: RunConfig, shared_recordings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    errors: list[BaseException] = [DivergedError("no number"), KeyboardInterrupt()]

    def train(*arguments: object, **settings: object) -> Run:
        raise errors.pop(0)

    monkeypatch.setattr(module, "train", train)
    with pytest.raises(KeyboardInterrupt):
        sweep(tiny, shared_recordings, tmp_path, trials=3)
    study = optuna.load_study(study_name="sweep", storage=storage_in(tmp_path))
    states = [trial.state for trial in study.trials]
    assert states == [optuna.trial.TrialState.PRUNED, optuna.trial.TrialState.FAIL]


def test_a_real_trial(tiny: RunConfig, shared_recordings: Path, tmp_path: Path) -> None:
    best = sweep(vary(tiny, epochs=1), shared_recordings, tmp_path, trials=1)
    run = tmp_path / "trial-0000"
    assert read_recipe(run / "config.json") == read_recipe(best)
    line = json.loads((run / "metrics.jsonl").read_text())
    assert json.loads(best.read_text())["validation_accuracy"] == line["validation_accuracy"]


def test_models_with_too_many_weights_are_passed_over(
    quick: list[RunConfig], tiny: RunConfig, shared_recordings: Path, tmp_path: Path
) -> None:
    smallest = Recognizer(vary(tiny, hidden_size=64, num_layers=1)).n_parameters
    sweep(tiny, shared_recordings, tmp_path, trials=4, most_weights=smallest)
    assert len(quick) == 4
    assert {Recognizer(config).n_parameters for config in quick[1:]} == {smallest}
    with pytest.raises(UsageError, match=f"must be at least {smallest:,}") as error:
        sweep(tiny, shared_recordings, tmp_path / "no", trials=4, most_weights=smallest - 1)
    assert_one_line(error.value)
    assert not (tmp_path / "no").exists()


def test_a_search_may_rank_by_accuracy_in_noise(
    tiny: RunConfig, shared_recordings: Path, tmp_path: Path
) -> None:
    recipe = vary(tiny, epochs=1)
    best = sweep(recipe, shared_recordings, tmp_path, trials=1, in_noise=True)
    run = Run(tmp_path / "trial-0000")
    right = robustness(run, open_corpus(shared_recordings, recipe.corpus), "validation")
    levels = [right[f"{snr} dB SNR"].mean() for snr in SNRS_DB]
    expected = (run.validation_accuracy + sum(levels)) / (1 + len(SNRS_DB))
    assert json.loads(best.read_text())["validation_accuracy_with_noise"] == pytest.approx(expected)
    with pytest.raises(UsageError, match="ranks its trials in another way") as error:
        sweep(recipe, shared_recordings, tmp_path, trials=2)
    assert_one_line(error.value)


def test_wrong_use(tiny: RunConfig, shared_recordings: Path, tmp_path: Path) -> None:
    for settings in (
        {"trials": 0},
        {"most_weights": 0},
        {"storage": "nonsense://here"},
        {"storage": "nonsense"},
    ):
        with pytest.raises(UsageError) as error:
            sweep(tiny, shared_recordings, tmp_path, **settings)
        assert_one_line(error.value)
