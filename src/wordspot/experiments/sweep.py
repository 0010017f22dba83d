"""Search for a better config: Optuna proposes, short trainings answer on the validation split."""

import json
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import optuna
from matplotlib import pyplot as plt
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.exceptions import StorageInternalError
from optuna.trial import TrialState
from optuna.visualization import matplotlib as charts
from rich.console import Console

from wordspot.config import RunConfig, Runtime, vary
from wordspot.corpus.corpus import Corpus, open_corpus
from wordspot.errors import DivergedError, UsageError, WordspotError
from wordspot.figures import SYNTHETIC, Source, save_figure
from wordspot.files import alone_in, output_folder, write_json
from wordspot.runs.metrics import Metrics
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

FINISHED = (TrialState.COMPLETE, TrialState.PRUNED)
BEST = "best.json"
PLOT_SIZES = {"slices": (3.0 * len(SPACE), 4.0), "parallel": (16.0, 5.0)}


class PrunedError(Exception):
    """Ends a trial that does worse than the others did by that epoch."""


def sweep(
    recipe: RunConfig,
    data: str | Path,
    out: str | Path,
    runtime: Runtime = Runtime(),
    *,
    name: str = "sweep",
    storage: str | None = None,
    trials: int = 20,
) -> Path:
    """Search the settings of SPACE around a recipe until the Optuna study has `trials` finished trials.

    The first trial is the recipe itself, so that the best is no worse. The study `name` lives in `storage`
    (an Optuna URL; a file in `out` by default). Every process started with the same two works on it, each
    with its own folder `out`. A trial whose best epoch is worse than the median of the others at that epoch
    is pruned. Leaves one run per trial, Optuna's plots (SVG), and
    best.json, which `train` takes in place of a recipe; gives its path. Raises UsageError for a storage that
    can't be opened, a study of another recipe or a folder in which another process is at work, WordspotError
    for a storage that fails, and what `train` raises.
    """
    refuse_torchrun("sweep")
    if trials < 1:
        raise UsageError(f"trials: {trials} must be at least 1")
    folder = output_folder(Path(out))
    # Opened once: what is wrong with the corpus must not count as a failed trial.
    corpus = open_corpus(data, recipe.corpus, runtime)
    space = space_of(recipe, with_noise=bool(corpus.noises))
    storage = storage or f"sqlite:///{(folder / 'sweep.db').resolve()}"
    with alone_in(folder), storing(storage):
        study = open_study(name, storage, recipe)
        study.enqueue_trial(settings_of(recipe, space), skip_if_exists=True)
        search(study, space, recipe, corpus, folder, runtime, trials)
        write_best(study, recipe, folder, corpus)
        draw_plots(study, folder, corpus)
    return folder / BEST


def search(
    study: optuna.Study,
    space: Mapping[str, Searched],
    recipe: RunConfig,
    corpus: Corpus,
    folder: Path,
    runtime: Runtime,
    trials: int,
) -> None:
    """Run trials until the study has as many finished ones. Raises WordspotError where none is complete."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    while (finished := count_finished(study)) < trials:
        trial = study.ask(dict(space))
        run = folder / f"trial-{trial.number:04}"
        console.print(f"{run.name}: {finished} of {trials} finished; {describe(trial.params)}")

        def report(line: Metrics, trial: optuna.Trial = trial) -> None:
            trial.report(line["validation_accuracy"], line["epoch"])
            if trial.should_prune():
                raise PrunedError

        try:
            config = vary(recipe, **trial.params)
            trained = train(config, corpus, run, runtime, after_epoch=report)
            study.tell(trial, max(line["validation_accuracy"] for line in trained.metrics))
        except (PrunedError, DivergedError):
            study.tell(trial, state=TrialState.PRUNED)
        except BaseException:
            with suppress(StorageInternalError):  # what came first is told
                study.tell(trial, state=TrialState.FAIL)
            raise
    if not study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,)):
        raise WordspotError(f"{folder}: every trial was pruned: raise --trials")


@contextmanager
def storing(storage: str) -> Iterator[None]:
    """Turn what Optuna's storage raises meanwhile, as on a full disk, into a WordspotError that names it."""
    try:
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


def count_finished(study: optuna.Study) -> int:
    """Count the trials that are complete or pruned."""
    return len(study.get_trials(deepcopy=False, states=FINISHED))


def describe(settings: dict[str, Any]) -> str:
    """Name settings in one line.

    >>> describe({"learning_rate": 0.00123456, "num_layers": 2})
    'learning_rate 0.00123, num_layers 2'
    """
    return ", ".join(f"{name} {value:.3g}" for name, value in settings.items())


def open_study(name: str, storage: str, recipe: RunConfig) -> optuna.Study:
    """Open or create a study. Raises UsageError where that fails or the study has another recipe."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    # Workers must not propose the same settings, so the sampler is not seeded.
    pruner = optuna.pruners.MedianPruner(n_startup_trials=4, n_warmup_steps=2)
    begin = partial(
        optuna.create_study, study_name=name, direction="maximize", pruner=pruner, load_if_exists=True
    )
    try:
        try:
            study = begin(storage=storage)
        except Exception:  # two workers created the storage at once: now it is there
            time.sleep(1)
            study = begin(storage=storage)
    except Exception as error:  # whatever the storage's driver raises
        reason = str(error).splitlines()[0]
        raise UsageError(f"storage: {storage} can't be opened ({reason})") from None
    text = json.dumps(asdict(recipe))
    if study.user_attrs.get("recipe", text) != text:
        raise UsageError(f"name: the study {name} has another recipe: choose another --name")
    study.set_user_attr("recipe", text)
    return study


def write_best(study: optuna.Study, recipe: RunConfig, folder: Path, source: Source) -> None:
    """Write the best config, as `train` takes it, and its validation accuracy."""
    best = study.best_trial
    found = {
        "config": asdict(vary(recipe, **best.params)),
        "trial": best.number,
        "validation_accuracy": best.value,
        "trials": count_finished(study),
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
