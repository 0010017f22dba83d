"""The experiments of a study as data: lists of configs, and the question that they answer.

To add an experiment, write a function from a `Plan` to an `Experiment` and give it a name in EXPERIMENTS.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from wordspot.audio.augment import AUGMENTATIONS
from wordspot.config import CorpusConfig, RecurrentConfig, RunConfig, vary
from wordspot.errors import UsageError
from wordspot.layout import Split
from wordspot.recipes import RECIPES
from wordspot.tts.settings import CLIPS

SEEDS = 3
SHORT_EPOCHS = 6
SUBJECT = "lstm"
"""The model of all experiments but the family."""

BASE = "recipe"
"""The variant that the others of an experiment are compared with."""

FEATURES: dict[str, dict[str, Any]] = {
    "20 mel bands": {"n_mels": 20},
    "80 mel bands": {"n_mels": 80},
    "13 MFCC": {"transform": "mfcc", "n_mfcc": 13},
    "20 MFCC": {"transform": "mfcc", "n_mfcc": 20},
    "40 MFCC": {"transform": "mfcc", "n_mfcc": 40},
    "n_fft 640": {"n_fft": 640},
    "n_fft 2048": {"n_fft": 2048},
    "hop 10 ms": {"hop_ms": 10.0},
    "hop 30 ms": {"hop_ms": 30.0},
    "no RMS normalisation": {"rms_normalize": False},
    "no deltas": {"deltas": 0},
    "delta-deltas": {"deltas": 2},
}
HYPERPARAMETERS: dict[str, dict[str, Any]] = {
    "learning rate 0.0005": {"learning_rate": 5e-4},
    "learning rate 0.001": {"learning_rate": 1e-3},
    "learning rate 0.004": {"learning_rate": 4e-3},
    "1 layer": {"num_layers": 1},
    "3 layers": {"num_layers": 3},
    "hidden size 64": {"hidden_size": 64},
    "hidden size 256": {"hidden_size": 256},
    "no dropout": {"dropout": 0.0},
    "dropout 0.4": {"dropout": 0.4},
    "Adam": {"optimizer": "adam", "weight_decay": 0.0},
    "SGD, learning rate 0.1": {"optimizer": "sgd", "learning_rate": 0.1, "weight_decay": 0.0},
}
DATA_SCALING: dict[int, int] = {10: 60, 30: 40, 100: 24, 300: 12}
"""Training clips of each word, and the epochs of training on them: fewer clips need more epochs."""

SYNTHETIC_MODEL = "wordspot"
RECORDED: dict[int, int] = {10: 100, 30: 75, 100: 50, 300: 35}
"""As DATA_SCALING, for the experiment on synthetic speech."""
MIXED: dict[int | None, tuple[int, int]] = {
    0: (20, 1),
    10: (15, 25),
    30: (15, 12),
    100: (15, 5),
    300: (15, 2),
    None: (20, 1),
}
"""Recorded clips of each word beside synthetic ones (all where None): the epochs, and the passes over the
recorded clips in an epoch, so that both kinds are seen about equally often."""


@dataclass(frozen=True)
class Experiment:
    """Variants of a config to compare."""

    name: str
    question: str
    note: str
    """How the runs were made: what is shortened, which split is scored."""
    split: Split
    """The split on which the variants are compared."""
    variants: dict[str, RunConfig]
    seeds: int
    """Runs of each variant, with seeds from 0."""
    against: str | None = None
    """The variant that every other is tested against; all pairs are tested where None."""
    kind: Literal["models", "settings", "scaling"] = "settings"
    """What its variants are: models, changed settings, or numbers of training clips."""

    def seeded(self, variant: str) -> list[RunConfig]:
        """Give the configs of the runs of a variant."""
        config = self.variants[variant]
        return [vary(config, seed=seed) for seed in range(self.seeds)]

    def configs(self) -> list[RunConfig]:
        """Give the configs of all runs."""
        return [config for variant in self.variants for config in self.seeded(variant)]


@dataclass(frozen=True)
class Plan:
    """What a study is asked for."""

    corpus: CorpusConfig
    models: tuple[str, ...] = tuple(RECIPES)
    """Recipes in the family."""
    seeds: int = SEEDS
    """Runs of each model of the family."""
    epochs: int | None = None
    """Most epochs of any run, for a quick look."""

    def bounded(self, config: RunConfig) -> RunConfig:
        """Bound the epochs of a run."""
        return (
            config if self.epochs is None else vary(config, epochs=min(config.training.epochs, self.epochs))
        )

    def lasting(self, config: RunConfig, epochs: int) -> RunConfig:
        """Give a run other epochs, and patience for all of them, so that its schedule comes to its end."""
        epochs = epochs if self.epochs is None else min(epochs, self.epochs)
        return vary(config, epochs=epochs, patience=max(epochs, config.training.patience))

    @property
    def base(self) -> RunConfig:
        """The shortened recipe that most experiments vary."""
        return self.lasting(replace(RECIPES[SUBJECT], corpus=self.corpus), SHORT_EPOCHS)

    @property
    def seeds_note(self) -> str:
        """How many runs there are of each variant."""
        return "one seed each" if self.seeds == 1 else f"{self.seeds} seeds each"

    @property
    def epochs_note(self) -> str:
        """That the epochs are bounded, where they are."""
        if self.epochs is None:
            return ""
        return f" All runs are limited to {self.epochs} epoch{'s' * (self.epochs > 1)} (--epochs)."


def family(plan: Plan) -> Experiment:
    """Train every model by its own recipe."""
    return Experiment(
        "family",
        "Which model is best?",
        f"Each model is trained by its own recipe, {plan.seeds_note}, and scored on the test split."
        f"{plan.epochs_note}",
        "testing",
        {model: plan.bounded(replace(RECIPES[model], corpus=plan.corpus)) for model in plan.models},
        plan.seeds,
        kind="models",
    )


def short(plan: Plan, name: str, question: str, note: str, variants: dict[str, RunConfig]) -> Experiment:
    """Vary the shortened recipe of one model."""
    epochs = plan.base.training.epochs
    return Experiment(
        name,
        question,
        f"The model is {SUBJECT} with a recipe shortened to {epochs} epochs and one seed. Accuracy is that "
        f"of the validation split, which also selected the best epoch. {note}{plan.epochs_note}",
        "validation",
        variants,
        seeds=1,
        against=BASE,
    )


def features(plan: Plan) -> Experiment:
    """Vary the features."""
    base, recipe = plan.base, plan.base.features
    return short(
        plan,
        "features",
        "Which features?",
        f"The recipe has {recipe.n_mels} mel bands, {recipe.deltas} order of deltas, n_fft {recipe.n_fft}, a "
        f"hop of {recipe.hop_ms:g} ms, and RMS normalisation.",
        {BASE: base} | {name: vary(base, **settings) for name, settings in FEATURES.items()},
    )


def hyperparameters(plan: Plan) -> Experiment:
    """Vary the hyper-parameters."""
    base, training, model = plan.base, plan.base.training, plan.base.model
    assert isinstance(model, RecurrentConfig)  # whose layers the variants change
    return short(
        plan,
        "hyperparameters",
        "Which hyper-parameters?",
        f"The recipe has {training.optimizer} with a learning rate of {training.learning_rate:g}, "
        f"{model.num_layers} layers, a hidden size of {model.hidden_size} and dropout {model.dropout:g}.",
        {BASE: base} | {name: vary(base, **settings) for name, settings in HYPERPARAMETERS.items()},
    )


def augmentation(plan: Plan) -> Experiment:
    """Switch on one augmentation at a time."""
    base = plan.base
    known = [one for one in AUGMENTATIONS if hasattr(base.augment, one.probability)]
    off = {one.probability: 0.0 for one in known}
    on = {one.probability: one.trial for one in known}
    used = [one.title for one in known if getattr(base.augment, one.probability)]
    return short(
        plan,
        "augmentation",
        "Which augmentation?",
        "Each augmentation is tried alone, with probability 1 (noise and mixup: 0.5), then all together. The "
        f"recipe has {', '.join(used)}. RMS normalisation undoes a gain. A schedule as short as this favours "
        "weak augmentation.",
        {
            BASE: base,
            "none": vary(base, **off),
            **{one.title: vary(base, **off | {one.probability: one.trial}) for one in known},
            "all": vary(base, **on),
        },
    )


def data_scaling(plan: Plan) -> Experiment:
    """Train on fewer clips."""
    base = plan.base
    few = {f"{count} a word": (count, plan.lasting(base, epochs)) for count, epochs in DATA_SCALING.items()}
    epochs = ", ".join(f"{config.training.epochs} for {name}" for name, (_, config) in few.items())
    scaling = short(
        plan,
        "data-scaling",
        "How many training clips are needed?",
        f"Fewer clips are trained on for more epochs: {epochs}.",
        {name: vary(config, clips_per_word=count) for name, (count, config) in few.items()} | {BASE: base},
    )
    return replace(scaling, kind="scaling")


def synthetic(plan: Plan) -> Experiment:
    """Vary the recorded training clips, with synthetic ones beside them and without."""
    recipe = replace(RECIPES[SYNTHETIC_MODEL], corpus=replace(plan.corpus, synthetic=0))
    alone = {
        f"{count} recorded": vary(plan.lasting(recipe, epochs), clips_per_word=count)
        for count, epochs in RECORDED.items()
    } | {BASE: plan.bounded(recipe)}
    mixed = {
        f"{'all' if count is None else count} and synthetic": vary(
            plan.lasting(recipe, epochs), synthetic=CLIPS, clips_per_word=count, recorded_times=times
        )
        for count, (epochs, times) in MIXED.items()
    }
    epochs = ", ".join(f"{config.training.epochs} for {name}" for name, config in (alone | mixed).items())
    repeated = ", ".join(f"{times} for {count}" for count, (_, times) in MIXED.items() if times > 1)
    return Experiment(
        "synthetic",
        "What is synthetic speech worth?",
        f"The model is {SYNTHETIC_MODEL}, {plan.seeds_note}, scored on the test split. Validation and test "
        "clips are recordings. The recipe has all recorded training clips; the variants have that many of "
        f"each word, {CLIPS} synthetic clips of each word, or both. Epochs: {epochs}. Few recorded clips are "
        f"repeated in an epoch, beside synthetic ones: {repeated} times.{plan.epochs_note}",
        "testing",
        mixed | alone,
        plan.seeds,
        against=BASE,
        kind="scaling",
    )


EXPERIMENTS: dict[str, Callable[[Plan], Experiment]] = {
    "family": family,
    "features": features,
    "hyperparameters": hyperparameters,
    "augmentation": augmentation,
    "data-scaling": data_scaling,
    "synthetic": synthetic,
}
"""Every experiment, by name."""

ON_REQUEST = ("synthetic",)
"""Experiments that run only where they are named: this one needs a synthesiser."""


def list_experiments(
    corpus: CorpusConfig,
    names: Sequence[str] = (),
    models: Sequence[str] = tuple(RECIPES),
    *,
    seeds: int = SEEDS,
    epochs: int | None = None,
) -> list[Experiment]:
    """List the experiments on the words of a corpus, or those of them that are named.

    `models` are the recipes of the family, `seeds` the runs of each of its models. `epochs` limits the epochs
    of every run, for a quick look. Raises UsageError for an unknown name.
    """
    check_known("models", models, list(RECIPES))
    check_known("experiments", names, list(EXPERIMENTS))
    if not models:
        raise UsageError(f"models: name at least one of {', '.join(RECIPES)}")
    if seeds < 1 or (epochs is not None and epochs < 1):
        raise UsageError("seeds and epochs: must be at least 1")
    plan = Plan(corpus, tuple(models), seeds, epochs)
    wanted = names or [name for name in EXPERIMENTS if name not in ON_REQUEST]
    return [make(plan) for name, make in EXPERIMENTS.items() if name in wanted]


def check_known(what: str, names: Sequence[str], known: Sequence[str]) -> None:
    """Raise UsageError for a name that is not among those known."""
    unknown = [name for name in names if name not in known]
    if unknown:
        raise UsageError(f"{what}: {', '.join(unknown)} must be among {', '.join(known)}")
