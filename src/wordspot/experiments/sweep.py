"""Search for a better config: Optuna proposes, short trainings answer on the validation split."""

import json
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import optuna
from matplotlib import pyplot as plt
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.exceptions import ExperimentalWarning, StorageInternalError, UpdateFinishedTrialError
from optuna.storages import RDBStorage, RetryHeartbeatStaleTrialCallback, fail_stale_trials
from optuna.trial import TrialState
from optuna.visualization import matplotlib as charts
from rich.console import Console

from wordspot.config import RunConfig, Runtime, vary
from wordspot.corpus.corpus import Corpus, open_corpus
from wordspot.errors import DivergedError, UsageError, WordspotError
from wordspot.evaluation.robustness import NOISY, recognised
from wordspot.figures import SYNTHETIC, Source, save_figure
from wordspot.files import alone_in, output_folder, write_json
from wordspot.models.recognizer import weights_of
from wordspot.runs.metrics import Metrics
from wordspot.runs.run import Run
from wordspot.training.distributed import refuse_torchrun
from wordspot.training.loop import train

Searched = FloatDistribution | IntDistribution | CategoricalDistribution
SPACE: dict[str, Searched] = {
    "learning_rate": FloatDistribution(3e-4, 6e-3, log=True),
    "batch_size": CategoricalDistribution([32, 64, 128]),
    "weight_decay": FloatDistribution(1e-4, 1e-1, log=True),
    "label_smoothing": FloatDistribution(0.0, 0.2),
    "hidden_size": CategoricalDistribution([64, 96, 128, 192]),
    "num_layers": IntDistribution(1, 3),
    "dropout": FloatDistribution(0.0, 0.5),
    "freq_mask_bins": IntDistribution(0, 16),
    "time_mask_ms": FloatDistribution(0.0, 400.0),
    "shift_ms": FloatDistribution(0.0, 200.0),
    "mixup_p": FloatDistribution(0.0, 1.0),
    "background_noise_p": FloatDistribution(0.0, 1.0),
    "speed_perturb_p": FloatDistribution(0.0, 1.0),
}
"""Settings that are searched, by name; all others stay as in the recipe."""

SMALLEST = {"hidden_size": 64, "num_layers": 1}
"""The smallest sizes of SPACE."""

FINISHED = (TrialState.COMPLETE, TrialState.PRUNED)
UNDER_WAY = (*FINISHED, TrialState.RUNNING)
QUEUED = (TrialState.WAITING,)
HEARTBEAT_S, GRACE_S = 60, 300
"""Seconds from one sign of life of a trial to the next in the storage, and until one without them is lost."""
RETRIES = 3
"""Times that the settings of a lost trial are tried again: they may have ended their worker."""
POLL_S = 5.0
"""Seconds between looks at the trials of other workers."""
BEST = "best.json"
PLOT_SIZES = {"slices": (3.0 * len(SPACE), 4.0), "parallel": (16.0, 5.0)}


@dataclass(frozen=True)
class Goal:
    """What a search looks for."""

    in_noise: bool = False
    """Whether accuracy in noise counts, too."""
    most_weights: int | None = None
    """Weights that a model may have at most."""

    def allows(self, config: RunConfig) -> bool:
        """Tell whether a model is small enough."""
        return self.most_weights is None or weights_of(config) <= self.most_weights

    def score(self, run: Run, corpus: Corpus) -> float:
        """Give the validation accuracy of the kept epoch of a run, or its mean with that in noise."""
        clean = run.validation_accuracy
        if not self.in_noise:
            return clean
        right = recognised(run.recognizer, corpus, "validation", NOISY)
        return float(np.mean([clean, *(clips.mean() for clips in right.values())]))


class SurplusError(Exception):
    """Ends a trial that began at the same moment as another one, which was the last that is wanted."""


