"""Settings that can't be meant, and the way to JSON and back."""

import json
from collections.abc import Callable
from dataclasses import FrozenInstanceError, asdict, replace
from math import inf, nan
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from tests.helpers import assert_one_line
from wordspot.config import (
    SILENCE,
    UNKNOWN,
    AugmentConfig,
    BCResNetConfig,
    CorpusConfig,
    FeatureConfig,
    RecurrentConfig,
    RunConfig,
    Runtime,
    TrainingConfig,
    differences,
    vary,
)
from wordspot.errors import UsageError
from wordspot.recipes import RECIPES, read_recipe, recipe
from wordspot.schema import validated

IMPOSSIBLE: list[tuple[str, type[object], dict[str, Any]]] = [
    ("words", CorpusConfig, {"words": ("yes",)}),
    ("words", CorpusConfig, {"words": ()}),
    ("words", CorpusConfig, {"words": ("yes", "no", "yes")}),
    # Unknown words and silence without a word to tell them from: nothing says how many there should be.
    ("words", CorpusConfig, {"words": (), "unknown": True, "silence": True}),
    ("seconds", CorpusConfig, {"seconds": 0}),
    ("seconds", CorpusConfig, {"seconds": -1}),
    ("seconds", CorpusConfig, {"seconds": nan}),
    ("seconds", CorpusConfig, {"seconds": inf}),
    ("sample_rate", CorpusConfig, {"sample_rate": 0}),
    ("hop_ms", FeatureConfig, {"hop_ms": 0}),
    ("hop_ms", FeatureConfig, {"hop_ms": -20}),
    ("hop_ms", FeatureConfig, {"hop_ms": inf}),
    ("hop_ms", RunConfig, {"features": FeatureConfig(hop_ms=0.03)}),
    ("win_ms", FeatureConfig, {"win_ms": 0}),
    ("win_ms", FeatureConfig, {"win_ms": inf}),
    ("win_ms", RunConfig, {"features": FeatureConfig(win_ms=0.03)}),
    ("win_ms", RunConfig, {"features": FeatureConfig(win_ms=40.1)}),
    ("win_ms", RunConfig, {"features": FeatureConfig(n_fft=512)}),
    ("n_fft", FeatureConfig, {"n_fft": 0}),
    ("n_mels", FeatureConfig, {"n_mels": 0}),
    ("n_mfcc", FeatureConfig, {"n_mfcc": 0}),
    ("n_mfcc", FeatureConfig, {"transform": "mfcc", "n_mfcc": 41}),
    ("f_min_hz", FeatureConfig, {"f_min_hz": -1}),
    ("f_min_hz", FeatureConfig, {"f_min_hz": 4000, "f_max_hz": 4000}),
    ("f_max_hz", RunConfig, {"features": FeatureConfig(f_max_hz=8001)}),
    ("f_max_hz", RunConfig, {"corpus": CorpusConfig(sample_rate=8000)}),
    ("shift_ms", AugmentConfig, {"shift_ms": -1}),
    ("shift_ms", AugmentConfig, {"shift_ms": inf}),
    ("freq_mask_bins", AugmentConfig, {"freq_mask_bins": -1}),
    ("time_mask_ms", AugmentConfig, {"time_mask_ms": -1}),
    ("time_mask_ms", AugmentConfig, {"time_mask_ms": inf}),
    ("gain_db", AugmentConfig, {"gain_db": -1}),
    ("mixup_p", AugmentConfig, {"mixup_p": 1.1}),
    ("background_noise_p", AugmentConfig, {"background_noise_p": -0.1}),
    ("speed_perturb", AugmentConfig, {"speed_perturb": 1.0}),
    ("mixup_alpha", AugmentConfig, {"mixup_alpha": 0.0}),
    ("snr_min_db", AugmentConfig, {"snr_min_db": 30.0}),
    ("label_smoothing", TrainingConfig, {"label_smoothing": 1.0}),
    ("channels", RecurrentConfig, {"channels": 0}),
    ("hidden_size", RecurrentConfig, {"hidden_size": 30, "pooling": "multi-head"}),
    ("hidden_size", RecurrentConfig, {"hidden_size": 31, "pooling": "multi-head", "bidirectional": True}),
    ("hidden_size", RecurrentConfig, {"hidden_size": 0}),
    ("num_layers", RecurrentConfig, {"num_layers": 0}),
    ("dropout", RecurrentConfig, {"dropout": 1}),
    ("dropout", RecurrentConfig, {"dropout": -0.1}),
    ("scale", BCResNetConfig, {"scale": 0}),
    ("dropout", BCResNetConfig, {"dropout": 1}),
    ("weight_average", TrainingConfig, {"weight_average": 1.0}),
    ("teacher_weight", TrainingConfig, {"teacher_weight": 1.1}),
    ("room_p", AugmentConfig, {"room_p": -0.1}),
    ("microphone_p", AugmentConfig, {"microphone_p": 1.1}),
    ("sub_bands", BCResNetConfig, {"sub_bands": 0}),
    ("threads", Runtime, {"threads": 0}),
    ("epochs", TrainingConfig, {"epochs": 0}),
    ("batch_size", TrainingConfig, {"batch_size": 0}),
    ("patience", TrainingConfig, {"patience": 0}),
    ("learning_rate", TrainingConfig, {"learning_rate": 0}),
    ("learning_rate", TrainingConfig, {"learning_rate": inf}),
    ("clip_norm", TrainingConfig, {"clip_norm": 0}),
    ("weight_decay", TrainingConfig, {"weight_decay": -1}),
    ("weight_decay", TrainingConfig, {"weight_decay": inf}),
    ("warmup", TrainingConfig, {"warmup": 1}),
    ("warmup", TrainingConfig, {"warmup": -0.1}),
    ("seed", TrainingConfig, {"seed": -1}),
    ("seed", TrainingConfig, {"seed": 2**31}),
]

