"""A whole recogniser: from sounds, in files or as waveforms, to words."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import soundfile
import torch
import torchaudio
from numpy.typing import NDArray

import wordspot.models.recognizer as recognizer_module
from tests.conftest import SAMPLE_RATE, WORDS, synthetic_word
from tests.helpers import assert_one_line, shared_run
from wordspot.audio.features import to_float
from wordspot.config import RunConfig
from wordspot.corpus.corpus import open_corpus
from wordspot.errors import ClipError, UsageError
from wordspot.evaluation.evaluate import evaluate
from wordspot.models.recognizer import Prediction, Recognizer, Sound
from wordspot.runs.run import load


@pytest.fixture
def run(tiny: RunConfig, shared_recordings: Path) -> Path:
    return shared_run(tiny, shared_recordings)


@pytest.fixture
def recognizer(run: Path) -> Recognizer:
    return load(run)


def word(name: str, seed: int = 99) -> NDArray[np.int16]:
    """Say a word by a voice that was never heard."""
    return synthetic_word(name, np.random.default_rng(seed))


def write_sound(path: Path, seconds: float) -> Path:
    sound = np.tile(word("high", 5), 6)[: round(seconds * SAMPLE_RATE)]
    soundfile.write(path, sound, SAMPLE_RATE, subtype="PCM_16")
    return path


def write_words(folder: Path) -> list[Path]:
    """Write each word to a file of its name."""
    paths = [folder / f"{name}.wav" for name in WORDS]
    for path in paths:
        soundfile.write(path, word(path.stem), SAMPLE_RATE, subtype="PCM_16")
    return paths


def assert_same(found: list[Prediction], expected: list[Prediction], tolerance: float = 1e-6) -> None:
    """Assert that predictions are equal but for rounding."""
    for one, other in zip(found, expected, strict=True):
        assert one.word == other.word
        assert one.seconds == other.seconds
        assert one.probabilities == pytest.approx(other.probabilities, abs=tolerance)


# Files


def test_recognises_words_of_another_voice(recognizer: Recognizer, tmp_path: Path) -> None:
    for path in write_words(tmp_path):
        assert recognizer.predict(path).word == path.stem
        assert recognizer.predict(str(path)).word == path.stem


@pytest.mark.parametrize("batch", [1, 2, 64])
def test_several_files_are_heard_as_each_by_itself(
    recognizer: Recognizer, tmp_path: Path, batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recognizer_module, "BATCH", batch)
    paths = [*write_words(tmp_path), write_sound(tmp_path / "short.wav", 0.2)]
    together = recognizer.predict(paths)
    assert [one.word for one in together[:3]] == list(WORDS)
    assert_same(together, [recognizer.predict(path) for path in paths])
    assert recognizer.predict(paths[1:2]) == [recognizer.predict(paths[1])]
    assert recognizer.predict([]) == []


def test_any_number_of_files_are_heard_a_batch_at_a_time(
    recognizer: Recognizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recognizer_module, "BATCH", 2)
    paths = [*write_words(tmp_path), write_sound(tmp_path / "long.wav", 2.5), tmp_path / "missing.wav"]
    taken = []

    def asked() -> Iterator[Path]:
        for path in paths:
            taken.append(path)
            yield path

    found = recognizer.predict_files(asked())
    assert next(found)[0] == paths[0]
    assert taken == paths[:2]
    rest = [next(found) for _ in range(3)]
    assert [path for path, _ in rest] == paths[1:4]
    assert_same([one for _, one in rest], [recognizer.predict(path) for path in paths[1:4]])
    with pytest.raises(ClipError, match=r"missing\.wav"):
        next(found)


def test_of_a_long_sound_no_more_is_kept_than_is_heard(recognizer: Recognizer, tmp_path: Path) -> None:
    clip = recognizer.read(write_sound(tmp_path / "long.wav", 2.5))
    assert clip.seconds == 2.5
    assert clip.waveform.untyped_storage().nbytes() == 4 * SAMPLE_RATE


@pytest.mark.parametrize("seconds", [0.0001, 0.3, 1.0, 2.5])
def test_any_length_is_heard(recognizer: Recognizer, tmp_path: Path, seconds: float) -> None:
    heard = recognizer.predict(write_sound(tmp_path / "sound.wav", seconds))
    assert heard.seconds == pytest.approx(seconds, abs=1 / SAMPLE_RATE)
    assert tuple(heard.probabilities) == WORDS
    assert sum(heard.probabilities.values()) == pytest.approx(1, abs=1e-6)
    assert heard.probability == max(heard.probabilities.values()) == heard.probabilities[heard.word]


def test_a_prediction_is_without_dropout(recognizer: Recognizer, tmp_path: Path) -> None:
    path = write_sound(tmp_path / "sound.wav", 1.0)
    assert recognizer.predict(path) == recognizer.train().predict(path)


def test_of_a_long_sound_the_first_second_is_heard(recognizer: Recognizer, tmp_path: Path) -> None:
    long = recognizer.predict(write_sound(tmp_path / "long.wav", 2.5))
    cut = recognizer.predict(write_sound(tmp_path / "cut.wav", 1.0))
    assert long.probabilities == cut.probabilities


def test_padding_of_a_short_sound_is_not_heard(recognizer: Recognizer, tmp_path: Path) -> None:
    path = write_sound(tmp_path / "short.wav", 0.3)
    heard = recognizer.predict(path)
    samples = to_float(torch.from_numpy(soundfile.read(path, dtype="int16")[0]))
    padded = torch.nn.functional.pad(samples, (0, SAMPLE_RATE - len(samples)))[None]
    real = recognizer(padded, torch.tensor([len(samples)])).softmax(dim=1)[0]
    assert list(heard.probabilities.values()) == pytest.approx(real.tolist(), abs=1e-6)
    all_of_it = recognizer(padded).softmax(dim=1)[0]
    assert list(heard.probabilities.values()) != pytest.approx(all_of_it.tolist(), abs=1e-6)


def test_predicts_what_evaluation_says(run: Path, shared_recordings: Path, tmp_path: Path) -> None:
    own_run = shutil.copytree(run, tmp_path / "run")
    evaluate(own_run, shared_recordings, "testing")
    recognizer = load(own_run)
    for _, row in pd.read_csv(own_run / "predictions-testing.csv").iloc[::5].iterrows():
        heard = recognizer.predict(shared_recordings / row["path"])
        assert heard.word == row["predicted"]
        assert list(heard.probabilities.values()) == pytest.approx(row.iloc[-len(WORDS) :], abs=2e-6)


def test_unusable_files(recognizer: Recognizer, tmp_path: Path) -> None:
    text = tmp_path / "text.wav"
    text.write_text("no sound", encoding="utf-8")
    with pytest.raises(ClipError, match=r"text\.wav"):
        recognizer.predict(text)
    slow = tmp_path / "slow.wav"
    soundfile.write(slow, np.zeros(4000), 8000, subtype="PCM_16")
    with pytest.raises(ClipError, match="8000 Hz"):
        recognizer.predict(slow)
    assert recognizer.predict(slow, convert=True).seconds == 0.5


# Waveforms


@pytest.mark.parametrize("name", WORDS)
def test_a_waveform_is_heard_as_its_file_is(recognizer: Recognizer, tmp_path: Path, name: str) -> None:
    write_words(tmp_path)
    samples = word(name)
    floats = samples / 32768
    waveforms: list[Sound] = [
        samples,
        floats,
        floats.astype(np.float32),
        torch.from_numpy(samples),
        torch.from_numpy(floats),
        to_float(torch.from_numpy(samples)),
    ]
    in_file = recognizer.predict(tmp_path / f"{name}.wav")
    for waveform in waveforms:
        assert_same([recognizer.predict(waveform)], [in_file])
        assert_same([recognizer.predict(waveform, sample_rate=SAMPLE_RATE)], [in_file])
    assert_same(recognizer.predict([*waveforms, tmp_path / f"{name}.wav"]), [in_file] * 7)


def test_a_batch_of_waveforms_is_heard_row_by_row(recognizer: Recognizer) -> None:
    batch = np.stack([word(name)[:9000] for name in WORDS])  # [B, S]
    single = [recognizer.predict(row) for row in batch]
    assert [one.word for one in single] == list(WORDS)
    for waveforms in (batch, batch / 32768, torch.from_numpy(batch), to_float(torch.from_numpy(batch))):
        assert_same(recognizer.predict(waveforms), single)


def test_clips_of_an_open_corpus_are_heard(recognizer: Recognizer, shared_recordings: Path) -> None:
    """Rows of its store, which are read-only."""
    corpus = open_corpus(shared_recordings, recognizer.config.corpus)
    row = int(corpus.rows("testing")[0])
    clip = corpus.store.table.iloc[row]
    heard = recognizer.predict(corpus.store.samples[row, : clip["length"]])
    assert_same([heard], [recognizer.predict(shared_recordings / clip["path"])])


@pytest.mark.parametrize("sample_rate", [22_050, 44_100, 48_000])
def test_a_waveform_of_another_rate_is_resampled(recognizer: Recognizer, sample_rate: int) -> None:
    for name in WORDS:
        samples = to_float(torch.from_numpy(word(name)))
        own = recognizer.predict(samples)
        assert own.word == name
        other = torchaudio.functional.resample(samples, SAMPLE_RATE, sample_rate)
        for waveform in (other, other.numpy(), (other * 32768).round().to(torch.int16)):
            heard = recognizer.predict(waveform, sample_rate)
            assert heard.word == name
            assert heard.seconds == pytest.approx(own.seconds, abs=1e-3)
    # A rate that is wrong is heard: it is another sound.
    assert recognizer.predict(samples, 4 * SAMPLE_RATE).probabilities != own.probabilities


@pytest.mark.parametrize("first", [np.nan, np.inf, -np.inf])
def test_samples_that_are_not_finite_are_refused(recognizer: Recognizer, first: float) -> None:
    samples = np.full(1000, 0.1)
    samples[500] = first
    for waveform in (samples, torch.from_numpy(samples), [samples], np.stack([samples, samples])):
        with pytest.raises(UsageError, match="waveform: has samples that are not finite") as caught:
            recognizer.predict(waveform)
        assert_one_line(caught.value)


@pytest.mark.parametrize("shape", [(), (0,), (3, 0), (2, 3, 100), (1, 1, 1, 5)])
def test_waveforms_of_another_shape_are_refused(recognizer: Recognizer, shape: tuple[int, ...]) -> None:
    for waveform in (np.zeros(shape), torch.zeros(shape)):
        with pytest.raises(UsageError, match=r"waveform: shape .* must be \[S\]") as caught:
            recognizer.predict(waveform)
        assert_one_line(caught.value)


def test_a_list_is_of_single_waveforms(recognizer: Recognizer) -> None:
    with pytest.raises(UsageError, match=r"waveform: shape \(2, 100\) must be \[S\]"):
        recognizer.predict([np.zeros((2, 100))])


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int32, np.int64, np.bool_])
def test_other_numbers_are_refused(recognizer: Recognizer, dtype: Any) -> None:
    with pytest.raises(UsageError, match=r"waveform: .* must be int16, or floats in \[-1, 1\]") as caught:
        recognizer.predict(np.zeros(1000, dtype))
    assert_one_line(caught.value)


@pytest.mark.parametrize("sample_rate", [0, -16_000])
def test_a_rate_that_cannot_be_is_refused(recognizer: Recognizer, sample_rate: int) -> None:
    with pytest.raises(UsageError, match=f"sample_rate: {sample_rate} must be at least 1") as caught:
        recognizer.predict(np.zeros(1000), sample_rate)
    assert_one_line(caught.value)


# Predictions


def test_prediction_is_the_likeliest_word() -> None:
    heard = Prediction({"low": 0.2, "high": 0.7, "rise": 0.1}, seconds=1.0)
    assert (heard.word, heard.probability) == ("high", 0.7)


def test_the_likeliest_words_come_first() -> None:
    heard = Prediction({"low": 0.2, "high": 0.7, "rise": 0.1}, seconds=1.0)
    assert heard.top(1) == [("high", 0.7)]
    assert heard.top(2) == [("high", 0.7), ("low", 0.2)]
    assert heard.top(9) == [("high", 0.7), ("low", 0.2), ("rise", 0.1)]


def test_the_size_is_that_of_what_training_learns(recognizer: Recognizer) -> None:
    # LSTM of 80 features and 16 units: 4 gates, two biases each; a linear layer of 16 to 3.
    assert recognizer.n_parameters == 4 * 16 * (80 + 16 + 2) + 16 * 3 + 3
    assert recognizer.device == torch.device("cpu")