def sweep(
    recipe: RunConfig,
    data: str | Path,
    out: str | Path,
    runtime: Runtime = Runtime(),
    *,
    name: str = "sweep",
    storage: str | None = None,
    trials: int = 20,
    in_noise: bool = False,
    most_weights: int | None = None,
) -> Path:
    """Search the settings of SPACE around a recipe until the Optuna study has `trials` finished trials.

    The first trial is the recipe itself, so that the best is no worse. The study `name` lives in `storage`
    (an Optuna URL; a file in `out` by default). Every process started with the same two works on it, each
    with its own folder `out`, and ends when all trials are finished. The settings of a trial whose process
    was killed are tried again, after GRACE_S seconds, even where others meanwhile began as many trials as are
    wanted. A trial whose best epoch is worse than the median of the others at that epoch is pruned. Models
    with more weights than `most_weights` are not tried.
    Trials are ranked by validation accuracy; with `in_noise` by its mean over clean clips and every
    signal-to-noise ratio of a comparison. Leaves one run per trial, Optuna's plots (SVG), and best.json,
    which `train` takes in place of a recipe; gives its path. Raises UsageError for a storage that can't be
    opened, a study of another recipe or goal or a folder in which another process is at work, WordspotError
    for a storage that fails, and what `train` raises.
    """
    refuse_torchrun("sweep")
    if trials < 1:
        raise UsageError(f"trials: {trials} must be at least 1")
    if most_weights is not None and most_weights < 1:
        raise UsageError(f"most_weights: {most_weights} must be at least 1")
    goal = Goal(in_noise, most_weights)
    sizes = space_of(recipe, with_noise=False)
    smallest = vary(recipe, **{name: size for name, size in SMALLEST.items() if name in sizes})
    if not goal.allows(smallest):
        raise UsageError(
            f"most_weights: {most_weights:,} must be at least {weights_of(smallest):,}, which the smallest "
            "model of the search has"
        )
    folder = output_folder(Path(out))
    # Opened once: what is wrong with the corpus must not count as a failed trial.
    corpus = open_corpus(data, recipe.corpus, runtime)
    space = space_of(recipe, with_noise=bool(corpus.noises))
    storage = storage or f"sqlite:///{(folder / 'sweep.db').resolve()}"
    with alone_in(folder), storing(storage):
        study = open_study(name, storage, recipe, goal)
        study.enqueue_trial(settings_of(recipe, space), skip_if_exists=True)
        search(study, space, recipe, corpus, folder, runtime, trials, goal)
        write_best(study, recipe, folder, corpus, goal)
        draw_plots(study, folder, corpus)
    return folder / BEST


class TooLargeError(Exception):
    """Ends a trial whose model has too many weights, before it counts."""


def search(
    study: optuna.Study,
    space: Mapping[str, Searched],
    recipe: RunConfig,
    corpus: Corpus,
    folder: Path,
    runtime: Runtime,
    trials: int,
    goal: Goal,
) -> None:
    """Run trials until the study has as many finished ones, of all workers together.

    Raises WordspotError where none is complete.
    """
    console = Console(stderr=True, highlight=False, soft_wrap=True)

    def attempt(trial: optuna.Trial) -> float:
        """Train with the settings of a trial; gives its score."""
        surplus = numbers(study, UNDER_WAY).index(trial.number) >= trials
        if surplus and not is_retry(study, trial.number):
            raise SurplusError
        config = vary(recipe, **{name: suggest(trial, name, values) for name, values in space.items()})
        if not goal.allows(config):
            raise TooLargeError
        run = folder / f"trial-{trial.number:04}"
        finished = len(numbers(study, FINISHED))
        console.print(f"{run.name}: {finished} of {trials} finished; {describe(trial.params)}")

        def report(line: Metrics) -> None:
            trial.report(line["validation_accuracy"], line["epoch"])
            if trial.should_prune():
                raise optuna.TrialPruned

        try:
            trained = train(config, corpus, run, runtime, after_epoch=report)
        except DivergedError:
            raise optuna.TrialPruned from None
        return goal.score(trained, corpus)

    waiting = False
    while (queued := numbers(study, QUEUED)) or len(numbers(study, FINISHED)) < trials:
        if queued or len(numbers(study, UNDER_WAY)) < trials:
            try:
                study.optimize(attempt, n_trials=1, catch=(SurplusError, TooLargeError))
            except UpdateFinishedTrialError:
                console.print("a trial took too long to give a sign of life: others try its settings again")
            continue
        if not waiting:
            console.print("waiting for the last trials of other workers; --trials with more goes on at once")
        waiting = True
        time.sleep(POLL_S)
        fail_stale_trials(study)
    if not study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,)):
        raise WordspotError(f"{folder}: every trial was pruned: raise --trials")


