"""How the models of a comparison were made, as tables: data, features, layers and training recipes."""

from collections.abc import Mapping, Sequence
from typing import Any

from wordspot.audio.augment import AUGMENTATIONS
from wordspot.config import AugmentConfig, FeatureConfig, RunConfig, TrainingConfig
from wordspot.evaluation.comparison import ModelResult
from wordspot.evaluation.tables import Table
from wordspot.figures import Source, titled
from wordspot.layout import SPLITS
from wordspot.models import MODELS
from wordspot.reporting.wording import split_name


def splits_table(data: Mapping[str, Any], source: Source) -> Table:
    """Table the clips and speakers of each split; `data` is that of a run's provenance."""
    rows = [
        [split_name(split), f"{data['clips'][split]:,}", f"{data['speakers'][split]:,}"] for split in SPLITS
    ]
    return Table(titled("Splits of the data", source), ["split", "clips", "speakers"], rows)


def features_table(models: Sequence[ModelResult], configs: Sequence[RunConfig], source: Source) -> Table:
    """Table the features, one row for the models that share them."""
    columns = ["models", "transform", "mel bands", "range", "FFT", "window", "hop", "deltas", "RMS norm."]
    rows = [describe_features(config.features) for config in configs]
    return Table(titled("Features", source), columns, shared_rows(models, rows), left=(0, 1))


def describe_features(features: FeatureConfig) -> list[str]:
    """Describe features: a row of their table."""
    return [
        f"{features.n_mfcc} MFCC" if features.transform == "mfcc" else features.transform,
        str(features.n_mels),
        f"{features.f_min_hz:g} to {features.f_max_hz:g} Hz",
        str(features.n_fft),
        f"{features.win_ms:g} ms",
        f"{features.hop_ms:g} ms",
        str(features.deltas),
        "yes" if features.rms_normalize else "no",
    ]


def models_table(models: Sequence[ModelResult], configs: Sequence[RunConfig], source: Source) -> Table:
    """Table the layers of each model, its weights and its multiply-accumulates for one clip."""
    rows = [
        [
            one.name,
            *MODELS[type(config.model)].describe(config.model),
            f"{one.parameters:,}",
            f"{one.macs / 1e6:.1f} M",
        ]
        for one, config in zip(models, configs, strict=True)
    ]
    columns = ["model", "encoder", "recurrent layers", "pooling", "dropout", "weights", "MACs"]
    return Table(titled("Layers, weights and MACs", source), columns, rows, left=(0, 1, 2, 3, 4))


def recipes_table(models: Sequence[ModelResult], configs: Sequence[RunConfig], source: Source) -> Table:
    """Table how the models are trained, one row for those that are trained alike."""
    columns = ["models", "optimiser", "rate", "decay", "batch", "epochs", "smoothing"]
    rows = [[*describe_recipe(config.training), augmentations(config.augment)] for config in configs]
    title = titled("Training recipes", source)
    return Table(title, [*columns, "augmentation"], shared_rows(models, rows), left=(0, 1, 7))


def describe_recipe(training: TrainingConfig) -> list[str]:
    """Describe a recipe, augmentation aside: a row of their table."""
    return [
        training.optimizer,
        f"{training.learning_rate:g}",
        f"{training.weight_decay:g}",
        str(training.batch_size),
        str(training.epochs),
        f"{training.label_smoothing:g}",
    ]


def augmentations(config: AugmentConfig) -> str:
    """List the augmentations that are on, each with its probability where that is not 1.

    >>> augmentations(AugmentConfig(mixup_p=0.5, time_mask_p=0))
    'time shift, mixup 0.5, frequency mask'
    """
    used = [(one.title, getattr(config, one.probability, 0)) for one in AUGMENTATIONS]
    return ", ".join(title if p == 1 else f"{title} {p:g}" for title, p in used if p) or "-"


def shared_rows(models: Sequence[ModelResult], rows: Sequence[list[str]]) -> list[list[str]]:
    """Put the names of models before their rows, once for models whose rows are equal."""
    names: dict[tuple[str, ...], list[str]] = {}
    for one, row in zip(models, rows, strict=True):
        names.setdefault(tuple(row), []).append(one.name)
    return [[", ".join(group), *row] for row, group in names.items()]
