"""A whole recogniser: from a file to a word, and what it says where there is no recogniser."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import soundfile
import torch

from tests.conftest import RATE_HZ, WORDS, synthetic_word
from tests.runs import assert_one_line, shared_run
from wordspot.analysis.evaluate import evaluate
from wordspot.config import RunConfig
from wordspot.errors import ClipError, UsageError, WordspotError
from wordspot.models.recognizer import Prediction, load
from wordspot.sound.features import to_float


@pytest.fixture
def run(tiny: RunConfig, shared_recordings: Path) -> Path:
    return shared_run(tiny, shared_recordings)


@pytest.fixture
def own_run(run: Path, tmp_path: Path) -> Path:
    """Give a copy of the run that the test may change."""
    return shutil.copytree(run, tmp_path / "run")


def write_sound(path: Path, seconds: float) -> Path:
    sound = np.tile(synthetic_word("high", np.random.default_rng(5)), 6)[: round(seconds * RATE_HZ)]
    soundfile.write(path, sound, RATE_HZ, subtype="PCM_16")
    return path


def test_recognises_words_of_another_voice(run: Path, tmp_path: Path) -> None:
    recognizer = load(run)
    for word in WORDS:
        path = tmp_path / "sound.wav"
        soundfile.write(path, synthetic_word(word, np.random.default_rng(99)), RATE_HZ, subtype="PCM_16")
        assert recognizer.predict(path).word == word


@pytest.mark.parametrize("seconds", [0.0001, 0.3, 1.0, 2.5])
def test_any_length_is_heard(run: Path, tmp_path: Path, seconds: float) -> None:
    heard = load(run).predict(write_sound(tmp_path / "sound.wav", seconds))
    assert heard.seconds == pytest.approx(seconds, abs=1 / RATE_HZ)
    assert tuple(heard.probabilities) == WORDS
    assert sum(heard.probabilities.values()) == pytest.approx(1, abs=1e-6)
    assert heard.probability == max(heard.probabilities.values()) == heard.probabilities[heard.word]


def test_a_prediction_is_without_dropout(run: Path, tmp_path: Path) -> None:
    recognizer = load(run)
    path = write_sound(tmp_path / "sound.wav", 1.0)
    assert recognizer.predict(path) == recognizer.train().predict(path)


def test_of_a_long_sound_the_first_second_is_heard(run: Path, tmp_path: Path) -> None:
    recognizer = load(run)
    long = recognizer.predict(write_sound(tmp_path / "long.wav", 2.5))
    cut = recognizer.predict(write_sound(tmp_path / "cut.wav", 1.0))
    assert long.probabilities == cut.probabilities


def test_padding_of_a_short_sound_is_not_heard(run: Path, tmp_path: Path) -> None:
    recognizer = load(run)
    path = write_sound(tmp_path / "short.wav", 0.3)
    heard = recognizer.predict(path)
    samples = to_float(torch.from_numpy(soundfile.read(path, dtype="int16")[0]))
    padded = torch.nn.functional.pad(samples, (0, RATE_HZ - len(samples)))[None]
    real = recognizer(padded, torch.tensor([len(samples)])).softmax(dim=1)[0]
    assert list(heard.probabilities.values()) == pytest.approx(real.tolist(), abs=1e-6)
    all_of_it = recognizer(padded).softmax(dim=1)[0]
    assert list(heard.probabilities.values()) != pytest.approx(all_of_it.tolist(), abs=1e-6)


def test_predicts_what_evaluation_says(own_run: Path, shared_recordings: Path) -> None:
    evaluate(own_run, shared_recordings)
    recognizer = load(own_run)
    for _, row in pd.read_csv(own_run / "predictions-testing.csv").iloc[::5].iterrows():
        heard = recognizer.predict(shared_recordings / row["path"])
        assert heard.word == row["predicted"]
        assert list(heard.probabilities.values()) == pytest.approx(row.iloc[-len(WORDS) :], abs=2e-6)


def test_prediction_is_the_likeliest_word() -> None:
    heard = Prediction({"low": 0.2, "high": 0.7, "rise": 0.1}, seconds=1.0)
    assert (heard.word, heard.probability) == ("high", 0.7)


def test_unusable_files(run: Path, tmp_path: Path) -> None:
    recognizer = load(run)
    text = tmp_path / "text.wav"
    text.write_text("no sound", encoding="utf-8")
    with pytest.raises(ClipError, match=r"text\.wav"):
        recognizer.predict(text)
    slow = tmp_path / "slow.wav"
    soundfile.write(slow, np.zeros(4000), 8000, subtype="PCM_16")
    with pytest.raises(ClipError, match="8000 Hz"):
        recognizer.predict(slow)
    assert recognizer.predict(slow, convert=True).seconds == 0.5


def test_loading_what_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no run here") as caught:
        load(tmp_path)
    assert_one_line(caught.value)


def test_loading_a_run_without_weights(own_run: Path) -> None:
    (own_run / "model.safetensors").unlink()
    with pytest.raises(UsageError, match="nothing trained here") as caught:
        load(own_run)
    assert_one_line(caught.value)


@pytest.mark.parametrize("kept", [0, 5, 500])
def test_loading_damaged_weights(own_run: Path, kept: int) -> None:
    weights = own_run / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:kept])
    with pytest.raises(WordspotError, match=r"model\.safetensors") as caught:
        load(own_run)
    assert_one_line(caught.value)


def change_model(run: Path, name: str, value: Any) -> None:
    """Change a setting of the model in a run's config."""
    path = run / "config.json"
    stored = json.loads(path.read_text(encoding="utf-8"))
    stored["config"]["model"][name] = value
    path.write_text(json.dumps(stored), encoding="utf-8")


def test_loading_weights_of_another_model(own_run: Path) -> None:
    change_model(own_run, "units", 17)
    with pytest.raises(WordspotError, match="not the weights of this run") as caught:
        load(own_run)
    assert_one_line(caught.value)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "{}", '{"config": {}}', '{"config": {}, "provenance": {"data": {}}}'],
)
def test_loading_a_damaged_config(own_run: Path, text: str) -> None:
    (own_run / "config.json").write_text(text, encoding="utf-8")
    with pytest.raises(WordspotError, match=r"config\.json") as caught:
        load(own_run)
    assert_one_line(caught.value)


@pytest.mark.parametrize(("name", "value"), [("cell", "unheard-of"), ("units", "many"), ("units", -1)])
def test_loading_a_config_that_can_not_be(own_run: Path, name: str, value: Any) -> None:
    change_model(own_run, name, value)
    with pytest.raises(WordspotError, match=r"config\.json") as caught:
        load(own_run)
    assert_one_line(caught.value)
