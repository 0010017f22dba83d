"""The experiments of a study as data: lists of configs, and what is asked of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from wordspot.config import CorpusConfig, RunConfig, vary
from wordspot.corpus.index import Split
from wordspot.corpus.synthetic.settings import CLIPS
from wordspot.errors import UsageError
from wordspot.recipes import RECIPES

SEEDS = 3
SHORT_EPOCHS = 6
SUBJECT = "lstm"
"""The model that all experiments but the family are about."""

BASE = "recipe"
"""The variant that the others of an experiment are tested against."""

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
    "not levelled": {"level": False},
    "no derivative": {"deltas": 0},
    "two derivatives": {"deltas": 2},
}
HYPERPARAMETERS: dict[str, dict[str, Any]] = {
    "rate 0.0005": {"learning_rate": 5e-4},
    "rate 0.001": {"learning_rate": 1e-3},
    "rate 0.004": {"learning_rate": 4e-3},
    "1 layer": {"layers": 1},
    "3 layers": {"layers": 3},
    "64 units": {"units": 64},
    "256 units": {"units": 256},
    "no dropout": {"dropout": 0.0},
    "dropout 0.4": {"dropout": 0.4},
    "Adam": {"optimizer": "adam", "weight_decay": 0.0},
    "SGD, rate 0.1": {"optimizer": "sgd", "learning_rate": 0.1, "weight_decay": 0.0},
}
SWITCHES: dict[str, str] = {
    "shift": "shift_p",
    "masked bands": "mask_bands_p",
    "masked time": "mask_ms_p",
    "gain": "gain_p",
    "speed": "speed_p",
    "background noise": "background_p",
    "colored noise": "colored_p",
    "mixup": "mixup_p",
}
AMOUNTS: dict[int, int] = {10: 60, 30: 40, 100: 24, 300: 12}
"""Training clips of each word, and the epochs that they are gone through: fewer need more."""

WORTH = "synthetic"
"""The experiment that is run only where it's named, since it needs a synthesiser."""
WORTH_MODEL = "wordspot"
RECORDED: dict[int, int] = {10: 100, 30: 75, 100: 50, 300: 35}
"""As AMOUNTS, for that experiment."""
MIXED: dict[int | None, tuple[int, int]] = {
    0: (20, 1),
    10: (15, 25),
    30: (15, 12),
    100: (15, 5),
    300: (15, 2),
    None: (20, 1),
}
"""Recorded clips of each word beside synthetic ones (all where None): the epochs, and how often an epoch goes
through the recorded ones, which is about as often as through the synthetic ones."""


@dataclass(frozen=True)
class Experiment:
    """Variants of a config to compare."""

    name: str
    question: str
    note: str
    """How the runs were made: what is shortened, which part is scored."""
    split: Split
    """The part that the variants are compared on."""
    variants: dict[str, RunConfig]
    seeds: int
    """Runs of each variant, with the seeds from 0."""
    against: str | None = None
    """The variant that each other is tested against; all pairs are tested where None."""

    def seeded(self, variant: str) -> list[RunConfig]:
        """Give the runs of a variant."""
        config = self.variants[variant]
        return [vary(config, seed=seed) for seed in range(self.seeds)]