@contextmanager
def storing(storage: str) -> Iterator[None]:
    """Turn what Optuna's storage raises meanwhile, as on a full disk, into a WordspotError that names it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ExperimentalWarning)  # of signs of life
            yield
    except StorageInternalError as error:
        reason = str(error.__cause__ or error).splitlines()[0]
        raise WordspotError(
            f"storage: {storage} failed ({reason}): make room, and run the command again"
        ) from None


def space_of(recipe: RunConfig, *, with_noise: bool) -> dict[str, Searched]:
    """Keep of SPACE the settings that a recipe has, and that of recorded noise only with such noise."""
    known = {setting for section in asdict(recipe).values() for setting in section}
    if not with_noise:
        known.discard("background_noise_p")
    return {setting: values for setting, values in SPACE.items() if setting in known}


def settings_of(recipe: RunConfig, space: Mapping[str, Searched]) -> dict[str, Any]:
    """Give what a recipe has of the settings of a space, but for those that lie outside of it."""
    every = {name: value for section in asdict(recipe).values() for name, value in section.items()}
    return {name: every[name] for name, values in space.items() if holds(values, every[name])}


def holds(values: Searched, value: Any) -> bool:
    """Tell whether a value is among those that are searched."""
    if isinstance(values, CategoricalDistribution):
        return value in values.choices
    return bool(values.low <= value <= values.high)


def numbers(study: optuna.Study, states: Sequence[TrialState]) -> list[int]:
    """List the numbers of the trials in some states, in their order."""
    return sorted(trial.number for trial in study.get_trials(deepcopy=False, states=states))


def is_retry(study: optuna.Study, number: int) -> bool:
    """Tell whether a trial tries the settings of a lost one again."""
    trial = study.get_trials(deepcopy=False)[number]
    return RetryHeartbeatStaleTrialCallback.retried_trial_number(trial) is not None


def suggest(trial: optuna.Trial, name: str, values: Searched) -> Any:
    """Let the sampler choose a setting of a trial."""
    if isinstance(values, CategoricalDistribution):
        return trial.suggest_categorical(name, values.choices)
    if isinstance(values, IntDistribution):
        return trial.suggest_int(name, values.low, values.high)
    return trial.suggest_float(name, values.low, values.high, log=values.log)


def describe(settings: dict[str, Any]) -> str:
    """Name settings in one line.

    >>> describe({"learning_rate": 0.00123456, "num_layers": 2})
    'learning_rate 0.00123, num_layers 2'
    """
    return ", ".join(f"{name} {value:.3g}" for name, value in settings.items())


def open_study(name: str, storage: str, recipe: RunConfig, goal: Goal) -> optuna.Study:
    """Open or create a study. Raises UsageError where that fails or the study has another recipe or goal."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)  # what ends a trial is told here
    # Workers must not propose the same settings, so the sampler is not seeded.
    pruner = optuna.pruners.MedianPruner(n_startup_trials=4, n_warmup_steps=2)
    begin = partial(
        optuna.create_study, study_name=name, direction="maximize", pruner=pruner, load_if_exists=True
    )
    try:
        try:
            study = begin(storage=with_signs_of_life(storage))
        except Exception:  # two workers created the storage at once: now it is there
            time.sleep(1)
            study = begin(storage=with_signs_of_life(storage))
    except Exception as error:  # whatever the storage's driver raises
        reason = str(error).splitlines()[0]
        raise UsageError(f"storage: {storage} can't be opened ({reason})") from None
    text = json.dumps(asdict(recipe))
    if study.user_attrs.get("recipe", text) != text:
        raise UsageError(f"name: the study {name} has another recipe: choose another --name")
    if Goal(**study.user_attrs.get("goal", asdict(goal))) != goal:
        raise UsageError(f"name: the study {name} ranks its trials in another way: choose another --name")
    study.set_user_attr("recipe", text)
    study.set_user_attr("goal", asdict(goal))
    return study


def with_signs_of_life(storage: str) -> RDBStorage:
    """Open a storage in which running trials give signs of life, and are tried again when these stop."""
    patient = {"connect_args": {"timeout": GRACE_S}} if storage.startswith("sqlite") else None
    return RDBStorage(
        storage,
        engine_kwargs=patient,
        heartbeat_interval=HEARTBEAT_S,
        grace_period=GRACE_S,
        heartbeat_stale_trial_callback=RetryHeartbeatStaleTrialCallback(max_retry=RETRIES),
    )


def write_best(study: optuna.Study, recipe: RunConfig, folder: Path, source: Source, goal: Goal) -> None:
    """Write the best config, as `train` takes it, and its score."""
    best = study.best_trial
    score = "validation_accuracy_with_noise" if goal.in_noise else "validation_accuracy"
    found = {
        "config": asdict(vary(recipe, **best.params)),
        "trial": best.number,
        score: best.value,
        "trials": len(numbers(study, FINISHED)),
        "synthetic": source.synthetic,
    }
    write_json(folder / BEST, found)


def draw_plots(study: optuna.Study, folder: Path, source: Source) -> None:
    """Draw Optuna's plots; most of them need two complete trials with different accuracies."""
    plots: dict[str, Callable[..., Any]] = {
        "history": charts.plot_optimization_history,
        "epochs": charts.plot_intermediate_values,
        "slices": charts.plot_slice,
        "parallel": charts.plot_parallel_coordinate,
        "importances": charts.plot_param_importances,
    }
    values = {trial.value for trial in study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))}
    if len(values) < 2:
        plots = {"history": plots["history"], "epochs": plots["epochs"]}
    mpl.use("agg")
    for name, plot in plots.items():
        # Optuna changes matplotlib's style globally.
        with mpl.rc_context(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # these plots are called experimental
            axes = plot(study)
            figure = np.ravel(axes)[0].figure
            figure.set_size_inches(*PLOT_SIZES.get(name, (8, 4.5)))
            if source.synthetic:
                figure.text(0, 1, SYNTHETIC, style="italic", verticalalignment="bottom")
            if name == "slices":  # narrow panels, whose ticks would overlap
                for panel in np.ravel(axes):
                    panel.tick_params("x", which="both", labelrotation=90)
            with mpl.rc_context({"savefig.bbox": "tight"}):  # Optuna's labels reach out of the figure
                save_figure(figure, folder / f"{name}.svg")
            plt.close(figure)
