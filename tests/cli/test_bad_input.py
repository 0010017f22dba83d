"""What is wrong ends in one line that says so, the right exit code, and nothing half-written."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from tests.cli.conftest import SMALL, Command, Ran, program, run_program, train
from tests.conftest import RATE_HZ, speaker_names, write_corpus

TRAIN = "train lstm {small} --words low high rise --data {data} --out {out}"
EVALUATE = "evaluate {run} --data {data}"


def empty(path: Path) -> None:
    path.write_bytes(b"")


def no_samples(path: Path) -> None:
    soundfile.write(path, np.zeros(0, np.int16), RATE_HZ)


def text(path: Path) -> None:
    path.write_text("hello")


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:9000])


def not_a_number(path: Path) -> None:
    soundfile.write(path, np.full(8000, np.nan), RATE_HZ, subtype="FLOAT")


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def slow(path: Path) -> None:
    soundfile.write(path, np.zeros(8000, np.int16), 8000)


def stereo(path: Path) -> None:
    soundfile.write(path, np.zeros((8000, 2), np.int16), RATE_HZ)


def coarse(path: Path) -> None:
    soundfile.write(path, np.zeros(8000, np.int16), RATE_HZ, subtype="PCM_U8")


Spoil = Callable[[Path], None]
UNREADABLE: list[Spoil] = [empty, no_samples, text, cut_short, not_a_number, folder]
CONVERTIBLE: list[Spoil] = [slow, stereo, coarse]


@pytest.fixture(scope="session")
def places(
    shared_recordings: Path, trained: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    """Give the good and bad files and folders that the commands below name; no command changes them."""
    top = tmp_path_factory.mktemp("places")
    found = {
        name: top / name
        for name in ("nowhere", "file", "raw", "without_sounds", "without_words", "lacking", "unlisted")
    }
    found["file"].write_text("hello")
    found["raw"] = top / "sound.raw"
    found["raw"].write_text("hello")
    found["without_sounds"].mkdir()
    (found["without_words"] / "low").mkdir(parents=True)
    write_corpus(found["lacking"])
    for speaker in speaker_names("validation", 3):
        for path in (found["lacking"] / "low").glob(f"{speaker}_nohash_*"):
            path.unlink()
    (found["unlisted"] / "SpeechCommands" / "speech_commands_v0.02").mkdir(parents=True)
    return found | {"data": shared_recordings, "run": trained["lstm"]}


def assert_one_line(ran: Ran, code: int) -> None:
    assert ran.err.startswith("wordspot: ")
    assert ran.err.count("\n") == 1
    assert ran.err.endswith("\n")
    assert "Traceback" not in ran.err
    assert ran.code == code


def assert_nothing_half_written(folder: Path) -> None:
    assert [path for path in folder.rglob("*") if ".part" in path.name] == []


WRONG_USE = [
    TRAIN.replace("{data}", "{nowhere}"),
    TRAIN.replace("{data}", "{file}"),
    TRAIN.replace("low high rise", "low high dog"),
    TRAIN.replace("low high rise", "low low"),
    TRAIN.replace("low high rise", "low"),
    TRAIN.replace("low high rise", "--unknown --silence"),
    TRAIN.replace("{out}", "{file}"),
    TRAIN.replace("{out}", "{file}/below"),
    TRAIN.replace("{out}", "{run} --seed 1"),
    TRAIN.replace("{out}", "{run} --units 9 --hop-ms 10"),
    f"{TRAIN} --transform mfcc --n-mfcc 41",
    f"{TRAIN} --hop-ms 0",
    f"{TRAIN} --win-ms 65",
    f"{TRAIN} --f-max-hz 9000",
    f"{TRAIN} --seconds 0",
    f"{TRAIN} --seconds inf",
    f"{TRAIN} --dropout 1",
    f"{TRAIN} --epochs 0",
    f"{TRAIN} --learning-rate -1",
    f"{TRAIN} --device nonsense",
    f"{TRAIN} --device hpu",
    f"{TRAIN} --device meta",
    f"{TRAIN} --threads 0",
    f"{TRAIN} --threads -1",
    EVALUATE.replace("{run}", "{nowhere}"),
    EVALUATE.replace("{run}", "{data}"),
    EVALUATE.replace("{run}", "{file}"),
    EVALUATE.replace("{data}", "{nowhere}"),
    f"{EVALUATE} --device nonsense",
    "predict {nowhere} {data}",
    "predict {data} {data}",
    "predict {run} {nowhere}",
    "predict {run} {without_sounds}",
    "predict {run}",
    "explore --data {nowhere} --out {out}",
    "explore --data {data} --out {out} --words low dog",
    "explore --data {data} --out {file}",
    "study --words low high rise --data {nowhere} --out {out}",
    "study --words low high rise --data {data} --out {file}",
    "study --words low --data {data} --out {out}",
]

FAILURES = [
    TRAIN.replace("{data}", "{without_sounds}"),
    TRAIN.replace("{data}", "{without_words}"),
    TRAIN.replace("{data}", "{lacking}"),
    TRAIN.replace("{data}", "{unlisted}"),
    f"{TRAIN} --silence",
    EVALUATE.replace("{data}", "{lacking}"),
    "predict {run} {file}",
    "predict {run} {raw}",
    "explore --data {without_sounds} --out {out}",
    "study --words low high rise --data {lacking} --out {out}",
]

NO_GPU = [f"{TRAIN} --device cuda", f"{EVALUATE} --device cuda"]


def check(wordspot: Command, places: dict[str, Path], tmp_path: Path, command: str, code: int) -> None:
    """Run a command in which places stand in braces, and check that it fails as it should."""
    out = tmp_path / "out"
    assert_one_line(wordspot(*command.format(**places, small=SMALL, out=out).split()), code)
    assert_nothing_half_written(tmp_path)
    assert not (out / "config.json").exists()


@pytest.mark.parametrize("command", WRONG_USE)
def test_wrong_use(wordspot: Command, places: dict[str, Path], tmp_path: Path, command: str) -> None:
    check(wordspot, places, tmp_path, command, 2)


@pytest.mark.parametrize("command", FAILURES)
def test_failure(wordspot: Command, places: dict[str, Path], tmp_path: Path, command: str) -> None:
    check(wordspot, places, tmp_path, command, 1)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has the GPU that is to be missing")
@pytest.mark.parametrize("command", NO_GPU)
def test_a_missing_gpu(wordspot: Command, places: dict[str, Path], tmp_path: Path, command: str) -> None:
    check(wordspot, places, tmp_path, command, 2)


@pytest.fixture
def clip(recordings: Path) -> Path:
    """Give one clip of the training part of `recordings`, to be spoiled."""
    return recordings / "high" / f"{speaker_names('training', 1)[0]}_nohash_0.wav"


@pytest.mark.parametrize("spoil", UNREADABLE)
def test_a_clip_that_cannot_be_read_is_named_and_skipped_where_asked(
    wordspot: Command, recordings: Path, clip: Path, tmp_path: Path, spoil: Spoil
) -> None:
    spoil(clip)
    out = tmp_path / "out"
    command = train("lstm", recordings, out)
    for options in ([], ["--convert"]):
        ran = wordspot(*command, *options)
        assert_one_line(ran, 1)
        assert str(clip) in ran.err
        assert "--skip-bad" in ran.err
    assert not (out / "config.json").exists()
    ran = wordspot(*command, "--skip-bad")
    assert ran.code == 0
    warning = ran.err.splitlines()[0]
    assert warning.startswith("wordspot: left out 1 ")
    assert str(clip) in warning
    about = json.loads((out / "config.json").read_text())
    assert sum(about["provenance"]["data"]["clips"].values()) == 83
    assert [str(clip) in skipped for skipped in about["provenance"]["data"]["skipped"]] == [True]
    assert_nothing_half_written(tmp_path)


@pytest.mark.parametrize("spoil", CONVERTIBLE)
def test_a_clip_of_another_format_is_named_and_converted_where_asked(
    wordspot: Command, recordings: Path, clip: Path, tmp_path: Path, spoil: Spoil
) -> None:
    spoil(clip)
    command = train("lstm", recordings, tmp_path / "out")
    ran = wordspot(*command)
    assert_one_line(ran, 1)
    assert str(clip) in ran.err
    assert "--convert" in ran.err
    assert wordspot(*command, "--convert").code == 0
    about = json.loads((tmp_path / "out" / "config.json").read_text())
    assert sum(about["provenance"]["data"]["clips"].values()) == 84
    assert about["provenance"]["data"]["skipped"] == []


@pytest.mark.parametrize("spoil", UNREADABLE + CONVERTIBLE)
def test_predicting_what_cannot_be_used(
    wordspot: Command, trained: dict[str, Path], recordings: Path, clip: Path, spoil: Spoil
) -> None:
    spoil(clip)
    ran = wordspot("predict", trained["lstm"], clip.parent)
    assert_one_line(ran, 1)
    assert str(clip) in ran.err
    ran = wordspot("predict", trained["lstm"], clip.parent, "--skip-bad")
    assert ran.code == 0
    assert ran.err.startswith(f"wordspot: left out {clip}")
    assert len(ran.out.splitlines()) == 27
    if spoil in CONVERTIBLE:
        ran = wordspot("predict", trained["lstm"], clip.parent, "--convert")
        assert (ran.code, ran.err, len(ran.out.splitlines())) == (0, "", 28)


def test_every_clip_bad(wordspot: Command, recordings: Path, tmp_path: Path) -> None:
    for path in recordings.rglob("*.wav"):
        text(path)
    ran = wordspot(*train("lstm", recordings, tmp_path / "out"), "--skip-bad")
    assert ran.code == 1
    assert all(line.startswith("wordspot: ") for line in ran.err.splitlines())
    assert_one_line(wordspot("explore", "--data", recordings, "--out", tmp_path / "out"), 1)


def test_a_word_whose_clips_of_a_part_are_all_bad(
    wordspot: Command, recordings: Path, tmp_path: Path
) -> None:
    for speaker in speaker_names("testing", 3):
        for path in (recordings / "low").glob(f"{speaker}_nohash_*"):
            text(path)
    ran = wordspot(*train("lstm", recordings, tmp_path / "out"), "--skip-bad")
    assert ran.code == 1
    assert [line.split(":")[0] for line in ran.err.splitlines()] == ["wordspot", "wordspot"]
    assert "no clips of low in the testing part" in ran.err


def test_a_run_without_weights(wordspot: Command, own_run: Path, shared_recordings: Path) -> None:
    (own_run / "model.safetensors").unlink()
    for command in (f"predict {own_run} {shared_recordings}", EVALUATE):
        assert_one_line(
            wordspot(*command.format(run=own_run, data=shared_recordings, small=SMALL).split()), 2
        )


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "{}",
        "null",
        '{"config": {}}',
        '{"config": {}, "provenance": {}}',
        '{"config": {"model": {"units": "many"}}, "provenance": {}}',
        "\udcff",
    ],
)
def test_a_damaged_config(wordspot: Command, own_run: Path, shared_recordings: Path, content: str) -> None:
    (own_run / "config.json").write_text(content, errors="surrogateescape")
    for command in (EVALUATE, TRAIN.replace("{out}", "{run}")):
        ran = wordspot(*command.format(run=own_run, data=shared_recordings, small=SMALL).split())
        assert_one_line(ran, 1)
        assert str(own_run) in ran.err


@pytest.mark.parametrize("kept", [0, 4, 100, -1])
def test_damaged_weights(wordspot: Command, own_run: Path, shared_recordings: Path, kept: int) -> None:
    weights = own_run / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:kept])
    for command in ("predict {run} {data}", EVALUATE):
        ran = wordspot(*command.format(run=own_run, data=shared_recordings, small=SMALL).split())
        assert_one_line(ran, 1)
        assert str(weights) in ran.err


def test_weights_of_another_run(
    wordspot: Command, trained: dict[str, Path], own_run: Path, shared_recordings: Path
) -> None:
    shutil.copy(trained["rnn"] / "model.safetensors", own_run)
    assert_one_line(wordspot("predict", own_run, shared_recordings), 1)


@pytest.mark.parametrize("content", [None, "", "hello\n"])
def test_a_finished_run_with_damaged_progress(
    wordspot: Command, own_run: Path, shared_recordings: Path, content: str | None
) -> None:
    for name in ("metrics.jsonl", "last/state.safetensors"):
        damaged = shutil.copytree(own_run, own_run.with_name(f"without-{Path(name).stem}"))
        if content is None:
            (damaged / name).unlink()
        else:
            (damaged / name).write_text(content)
        ran = wordspot(*train("lstm", shared_recordings, damaged))
        if ran.code == 0:  # what is lost may be made anew, but then whole
            assert len((damaged / "metrics.jsonl").read_text().splitlines()) == 2
        else:
            assert_one_line(ran, 1)


def test_other_clips_than_the_runs(
    wordspot: Command, trained: dict[str, Path], recordings: Path, clip: Path
) -> None:
    clip.unlink()
    run = trained["lstm"]
    before = sorted(path.name for path in run.iterdir())
    for command in (EVALUATE, TRAIN.replace("{out}", "{run}")):
        ran = wordspot(*command.format(run=run, data=recordings, small=SMALL).split())
        assert_one_line(ran, 2)
        assert str(run) in ran.err
    assert sorted(path.name for path in run.iterdir()) == before


def test_a_cache_that_cannot_be_made(
    wordspot: Command, places: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORDSPOT_CACHE", str(places["file"]))
    ran = wordspot(*train("lstm", places["data"], tmp_path / "out"))
    assert_one_line(ran, ran.code)
    assert ran.code in (1, 2)
    assert str(places["file"]) in ran.err


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no names that aren't text")
def test_a_name_that_is_no_text(wordspot: Command, recordings: Path, clip: Path, tmp_path: Path) -> None:
    clip.rename(Path(os.fsdecode(os.fsencode(clip.parent) + b"/caf\xe9.wav")))
    ran = wordspot(*train("lstm", recordings, tmp_path / "out"))
    if ran.code:  # it may as well be trained on
        assert_one_line(ran, 1)


@pytest.mark.parametrize(
    ("command", "code"),
    [("explore --data {nowhere} --out {out}", 2), (TRAIN.replace("{data}", "{lacking}"), 1)],
)
def test_the_program_itself(places: dict[str, Path], tmp_path: Path, command: str, code: int) -> None:
    assert_one_line(run_program(*command.format(**places, small=SMALL, out=tmp_path / "out").split()), code)
    assert_nothing_half_written(tmp_path)


@pytest.mark.parametrize("folder", ["", "low"], ids=["more than a buffer", "less than a buffer"])
def test_a_reader_that_leaves_early(
    places: dict[str, Path], folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)  # it would hide what is left in the buffer
    with subprocess.Popen(
        [program(), "predict", places["run"], places["data"] / folder],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 1


@pytest.mark.skipif(sys.platform == "win32", reason="Windows can't send a process this signal")
def test_an_interruption_is_one_line_and_leaves_a_run_to_go_on_with(
    places: dict[str, Path], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    command = f"{TRAIN} --epochs 10000 --patience 10000"
    with subprocess.Popen(
        [program(), *command.format(**places, small=SMALL, out=out).split()],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell starts jobs in the background deaf to this signal, and so would be what they start.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        while process.poll() is None and not (out / "last" / "state.safetensors").exists():
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err.splitlines()[-1] == "wordspot: interrupted: the same command goes on from here"
    assert "Traceback" not in err
    assert_nothing_half_written(out)
    for line in (out / "metrics.jsonl").read_text().splitlines():
        assert json.loads(line)["epoch"] >= 1