def experiments(
    corpus: CorpusConfig,
    names: Sequence[str] = (),
    models: Sequence[str] = tuple(RECIPES),
    *,
    seeds: int = SEEDS,
    epochs: int | None = None,
) -> list[Experiment]:
    """List the program's experiments on the words of a corpus, or those of them that are named.

    The one called `synthetic` is listed only where it's named. `models` are the recipes of the family,
    `seeds` the runs of each of its models. `epochs` bounds the epochs of every run, for a quick look. Raises
    UsageError for a name that isn't known.
    """
    check_known("models", models, list(RECIPES))
    if seeds < 1 or (epochs is not None and epochs < 1):
        raise UsageError("seeds and epochs: must be at least 1")

    whole = bound_note(epochs)
    base = shortened(replace(RECIPES[SUBJECT], corpus=corpus), SHORT_EPOCHS, epochs)
    features, model, training, augment = base.features, base.model, base.training, base.augment
    off = dict.fromkeys(SWITCHES.values(), 0.0)
    few = {f"{count} a word": (count, shortened(base, wanted, epochs)) for count, wanted in AMOUNTS.items()}

    def short(name: str, question: str, note: str, variants: dict[str, RunConfig]) -> Experiment:
        made = (
            f"The model is {SUBJECT}; a shortened recipe, {training.epochs} epochs and one seed. Scored on "
            f"the validation part, from which the best epoch was chosen too. {note}{whole}"
        )
        return Experiment(name, question, made, "validation", variants, seeds=1, against=BASE)

    found = [
        Experiment(
            "family",
            "Which model is best?",
            f"The whole recipe of each model, {runs_of_each(seeds)}; scored on the test part.{whole}",
            "testing",
            {model: bounded(replace(RECIPES[model], corpus=corpus), epochs) for model in models},
            seeds,
        ),
        short(
            "features",
            "Which features?",
            f"The recipe has {features.n_mels} mel bands, {features.deltas} derivative, n_fft "
            f"{features.n_fft} and a hop of {features.hop_ms:g} ms, and levels the clips.",
            {BASE: base} | {name: vary(base, **settings) for name, settings in FEATURES.items()},
        ),
        short(
            "hyperparameters",
            "Which hyper-parameters?",
            f"The recipe has {training.optimizer} at a rate of {training.learning_rate:g}, {model.layers} "
            f"layers of {model.units} units and a dropout of {model.dropout:g}.",
            {BASE: base} | {name: vary(base, **settings) for name, settings in HYPERPARAMETERS.items()},
        ),
        short(
            "augmentation",
            "Which augmentation?",
            "Each is tried alone, on every clip (noise and mixup: on half), then all together. The recipe "
            f"has {', '.join(name for name, switch in SWITCHES.items() if getattr(augment, switch))}. Gain "
            "changes nothing where clips are levelled. So few epochs favour few changes.",
            {
                BASE: base,
                "none": vary(base, **off),
                **{name: vary(base, **off | {switch: share(switch)}) for name, switch in SWITCHES.items()},
                "all": vary(base, **{switch: share(switch) for switch in off}),
            },
        ),
        short(
            "amounts",
            "How many clips does it take?",
            "Fewer clips are gone through more often: "
            + ", ".join(f"{name} {config.training.epochs} times" for name, (_, config) in few.items())
            + ".",
            {name: vary(config, clips_per_word=count) for name, (count, config) in few.items()}
            | {BASE: base},
        ),
    ]
    check_known("experiments", names, [*(one.name for one in found), WORTH])
    if WORTH in names:
        found.append(worth_of_synthetic_speech(corpus, seeds, epochs))
    return [one for one in found if not names or one.name in names]


def worth_of_synthetic_speech(corpus: CorpusConfig, seeds: int, most: int | None) -> Experiment:
    """Vary the recorded training clips, with synthetic ones beside them and without."""
    recipe = replace(RECIPES[WORTH_MODEL], corpus=replace(corpus, synthetic=0))
    alone = {
        f"{count} recorded": vary(shortened(recipe, wanted, most), clips_per_word=count)
        for count, wanted in RECORDED.items()
    } | {BASE: bounded(recipe, most)}
    mixed = {
        f"{'all' if count is None else count} and synthetic": vary(
            shortened(recipe, wanted, most), synthetic=CLIPS, clips_per_word=count, recorded_times=times
        )
        for count, (wanted, times) in MIXED.items()
    }

    def epochs(variants: dict[str, RunConfig]) -> str:
        return ", ".join(f"{config.training.epochs} for {name}" for name, config in variants.items())

    return Experiment(
        WORTH,
        "What is synthetic speech worth?",
        f"The model is {WORTH_MODEL}, {runs_of_each(seeds)}; scored on the test part, which is recorded, as "
        "is the validation part. The recipe has all recorded training clips; the others have so many of each "
        f"word, or {CLIPS} synthetic ones of each beside them, or both. Epochs: {epochs(alone | mixed)}. "
        "Beside synthetic ones an epoch goes through recorded ones more often, if they are fewer: "
        + ", ".join(f"{times} times for {count}" for count, (_, times) in MIXED.items() if times > 1)
        + f".{bound_note(most)}",
        "testing",
        mixed | alone,
        seeds,
        against=BASE,
    )


def bounded(config: RunConfig, most: int | None) -> RunConfig:
    """Bound the epochs of a run."""
    return config if most is None else vary(config, epochs=min(config.training.epochs, most))


def shortened(config: RunConfig, wanted: int, most: int | None) -> RunConfig:
    """Give a run other epochs, and patience for all of them: the schedule is to come to its end."""
    wanted = wanted if most is None else min(wanted, most)
    return vary(config, epochs=wanted, patience=max(wanted, config.training.patience))


def runs_of_each(seeds: int) -> str:
    """Say how many runs there are."""
    return f"{seeds} runs of each with other seeds" if seeds > 1 else "one run of each"


def bound_note(most: int | None) -> str:
    """Say that runs are bounded."""
    return "" if most is None else f" No run has more epochs than {most}, though: --epochs."


def share(switch: str) -> float:
    """Share of the clips that an augmentation changes where it is tried: half by noise and mixup."""
    return 0.5 if switch in ("background_p", "colored_p", "mixup_p") else 1.0


def check_known(what: str, names: Sequence[str], known: Sequence[str]) -> None:
    """Raise UsageError for a name that isn't among those known."""
    strangers = [name for name in names if name not in known]
    if strangers:
        raise UsageError(f"{what}: {', '.join(strangers)} not among {', '.join(known)}")