POSSIBLE: dict[str, Callable[[], object]] = {
    "as many coefficients as bands": lambda: FeatureConfig(transform="mfcc", n_mfcc=40),
    "log-mel doesn't care for coefficients": lambda: FeatureConfig(n_mfcc=41),
    "a window of n_fft": lambda: RunConfig(features=FeatureConfig(win_ms=40)),
    "bands up to half the rate": lambda: RunConfig(features=FeatureConfig(f_max_hz=8000)),
    "a hop of one sample": lambda: RunConfig(features=FeatureConfig(hop_ms=0.0625)),
    "one word and the others": lambda: CorpusConfig(words=("yes",), unknown=True),
    "clips shorter than the Fourier transform": lambda: RunConfig(corpus=CorpusConfig(seconds=0.032)),
    "no changes": lambda: AugmentConfig(shift_ms=0, freq_mask_bins=0, time_mask_ms=0),
    "no dropout, warmup, decay": lambda: RunConfig(
        RecurrentConfig(dropout=0), training=TrainingConfig(warmup=0, weight_decay=0)
    ),
}

OTHER = RunConfig(
    model=RecurrentConfig(cell="rnn", hidden_size=3, num_layers=1, pooling="last", dropout=0.125),
    corpus=CorpusConfig(words=("café", "no"), unknown=True, silence=True, seconds=0.5, sample_rate=8000),
    features=FeatureConfig("mfcc", 10, 20, 256, 25, 10, 0, 4000, False, 2),
    augment=AugmentConfig(10, 1, 20),
    training=TrainingConfig(2, 3, "sgd", 0.1, 0.25, 0, 0.5, 4, 0.25, ("a", "b"), 0.75, "c", "last", 5, 6),
)


@pytest.mark.parametrize(
    ("name", "config", "settings"), IMPOSSIBLE, ids=[str(settings) for _, _, settings in IMPOSSIBLE]
)
def test_impossible_settings_are_refused_in_one_line_that_names_them(
    name: str, config: type[object], settings: dict[str, Any]
) -> None:
    with pytest.raises(UsageError) as error:
        config(**settings)
    message = str(error.value)
    assert message.startswith(name)
    assert "\n" not in message


@pytest.mark.parametrize("make", POSSIBLE.values(), ids=POSSIBLE)
def test_settings_on_the_edge_are_taken(make: Callable[[], object]) -> None:
    make()


@pytest.mark.parametrize("config", [*RECIPES.values(), OTHER], ids=[*RECIPES, "other"])
def test_json_and_back(config: RunConfig) -> None:
    text = json.dumps(asdict(config))
    assert validated(RunConfig, json.loads(text)) == config
    assert TypeAdapter(RunConfig).validate_json(text) == config


def test_classes_are_the_words_then_the_added_ones() -> None:
    words = ("b", "a")
    assert CorpusConfig(words=words).classes == ("b", "a")
    assert CorpusConfig(words=words, unknown=True).classes == ("b", "a", UNKNOWN)
    assert CorpusConfig(words=words, silence=True).classes == ("b", "a", SILENCE)
    assert CorpusConfig(words=words, unknown=True, silence=True).classes == ("b", "a", UNKNOWN, SILENCE)


def test_samples_are_seconds_at_the_rate() -> None:
    assert CorpusConfig().samples == 16_000
    assert CorpusConfig(seconds=0.5, sample_rate=8000).samples == 4000


def test_differences_name_each_setting_that_differs() -> None:
    one = RunConfig()
    other = replace(
        one,
        corpus=replace(one.corpus, words=("a", "b"), unknown=True),
        model=RecurrentConfig(cell="rnn"),
    )
    assert differences(one, RunConfig()) == []
    assert differences(one.model, other.model) == ["cell lstm against rnn"]
    found = differences(other, one)
    assert len(found) == 3
    assert "cell rnn against lstm" in found
    assert "unknown True against False" in found
    assert any(line.startswith("words ('a', 'b') against ('yes', ") for line in found)


