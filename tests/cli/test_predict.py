"""wordspot predict: many files, in batches, with a bar where there is a terminal."""

import json
import os
import subprocess
from pathlib import Path

import pytest
import torch

import wordspot.models.recognizer as module
from tests.cli.conftest import Command, program
from tests.conftest import write_samples
from wordspot.models.recognizer import Recognizer
from wordspot.runs.run import load


def test_many_files_are_told_as_each_by_itself(
    wordspot: Command, trained: dict[str, Path], shared_recordings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BATCH", 4)
    files = sorted(shared_recordings.glob("*/*.wav"))[:18:2]  # the last batch is not full
    ran = wordspot("predict", *files, "--run", trained["lstm"], "--json")
    assert (ran.code, ran.err) == (0, "")
    recognizer = load(trained["lstm"])
    lines = [json.loads(line) for line in ran.out.splitlines()]
    assert [line["path"] for line in lines] == [str(path) for path in files]
    for line in lines:
        alone = recognizer.predict(line["path"])
        assert line["word"] == alone.word
        assert line["probabilities"] == pytest.approx(alone.probabilities, abs=1e-5)


def test_bad_files_are_left_out_of_their_batch(
    wordspot: Command, trained: dict[str, Path], shared_recordings: Path, tmp_path: Path
) -> None:
    good = sorted(shared_recordings.glob("*/*.wav"))[:3]
    bad = tmp_path / "bad.wav"
    bad.write_text("no sound")
    ran = wordspot("predict", good[0], bad, *good[1:], "--run", trained["lstm"], "--skip-bad")
    assert ran.code == 0
    assert [line.split()[-1] for line in ran.out.splitlines()] == [str(path) for path in good]
    assert ran.err.splitlines() == [f"wordspot: left out {bad}: not a readable sound file"]
    nothing = wordspot("predict", bad, "--run", trained["lstm"], "--skip-bad")
    assert (nothing.code, nothing.out) == (0, "")


@pytest.mark.parametrize("verb", ["predict", "evaluate"])
def test_threads_are_those_that_are_asked_for(
    verb: str,
    wordspot: Command,
    own_run: Path,
    shared_recordings: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    threads = []
    forward = Recognizer.forward

    def watched(*arguments: torch.Tensor) -> torch.Tensor:
        threads.append(torch.get_num_threads())
        return forward(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Recognizer, "forward", watched)
    clip = next(shared_recordings.glob("*/*.wav"))
    options = ["predict", clip, "--run", own_run] if verb == "predict" else ["evaluate", own_run]
    options += ["--data", shared_recordings] if verb == "evaluate" else []
    for count in (1, 2):
        threads.clear()
        assert wordspot(*options, "--threads", count).code == 0
        assert set(threads) == {count}


def read_terminal(leader: int) -> str:
    """Read what was written to a terminal, until all who write to it have ended."""
    found = b""
    try:
        while block := os.read(leader, 4096):
            found += block
    except OSError:  # as a closed terminal reads on Linux
        pass
    os.close(leader)
    return found.decode()


@pytest.mark.skipif(os.name != "posix", reason="needs a pseudo-terminal")
@pytest.mark.parametrize("out_too", [False, True])
def test_the_bar_is_on_the_terminal_alone(
    out_too: bool, trained: dict[str, Path], shared_recordings: Path, tmp_path: Path
) -> None:
    clip = next(shared_recordings.glob("low/*.wav"))
    long = write_samples(tmp_path / "long.wav", [0] * 20_000)
    leader, terminal = os.openpty()
    command = [program(), "predict", str(clip), str(long), "--run", str(trained["lstm"])]
    with subprocess.Popen(
        command,
        stdout=terminal if out_too else subprocess.PIPE,
        stderr=terminal,
        env=os.environ | {"COLUMNS": "80", "TERM": "xterm"},
        text=True,
    ) as process:
        os.close(terminal)
        shown = read_terminal(leader)
        printed = process.stdout.read() if process.stdout else shown
    assert process.returncode == 0
    assert "Recognising" in shown
    assert f"{long} is 1.25 s long" in shown
    lines = [line for line in printed.splitlines() if str(clip) in line]
    assert len(lines) == 1
    if not out_too:
        assert str(clip) not in shown
        assert "\x1b" not in printed
        assert len(printed.splitlines()) == 2
