"""Settings that can't be meant, the way to JSON and back, and what importing them costs."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from math import inf, nan
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from wordspot.config import (
    SILENCE,
    UNKNOWN,
    AugmentConfig,
    CorpusConfig,
    FeatureConfig,
    RecurrentConfig,
    RunConfig,
    TrainingConfig,
    differences,
    read_recipe,
    vary,
)
from wordspot.errors import UsageError
from wordspot.recipes import RECIPES

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
    ("seconds", RunConfig, {"corpus": CorpusConfig(seconds=0.032)}),
    ("rate_hz", CorpusConfig, {"rate_hz": 0}),
    ("hop_ms", FeatureConfig, {"hop_ms": 0}),
    ("hop_ms", FeatureConfig, {"hop_ms": -20}),
    ("hop_ms", FeatureConfig, {"hop_ms": inf}),
    ("hop_ms", RunConfig, {"features": FeatureConfig(hop_ms=0.03)}),
    ("win_ms", FeatureConfig, {"win_ms": 0}),
    ("win_ms", FeatureConfig, {"win_ms": inf}),
    ("win_ms", RunConfig, {"features": FeatureConfig(win_ms=0.03)}),
    ("win_ms", RunConfig, {"features": FeatureConfig(win_ms=64.1)}),
    ("win_ms", RunConfig, {"features": FeatureConfig(n_fft=512)}),
    ("n_fft", FeatureConfig, {"n_fft": 0}),
    ("n_mels", FeatureConfig, {"n_mels": 0}),
    ("n_mfcc", FeatureConfig, {"n_mfcc": 0}),
    ("n_mfcc", FeatureConfig, {"transform": "mfcc", "n_mfcc": 41}),
    ("f_min_hz", FeatureConfig, {"f_min_hz": -1}),
    ("f_min_hz", FeatureConfig, {"f_min_hz": 4000, "f_max_hz": 4000}),
    ("f_max_hz", RunConfig, {"features": FeatureConfig(f_max_hz=8001)}),
    ("f_max_hz", RunConfig, {"corpus": CorpusConfig(rate_hz=8000)}),
    ("shift_ms", AugmentConfig, {"shift_ms": -1}),
    ("shift_ms", AugmentConfig, {"shift_ms": inf}),
    ("mask_bands", AugmentConfig, {"mask_bands": -1}),
    ("mask_ms", AugmentConfig, {"mask_ms": -1}),
    ("mask_ms", AugmentConfig, {"mask_ms": inf}),
    ("gain_db", AugmentConfig, {"gain_db": -1}),
    ("mixup_p", AugmentConfig, {"mixup_p": 1.1}),
    ("background_p", AugmentConfig, {"background_p": -0.1}),
    ("speed", AugmentConfig, {"speed": 1.0}),
    ("mixup", AugmentConfig, {"mixup": 0.0}),
    ("snr_low_db", AugmentConfig, {"snr_low_db": 30.0}),
    ("label_smoothing", TrainingConfig, {"label_smoothing": 1.0}),
    ("channels", RecurrentConfig, {"channels": 0}),
    ("units", RecurrentConfig, {"units": 30, "pooling": "multi-head"}),
    ("units", RecurrentConfig, {"units": 31, "pooling": "multi-head", "bidirectional": True}),
    ("units", RecurrentConfig, {"units": 0}),
    ("layers", RecurrentConfig, {"layers": 0}),
    ("dropout", RecurrentConfig, {"dropout": 1}),
    ("dropout", RecurrentConfig, {"dropout": -0.1}),
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
    "a window of n_fft": lambda: RunConfig(features=FeatureConfig(win_ms=64)),
    "bands up to half the rate": lambda: RunConfig(features=FeatureConfig(f_max_hz=8000)),
    "a hop of one sample": lambda: RunConfig(features=FeatureConfig(hop_ms=0.0625)),
    "one word and the others": lambda: CorpusConfig(words=("yes",), unknown=True),
    "no changes": lambda: AugmentConfig(shift_ms=0, mask_bands=0, mask_ms=0),
    "no dropout, warmup, decay": lambda: RunConfig(
        RecurrentConfig(dropout=0), training=TrainingConfig(warmup=0, weight_decay=0)
    ),
}

OTHER = RunConfig(
    model=RecurrentConfig(cell="rnn", units=3, layers=1, pooling="last", dropout=0.125),
    corpus=CorpusConfig(words=("café", "no"), unknown=True, silence=True, seconds=0.5, rate_hz=8000),
    features=FeatureConfig("mfcc", 10, 20, 256, 25, 10, 0, 4000, False, 2),
    augment=AugmentConfig(10, 1, 20),
    training=TrainingConfig(2, 3, "sgd", 0.1, 0.25, 0, 0.5, 4, 5),
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
    assert TypeAdapter(RunConfig).validate_python(json.loads(text)) == config
    assert TypeAdapter(RunConfig).validate_json(text) == config


def test_classes_are_the_words_then_the_added_ones() -> None:
    words = ("b", "a")
    assert CorpusConfig(words=words).classes == ("b", "a")
    assert CorpusConfig(words=words, unknown=True).classes == ("b", "a", UNKNOWN)
    assert CorpusConfig(words=words, silence=True).classes == ("b", "a", SILENCE)
    assert CorpusConfig(words=words, unknown=True, silence=True).classes == ("b", "a", UNKNOWN, SILENCE)


def test_samples_are_seconds_at_the_rate() -> None:
    assert CorpusConfig().samples == 16_000
    assert CorpusConfig(seconds=0.5, rate_hz=8000).samples == 4000


def test_differences_name_each_setting_that_differs() -> None:
    one = RunConfig()
    other = replace(
        one,
        corpus=replace(one.corpus, words=("a", "b"), unknown=True),
        model=replace(one.model, cell="rnn"),
    )
    assert differences(one, RunConfig()) == []
    assert differences(one.model, other.model) == ["cell lstm against rnn"]
    found = differences(other, one)
    assert len(found) == 3
    assert "cell rnn against lstm" in found
    assert "unknown True against False" in found
    assert any(line.startswith("words ('a', 'b') against ('yes', ") for line in found)


@pytest.mark.parametrize("module", ["wordspot", "wordspot.config", "wordspot.cli"])
def test_importing_loads_nothing_heavy(module: str) -> None:
    code = f"import sys, {module}; print({{'torch', 'numpy', 'pandas', 'matplotlib'}} & set(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "set()\n"


def test_a_setting_that_is_not_known_is_refused() -> None:
    stored = asdict(RECIPES["lstm"])
    stored["training"]["momentum"] = 0.9
    with pytest.raises(ValidationError, match="momentum"):
        TypeAdapter(RunConfig).validate_python(stored)


def test_two_directions_share_an_even_state_among_the_heads() -> None:
    assert RecurrentConfig(units=30, pooling="multi-head", bidirectional=True).state_size == 60


def test_no_two_parts_share_the_name_of_a_setting() -> None:
    names = [setting for part in asdict(RunConfig()).values() for setting in part]
    assert len(names) == len(set(names))


def test_settings_vary_by_name_wherever_they_stand() -> None:
    config = vary(RECIPES["lstm"], units=5, n_mels=20, mixup_p=0.25, seed=7)
    assert set(differences(config, RECIPES["lstm"])) == {
        "units 5 against 128",
        "n_mels 20 against 40",
        "mixup_p 0.25 against 0.5",
        "seed 7 against 0",
    }
    with pytest.raises(UsageError, match="nonsense: no such setting"):
        vary(RECIPES["lstm"], nonsense=1)


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