def test_models_of_two_kinds_differ_as_a_whole() -> None:
    one, other = RECIPES["lstm"], replace(RECIPES["lstm"], model=BCResNetConfig())
    (found,) = differences(one, other)
    assert found == f"model {one.model} against {other.model}"
    assert "\n" not in found


def test_a_setting_that_is_not_known_is_refused() -> None:
    stored = asdict(RECIPES["lstm"])
    stored["training"]["momentum"] = 0.9
    with pytest.raises(UsageError, match="momentum: no such setting") as caught:
        validated(RunConfig, stored)
    assert_one_line(caught.value)
    with pytest.raises(UsageError, match="momentum: no such setting"):
        TrainingConfig(momentum=0.9)  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("config", "settings", "message"),
    [
        (TrainingConfig, {"epochs": 0}, "epochs: 0 must be at least 1"),
        (TrainingConfig, {"epochs": "many"}, "epochs: Input should be a valid integer"),
        (TrainingConfig, {"learning_rate": 0.0}, "learning_rate: 0.0 must be over 0.0"),
        (TrainingConfig, {"learning_rate": nan}, "learning_rate: nan must be a finite number"),
        (TrainingConfig, {"warmup": 1}, "warmup: 1 must be under 1.0"),
        (TrainingConfig, {"optimizer": "lion"}, "optimizer: lion must be 'adamw', 'adam' or 'sgd'"),
        (TrainingConfig, {"rate": 0.1}, "rate: no such setting"),
        (AugmentConfig, {"mixup_p": 1.5}, "mixup_p: 1.5 must be at most 1.0"),
        (FeatureConfig, {"deltas": 3}, "deltas: 3 must be 0, 1 or 2"),
    ],
)
def test_a_message_says_what_a_setting_may_be(
    config: type[object], settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(UsageError) as caught:
        config(**settings)
    assert_one_line(caught.value)
    assert str(caught.value).startswith(message)


def test_settings_are_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        RunConfig().training.epochs = 5  # type: ignore[misc]


def test_an_older_config_without_a_setting_has_its_default() -> None:
    stored = asdict(RECIPES["wordspot"])
    del stored["augment"]["mixup_p"]
    assert validated(RunConfig, stored) == vary(RECIPES["wordspot"], mixup_p=0.0)


def test_two_directions_share_an_even_state_among_the_heads() -> None:
    assert RecurrentConfig(hidden_size=30, pooling="multi-head", bidirectional=True).state_size == 60


def test_no_two_parts_share_the_name_of_a_setting() -> None:
    names = [setting for part in asdict(RunConfig()).values() for setting in part]
    assert len(names) == len(set(names))


def test_settings_vary_by_name_wherever_they_stand() -> None:
    config = vary(RECIPES["lstm"], hidden_size=5, n_mels=20, mixup_p=0.25, seed=7)
    assert set(differences(config, RECIPES["lstm"])) == {
        "hidden_size 5 against 128",
        "n_mels 20 against 40",
        "mixup_p 0.25 against 0.5",
        "seed 7 against 0",
    }
    with pytest.raises(UsageError, match="nonsense: no such setting"):
        vary(RECIPES["lstm"], nonsense=1)


def test_a_recipe_goes_by_its_name_with_settings_changed_by_theirs() -> None:
    assert recipe("gru") == RECIPES["gru"]
    assert recipe("gru", hidden_size=5, seed=7) == vary(RECIPES["gru"], hidden_size=5, seed=7)
    for name, settings, message in (
        ("gru2", {}, "recipe: 'gru2' must be one of rnn, lstm, bilstm, gru, "),
        ("gru", {"nonsense": 1}, "nonsense: no such setting"),
        ("gru", {"hidden_size": 0}, "hidden_size: 0 must be at least 1"),
        ("bc-resnet", {"hidden_size": 5}, "hidden_size: no such setting"),
    ):
        with pytest.raises(UsageError) as caught:
            recipe(name, **settings)
        assert_one_line(caught.value)
        assert str(caught.value).startswith(message)


def test_a_recipe_is_read_from_a_file_or_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"config": asdict(OTHER), "provenance": "somewhere"}), encoding="utf-8")
    assert read_recipe(path) == OTHER
    for text in ("", "[]", "{}", '{"config": 3}', '{"config": {"training": {"epochs": 0}}}'):
        path.write_text(text)
        with pytest.raises(UsageError) as error:
            read_recipe(path)
        assert str(error.value).startswith(f"{path}: not a config")
        assert "\n" not in str(error.value)
    with pytest.raises(UsageError, match="No such file"):
        read_recipe(tmp_path / "nowhere.json")
