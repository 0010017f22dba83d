"""What the tests share: a small corpus of synthetic words, and the real clips where a machine has them."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from numpy.typing import NDArray

from tests.helpers import fetched, shared_run
from wordspot.config import AugmentConfig, CorpusConfig, RecurrentConfig, RunConfig, TrainingConfig, vary
from wordspot.deploy.export import export_onnx
from wordspot.deploy.page import RUNTIME, write_page
from wordspot.experiments.experiments import Experiment
from wordspot.experiments.study import Result, run_study
from wordspot.files import write_json
from wordspot.layout import split_of
from wordspot.runs.run import THRESHOLDS

SAMPLE_RATE = 16_000
WORDS = ("low", "high", "rise")
SPEAKERS = {"training": 8, "validation": 3, "testing": 3}

torch.set_num_threads(1)


def synthetic_word(word: str, draw: np.random.Generator) -> NDArray[np.int16]:
    """Make 0.6 to 1 s of a tone at 400 Hz, at 1600 Hz, or rising from the one to the other, in noise."""
    seconds = draw.uniform(0.6, 1.0)
    times = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    first, last = {"low": (400, 400), "high": (1600, 1600), "rise": (400, 1600)}[word]
    phase = 2 * np.pi * (first * times + (last - first) * times**2 / (2 * seconds))
    sound = draw.uniform(0.2, 0.6) * np.sin(phase) + 0.01 * draw.standard_normal(len(times))
    return (sound * 32767).astype(np.int16)


def speaker_names(split: str, count: int) -> list[str]:
    """Name the first speakers that the data set's rule puts into a part."""
    names = (f"speaker{number}" for number in range(10_000))
    found = [name for name in names if split_of(name) == split]
    return found[:count]


def write_corpus(root: Path) -> Path:
    """Write a corpus of WORDS, two clips of each by each speaker of SPEAKERS, the same every time."""
    draw = np.random.default_rng(7)
    for word in WORDS:
        (root / word).mkdir(parents=True)
        for split, count in SPEAKERS.items():
            for speaker in speaker_names(split, count):
                for number in range(2):
                    path = root / word / f"{speaker}_nohash_{number}.wav"
                    soundfile.write(path, synthetic_word(word, draw), SAMPLE_RATE, subtype="PCM_16")
    return root


def write_samples(
    path: Path,
    samples: Sequence[int] | NDArray[np.int16],
    sample_rate: int = SAMPLE_RATE,
    subtype: str = "PCM_16",
) -> Path:
    """Write 16-bit samples to a new sound file, and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.asarray(samples, dtype=np.int16), sample_rate, subtype=subtype)
    return path


def noise(count: int, seed: int = 0) -> NDArray[np.int16]:
    """Draw samples over the whole range, no two stretches of which are alike."""
    return np.random.default_rng(seed).integers(-32768, 32768, count, dtype=np.int16)


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the user's cache folder out of the tests; they share one of their own."""
    monkeypatch.setenv("WORDSPOT_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))


@pytest.fixture(scope="session")
def shared_recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a corpus of synthetic words that no test may change."""
    return write_corpus(tmp_path_factory.mktemp("shared") / "recordings")


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    """Give a corpus of synthetic words that the test may change."""
    return write_corpus(tmp_path / "recordings")


@pytest.fixture
def noisy_recordings(recordings: Path) -> Path:
    """Give a corpus of synthetic words with two recordings of background noise, of odd lengths."""
    for number, count in enumerate((200_001, 217_357)):
        write_samples(recordings / "_background_noise_" / f"noise{number}.wav", noise(count, number))
    return recordings


@pytest.fixture(scope="session")
def tiny() -> RunConfig:
    """Give a config that learns the synthetic words in a few seconds."""
    return RunConfig(
        model=RecurrentConfig(cell="lstm", hidden_size=16, num_layers=1, dropout=0.1),
        corpus=CorpusConfig(words=WORDS),
        augment=AugmentConfig(shift_ms=50, freq_mask_bins=4, time_mask_ms=40),
        training=TrainingConfig(epochs=4, batch_size=8, learning_rate=0.01, seed=3),
    )


@pytest.fixture
def tiny_run(tiny: RunConfig, shared_recordings: Path) -> Path:
    """Give a trained run with thresholds for a stream of sound, that no test may change."""
    run = shared_recordings.parent / "listening"
    if not run.exists():
        shutil.copytree(shared_run(tiny, shared_recordings), run)
        write_json(run / THRESHOLDS, dict.fromkeys(WORDS, 0.7))
    return run


@pytest.fixture
def exported(tiny_run: Path) -> Path:
    """Give that run as an ONNX file that no test may change."""
    path = tiny_run.with_name("run.onnx")
    return path if path.exists() else export_onnx(tiny_run, path, licence="CC0, by nobody")


@pytest.fixture
def page(exported: Path) -> Path:
    """Give the page of that run, that no test may change; skips the test where npm can't fetch the rest."""
    fetched(RUNTIME)
    folder = exported.with_name("page")
    return folder if folder.exists() else write_page(exported, folder)


@pytest.fixture(scope="session")
def shared_study(
    shared_recordings: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, Result]]:
    """Give a study of tiny models, in which no test may change a run, and its results by their names."""
    folder = tmp_path_factory.mktemp("study") / "study"
    lstm = RunConfig(
        RecurrentConfig(hidden_size=8, num_layers=1),
        CorpusConfig(words=WORDS),
        training=TrainingConfig(epochs=2, batch_size=8, learning_rate=0.01),
    )
    family = {
        "rnn": vary(lstm, cell="rnn"),
        "lstm": lstm,
        "wordspot": vary(lstm, encoder="residual", channels=4, bidirectional=True),
    }
    features = {"recipe": lstm, "20 mel bands": vary(lstm, n_mels=20)}
    amounts = {"recipe": lstm, "4 a word": vary(lstm, clips_per_word=4)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORDSPOT_CACHE", str(folder.parent / "cache"))  # `_own_cache` comes after this
        results = run_study(
            [
                Experiment(
                    "family", "Which model is best?", "Two epochs.", "testing", family, 2, kind="models"
                ),
                Experiment("features", "Which features?", "Short.", "validation", features, 1, "recipe"),
                Experiment("data-scaling", "How many?", "", "validation", amounts, 1, "recipe", "scaling"),
            ],
            shared_recordings,
            folder,
        )
    return folder, {result.name: result for result in results}


@pytest.fixture(scope="session")
def real_clips() -> Path:
    """Give a torchaudio root that holds real clips of Speech Commands."""
    root = os.environ.get("SPEECH_COMMANDS")
    if not root:
        pytest.skip("needs real clips: name a folder that holds SpeechCommands/ with SPEECH_COMMANDS=")
    return Path(root)
