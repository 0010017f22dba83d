"""docs/listening.md: its commands and its Python run."""

import re
import shlex
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

import wordspot
from tests.cli.conftest import call_main
from tests.conftest import SAMPLE_RATE, noise
from tests.helpers import fetched
from tests.tts.conftest import espeak_alone as espeak_alone
from wordspot.deploy.page import RUNTIME
from wordspot.deploy.sound import Microphone
from wordspot.files import read_json
from wordspot.reporting.stream_table import stream_table
from wordspot.runs.run import Run

PROJECT = Path(__file__).parents[1]
PAGE = (PROJECT / "docs" / "listening.md").read_text(encoding="utf-8")


def blocks_of(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


class Noise(Microphone):
    """A microphone that hears three seconds of noise."""

    def __init__(self) -> None:
        self.sample_rate = SAMPLE_RATE

    def __iter__(self) -> Iterator[NDArray[np.float32]]:
        for seed in range(30):
            yield (noise(1600, seed) / 32768).astype(np.float32)[:, None]


@contextmanager
def open_noise(device: str | None = None) -> Iterator[Microphone]:
    yield Noise()


@pytest.mark.usefixtures("espeak_alone")
def test_the_commands_and_the_python(
    tiny_run: Path,
    shared_recordings: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(tiny_run, "runs/lstm")
    Path("recordings").symlink_to(shared_recordings)
    soundfile.write("long.wav", noise(2 * SAMPLE_RATE), SAMPLE_RATE)
    monkeypatch.setattr(wordspot, "open_microphone", open_noise, raising=False)
    monkeypatch.setattr("wordspot.deploy.sound.open_microphone", open_noise)
    commands = [line for block in blocks_of("sh") for line in block.splitlines()]
    assert len(commands) == 7
    for line in commands:
        program, *arguments = shlex.split(line)
        assert program == "wordspot"
        if arguments[0] != "page":  # needs npm: test_the_page runs it
            assert call_main(*arguments) == 0, line
    assert Path("wordspot.onnx").is_file()
    assert Path("lstm.onnx").is_file()
    assert Path("runs/lstm/thresholds.json").is_file()
    assert Path("stream/stream-testing.json").is_file()
    capsys.readouterr()
    scope: dict[str, Any] = {"ws": wordspot, "blocks": [noise(4_410, seed) for seed in range(15)]}
    exec("\n".join(blocks_of("python")), scope)
    assert capsys.readouterr().out.splitlines()[0] in wordspot.load("wordspot").classes
    detector = scope["detector"]
    assert isinstance(detector, wordspot.Detector)
    assert set(Path("mistaken").iterdir()) == set(scope["mistaken"])


def test_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fetched(RUNTIME)
    monkeypatch.chdir(tmp_path)
    (line,) = [line for block in blocks_of("sh") for line in block.splitlines() if " page " in line]
    assert call_main(*shlex.split(line)[1:]) == 0
    assert (tmp_path / "page" / "index.html").is_file()
    megabytes = sum(path.stat().st_size for path in (tmp_path / "page").iterdir()) / 1e6
    assert f"The folder takes {megabytes:.0f} MB" in PAGE


def test_the_scores_of_the_kept_recogniser_are_those_of_its_evaluation() -> None:
    found = read_json(PROJECT / "reports/live/stream-testing.json")
    assert found["recogniser"] == "wordspot-live"
    assert Run("wordspot-live").thresholds == found["thresholds"]
    table = stream_table(found)
    card = (Path(Run("wordspot-live")) / "README.md").read_text(encoding="utf-8")
    assert table.to_markdown() in card
    for name, words, missed, interval, rate, rates, latency in table.rows:
        misses = "-" if missed == "-" else f"{missed} ({interval})"
        times = "-" if latency == "-" else latency.replace(" (", " ms (").replace(")", " ms)")
        assert f"| {name} | {words} | {misses} | {rate} ({rates}) | {times} |" in PAGE
