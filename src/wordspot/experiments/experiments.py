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
from wordspot.recipes import CONTROLLED, CONTROLLED_RECIPE, RECIPES
from wordspot.tts.settings import CLIPS

SEEDS = 3
SUBJECT = "lstm"
"""The model of the controlled comparison that the other experiments vary."""

NORMALISED = ("rnn", "lstm")
"""The models of the controlled comparison that are also trained without normalising their pooled state."""

BASE = "recipe"
"""The variant that the others of an experiment are compared with."""

FEATURES: dict[str, dict[str, Any]] = {
    "20 mel bands": {"n_mels": 20},
    "80 mel bands": {"n_mels": 80},
    "13 MFCC": {"transform": "mfcc", "n_mfcc": 13},
    "40 MFCC": {"transform": "mfcc", "n_mfcc": 40},
    "PCEN": {"transform": "pcen"},
    "hop 10 ms": {"hop_ms": 10.0},
    "hop 30 ms": {"hop_ms": 30.0},
    "no RMS normalisation": {"rms_normalize": False},
    "no deltas": {"deltas": 0},
    "delta-deltas": {"deltas": 2},
}
HYPERPARAMETERS: dict[str, dict[str, Any]] = {
    "learning rate 0.0005": {"learning_rate": 5e-4},
    "learning rate 0.004": {"learning_rate": 4e-3},
    "1 layer": {"num_layers": 1},
    "3 layers": {"num_layers": 3},
    "hidden size 128": {"hidden_size": 128},
    "bidirectional, hidden size 35": {"bidirectional": True, "hidden_size": 35},
    "last state": {"pooling": "last"},
    "BatchNorm of features": {"batch_norm": True},
    "no BatchNorm of the pooled state": {"head_norm": False},
    "no dropout": {"dropout": 0.0},
    "dropout 0.4": {"dropout": 0.4},
    "SGD, learning rate 0.1": {"optimizer": "sgd", "learning_rate": 0.1, "weight_decay": 0.0},
    "40 epochs": {"epochs": 40, "patience": 40},
}
DATA_SCALING: dict[int, int] = {10: 120, 30: 80, 100: 50, 300: 25}
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
    """Models that are compared."""
    seeds: int = SEEDS
    """Runs of each variant."""
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
        """What most experiments vary: one model of the controlled comparison."""
        return self.controlled(SUBJECT)

    def controlled(self, model: str) -> RunConfig:
        """Give the config of a model of the controlled comparison."""
        return self.bounded(replace(CONTROLLED_RECIPE, model=CONTROLLED[model], corpus=self.corpus))

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


def controlled(plan: Plan) -> Experiment:
    """Train every model by one recipe, with about the same number of weights."""
    training = CONTROLLED_RECIPE.training
    return Experiment(
        "controlled",
        "What do cell and structure matter, all else being equal?",
        "All models have about 62,000 weights and are trained by one recipe, with the same features, "
        f"augmentation, learning rate and {training.epochs} epochs ({plan.seeds_note}). They are scored on "
        f"the test split.{plan.epochs_note}",
        "testing",
        {model: plan.controlled(model) for model in plan.models},
        plan.seeds,
        kind="models",
    )


def family(plan: Plan) -> Experiment:
    """Train every model by its own recipe."""
    return Experiment(
        "family",
        "Which model is best, each at its own best?",
        f"Each model has its own size and is trained by its own recipe, {plan.seeds_note}, and scored on the "
        f"test split.{plan.epochs_note}",
        "testing",
        {model: plan.bounded(replace(RECIPES[model], corpus=plan.corpus)) for model in plan.models},
        plan.seeds,
        kind="models",
    )


def head_norm(plan: Plan) -> Experiment:
    """Train models of the controlled comparison without batch normalisation of the pooled state."""
    return Experiment(
        "head-norm",
        "How much of the gap between RNN and LSTM is batch normalisation of the pooled state?",
        f"The models are {' and '.join(NORMALISED)} of the controlled comparison, which normalise the mean "
        f"of their states before the linear layer, and the same without that, {plan.seeds_note}. They are "
        f"scored on the test split.{plan.epochs_note}",
        "testing",
        {model: plan.controlled(model) for model in NORMALISED}
        | {f"{model} without": vary(plan.controlled(model), head_norm=False) for model in NORMALISED},
        plan.seeds,
        against=SUBJECT,
    )


def varied(plan: Plan, name: str, question: str, note: str, variants: dict[str, RunConfig]) -> Experiment:
    """Vary one model of the controlled comparison, whose own runs are trained once for all experiments."""
    return Experiment(
        name,
        question,
        f"The model is {SUBJECT} of the controlled comparison, {plan.seeds_note}. Accuracy is that of the "
        f"validation split, which also selected the best epoch. {note}{plan.epochs_note}",
        "validation",
        {BASE: plan.base} | variants,
        plan.seeds,
        against=BASE,
    )


def features(plan: Plan) -> Experiment:
    """Vary the features."""
    base, recipe = plan.base, plan.base.features
    return varied(
        plan,
        "features",
        "Which features?",
        f"The recipe has {recipe.n_mels} mel bands, deltas, n_fft {recipe.n_fft}, a window of "
        f"{recipe.win_ms:g} ms, a hop of {recipe.hop_ms:g} ms, and RMS normalisation.",
        {name: vary(base, **settings) for name, settings in FEATURES.items()},
    )


def hyperparameters(plan: Plan) -> Experiment:
    """Vary the hyper-parameters."""
    base, training, model = plan.base, plan.base.training, plan.base.model
    assert isinstance(model, RecurrentConfig)  # whose layers the variants change
    return varied(
        plan,
        "hyperparameters",
        "Which hyper-parameters?",
        f"The recipe has {training.optimizer} with a learning rate of {training.learning_rate:g}, "
        f"{model.num_layers} layers, a hidden size of {model.hidden_size}, dropout {model.dropout:g} and "
        f"{training.epochs} epochs; the variant with twice as many tells how far it is from the plateau.",
        {name: plan.bounded(vary(base, **settings)) for name, settings in HYPERPARAMETERS.items()},
    )


def augmentation(plan: Plan) -> Experiment:
    """Switch on one augmentation at a time."""
    base = plan.base
    known = [one for one in AUGMENTATIONS if hasattr(base.augment, one.probability)]
    off = {one.probability: 0.0 for one in known}
    on = {one.probability: one.trial for one in known}
    used = [one.title for one in known if getattr(base.augment, one.probability)]
    return varied(
        plan,
        "augmentation",
        "Which augmentation?",
        "Each augmentation is tried alone, with probability 1 (rooms, neighbours, mixup, noise and "
        f"microphones: 0.5), then all together. The recipe has {', '.join(used)}. RMS normalisation undoes a "
        "gain. Every variant is also scored in noise and on softer clips.",
        {
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
    scaling = varied(
        plan,
        "data-scaling",
        "How many training clips are needed?",
        f"Fewer clips are trained on for more epochs: {epochs}.",
        {name: vary(config, clips_per_word=count) for name, (count, config) in few.items()},
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
    "controlled": controlled,
    "family": family,
    "head-norm": head_norm,
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

    `models` are those to compare, `seeds` the runs of each variant. `epochs` limits the epochs of every run,
    for a quick look. Raises UsageError for an unknown name.
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
