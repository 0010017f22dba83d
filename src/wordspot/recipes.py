"""A starting point for each model, chosen on the validation split of real clips, and recipes from files."""

from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from wordspot.config import (
    AugmentConfig,
    BCResNetConfig,
    FeatureConfig,
    ModelConfig,
    RecurrentConfig,
    RunConfig,
    TrainingConfig,
    vary,
)
from wordspot.errors import UsageError
from wordspot.files import read_json
from wordspot.schema import validated

STRONG = AugmentConfig(background_noise_p=0.5, speed_perturb_p=0.5, mixup_p=0.5)
"""Augmentation for models that would otherwise overfit."""

LONG = TrainingConfig(epochs=30, patience=30, label_smoothing=0.1)
"""Strong augmentation takes more epochs."""

STATIC = FeatureConfig(deltas=0)
"""Convolutions find derivatives by themselves."""

LSTM = RunConfig(
    RecurrentConfig(cell="lstm", head_norm=True), augment=replace(STRONG, freq_mask_bins=4), training=LONG
)
BILSTM = vary(LSTM, bidirectional=True, hidden_size=96)
SEARCHED_BILSTM = vary(
    BILSTM,
    hidden_size=64,
    num_layers=3,
    dropout=0.3,
    learning_rate=4.7e-3,
    batch_size=128,
    weight_decay=0.075,
    shift_ms=180.0,
    freq_mask_bins=8,
    time_mask_ms=120.0,
    background_noise_p=0.55,
    speed_perturb_p=0.6,
    mixup_p=0.3,
)
HYBRID = replace(vary(BILSTM, num_layers=1, pooling="additive", channels=24), features=STATIC, augment=STRONG)
CNN_LSTM = vary(
    HYBRID,
    encoder="conv2d",
    hidden_size=64,
    dropout=0.3,
    learning_rate=4e-3,
    batch_size=32,
    weight_decay=2e-3,
    shift_ms=120.0,
    freq_mask_bins=0,
    time_mask_ms=40.0,
    background_noise_p=0.8,
    speed_perturb_p=1.0,
    mixup_p=0.1,
)


def _small(cell: Literal["rnn", "lstm", "gru"], hidden_size: int, **layers: Any) -> RecurrentConfig:
    return RecurrentConfig(cell=cell, hidden_size=hidden_size, head_norm=True, **layers)


_HYBRID = {"bidirectional": True, "num_layers": 1}
CONTROLLED: dict[str, ModelConfig] = {
    "rnn": _small("rnn", 129),
    "lstm": _small("lstm", 59),
    "bilstm": _small("lstm", 35, bidirectional=True),
    "gru": _small("gru", 70),
    "attention": _small("lstm", 33, bidirectional=True, pooling="additive"),
    "cnn-lstm-1d": _small("lstm", 32, encoder="conv1d", channels=14, **_HYBRID),
    "cnn-lstm": _small("lstm", 28, encoder="conv2d", channels=10, pooling="additive", **_HYBRID),
    "wordspot": _small("lstm", 30, encoder="residual", channels=12, pooling="additive", **_HYBRID),
    "bc-resnet": BCResNetConfig(scale=3.2),
}
"""The models with about 62,000 weights each, for ten words: cell and structure differ, size does not."""

CONTROLLED_RECIPE = RunConfig(
    augment=replace(STRONG, mixup_p=0.0, freq_mask_bins=4, time_mask_ms=100.0),
    training=TrainingConfig(epochs=20, patience=20),
)
"""The one recipe with which they are trained: augmentation that models of this size still learn under."""

RECIPES: dict[str, RunConfig] = {
    "rnn": vary(LSTM, cell="rnn"),
    "lstm": LSTM,
    "bilstm": SEARCHED_BILSTM,
    "gru": vary(LSTM, cell="gru"),
    "attention": vary(BILSTM, pooling="additive"),
    "cnn-lstm-1d": vary(HYBRID, encoder="conv1d", channels=32, pooling="mean"),
    "cnn-lstm": CNN_LSTM,
    "wordspot": vary(HYBRID, encoder="residual"),
    "bc-resnet": replace(
        vary(HYBRID, epochs=25, patience=25),
        model=BCResNetConfig(),
        features=FeatureConfig(deltas=0, win_ms=30.0, hop_ms=10.0),
    ),
}
"""For each model but bc-resnet the best of five trials of `wordspot sweep --in-noise` with at most 500,000
weights, by validation accuracy on clean clips and in noise; the first trial was the recipe of before, and
values found are rounded (reports/sweeps.json)."""

DESCRIPTIONS = {
    "rnn": "Elman network: the plain recurrent baseline.",
    "lstm": "Long short-term memory.",
    "bilstm": "Bidirectional LSTM.",
    "gru": "Gated recurrent unit.",
    "attention": "Bidirectional LSTM with additive attention.",
    "cnn-lstm-1d": "Convolutions over time, bidirectional LSTM.",
    "cnn-lstm": "Convolutions over time and frequency, bidirectional LSTM, additive attention.",
    "wordspot": "Residual convolutions, bidirectional LSTM, additive attention.",
    "bc-resnet": "BC-ResNet-3: broadcast residual convolutions, no recurrent layer.",
}


def recipe(name: str, **settings: Any) -> RunConfig:
    """Give a recipe by its name, with settings changed by theirs. Raises UsageError for an unknown name.

    >>> recipe("lstm", hidden_size=64).model.hidden_size
    64
    """
    if name not in RECIPES:
        raise UsageError(f"recipe: {name!r} must be one of {', '.join(RECIPES)}")
    return vary(RECIPES[name], **settings)


def read_recipe(path: Path) -> RunConfig:
    """Read a config as `train` takes it: the config.json of a run, or the best.json of a sweep.

    Raises UsageError where there is none, or one of another version.
    """
    try:
        return validated(RunConfig, read_json(path)["config"])
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}: name a recipe, or the config.json of a run") from None
    except (KeyError, TypeError):
        reason = "config is missing"
    except (ValueError, UsageError) as error:
        reason = str(error).splitlines()[0]
    raise UsageError(
        f"{path}: not a config of this version of wordspot ({reason}): name the config.json of a newer run"
    )
