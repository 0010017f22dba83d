"""wordspot export, wordspot detect: what they print, and how they end."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from tests.cli.conftest import Command, assert_one_line, program
from tests.conftest import SAMPLE_RATE
from tests.deploy.test_detector import SAID, in_blocks, recording
from wordspot.deploy.onnx_file import OnnxRecognizer
from wordspot.deploy.sound import Microphone

MISSING = "has no classes for other words and silence"


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    """Give a recording in which SAID is said."""
    path = tmp_path / "my long.wav"
    soundfile.write(path, recording(), SAMPLE_RATE, subtype="PCM_16")
    return path


def test_words_of_a_file_as_text(wordspot: Command, tiny_run: Path, sound: Path) -> None:
    ran = wordspot("detect", tiny_run, sound)
    assert ran.code == 0
    assert ran.err.count("\n") == 1
    assert MISSING in ran.err
    lines = [line.split(maxsplit=4) for line in ran.out.splitlines()]
    assert [line[2] for line in lines] == list(SAID)
    for start, end, _, confidence, path in lines:
        assert float(start) < float(end)
        assert 70 <= float(confidence.removesuffix("%")) <= 100
        assert path == str(sound)


def test_words_of_files_as_json(wordspot: Command, exported: Path, sound: Path) -> None:
    ran = wordspot("detect", exported, sound, sound.parent, "--json", "--step-ms", 50, "--smoothing", 4)
    assert ran.code == 0
    lines = [json.loads(line) for line in ran.out.splitlines()]
    assert [line["word"] for line in lines] == list(SAID) * 2
    assert set(lines[0]) == {"path", "word", "start", "end", "confidence", "told"}
    assert all(line["start"] < line["end"] <= line["told"] for line in lines)


def test_a_threshold(wordspot: Command, tiny_run: Path, sound: Path) -> None:
    ran = wordspot("detect", tiny_run, sound, "--threshold", 1)
    assert (ran.code, ran.out) == (0, "")


def test_a_file_that_cannot_be_used(wordspot: Command, tiny_run: Path, sound: Path) -> None:
    short = sound.with_name("a short.wav")
    soundfile.write(short, recording()[:100], SAMPLE_RATE)
    ran = wordspot("detect", tiny_run, sound.parent)
    assert ran.code == 1
    assert ran.err.splitlines()[-1] == f"wordspot: {short}: 0.01 s is shorter than the window of 1 s"
    ran = wordspot("detect", tiny_run, sound.parent, "--skip-bad")
    assert ran.code == 0
    assert f"left out {short}" in ran.err
    assert len(ran.out.splitlines()) == len(SAID)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ("{run}", "name sound files or folders, or listen to the --microphone"),
        ("{run} {sound} --microphone", "name sound files or folders, or listen"),
        ("{run} {sound} --device cuda", "detect runs on the CPU"),
        ("{run} absent.wav", "absent.wav: no such file or folder"),
        ("absent {sound}", "no run here"),
        ("absent.onnx {sound}", "no such file"),
        ("{run} {sound} --step-ms 0", "step_ms"),
        ("{run} {sound} --threshold 2", "threshold"),
        ("{run} {sound} --stateful", "can't follow a stream frame by frame"),
    ],
)
def test_wrong_use(wordspot: Command, tiny_run: Path, sound: Path, arguments: str, reason: str) -> None:
    given = [word.format(run=tiny_run, sound=sound) for word in arguments.split()]
    ran = wordspot("detect", *given)
    assert ran.code == 2
    assert reason in ran.err.splitlines()[-1]
    assert "Traceback" not in ran.err


class Recorded(Microphone):
    """A microphone that plays a recording, until Ctrl-C."""

    def __init__(self) -> None:
        self.sample_rate = SAMPLE_RATE

    def __iter__(self) -> Iterator[NDArray[np.float32]]:
        yield from ((block / 32768).astype(np.float32)[:, None] for block in in_blocks(recording(), 1600))
        raise KeyboardInterrupt


def test_a_microphone_until_ctrl_c(
    wordspot: Command, tiny_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    @contextmanager
    def open_it(device: str | None) -> Iterator[Microphone]:
        asked.append(device)
        yield Recorded()

    monkeypatch.setattr("wordspot.deploy.sound.open_microphone", open_it)
    ran = wordspot("detect", tiny_run, "--microphone", "--input", "USB", "--json")
    assert ran.code == 0
    assert asked == ["USB"]
    lines = [json.loads(line) for line in ran.out.splitlines()]
    assert [line["word"] for line in lines] == list(SAID)
    assert "path" not in lines[0]
    assert "listening for low, high, rise; Ctrl-C ends" in ran.err
    assert ran.err.endswith("listened for 13.0 s\n")


def test_who_reads_may_stop(tiny_run: Path, sound: Path) -> None:
    with subprocess.Popen(
        [program(), "detect", tiny_run, sound], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as it:
        assert it.stdout is not None
        assert it.stderr is not None
        assert SAID[0] in it.stdout.readline()
        it.stdout.close()
        assert "Traceback" not in it.stderr.read()


def test_an_export_names_the_next_command(wordspot: Command, tiny_run: Path, tmp_path: Path) -> None:
    out = tmp_path / "it.onnx"
    ran = wordspot("export", tiny_run, "--out", out, "--licence", "CC0")
    assert ran.code == 0
    assert ran.out.splitlines()[-1] == f"next: wordspot detect {out} --microphone"
    assert OnnxRecognizer(out).metadata["licence"] == "CC0"


def test_an_export_in_8_bits(
    wordspot: Command,
    tiny_run: Path,
    exported: Path,
    tmp_path: Path,
    shared_recordings: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def export(_: object, out: Path, **_settings: object) -> Path:
        out.write_bytes(exported.read_bytes())
        return out

    monkeypatch.setattr("wordspot.deploy.export.export_onnx", export)
    out = tmp_path / "it.onnx"
    ran = wordspot("export", tiny_run, "--out", out, "--int8", "--data", shared_recordings, "--force")
    assert ran.code == 0
    assert "8-bit weights" in ran.out
    assert out.stat().st_size < exported.stat().st_size
    monkeypatch.setattr("wordspot.deploy.quantize.LARGEST_LOSS", -1.0)
    ran = wordspot("export", tiny_run, "--out", out, "--int8", "--data", shared_recordings)
    assert_one_line(ran, 1)
    assert "--force" in ran.err
