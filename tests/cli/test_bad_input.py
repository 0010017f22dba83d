"""What is wrong ends in one line that says so, the right exit code, and nothing half-written."""

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from tests.cli.conftest import (
    EVALUATE,
    SMALL,
    TRAIN,
    Command,
    assert_nothing_half_written,
    assert_one_line,
    program,
    run_program,
    train,
)
from tests.conftest import speaker_names, write_corpus

WRONG_MODELS = {
    "unknown_kind": {"kind": "transformer"},
    "without_kind": {"kind": None},
    "other_kind": {"kind": "bc-resnet"},
    "unknown_pooling": {"pooling": "max"},
}
"""Changes to the model of a config, by the name of the file in which they stand."""


@pytest.fixture(scope="session")
def places(
    shared_recordings: Path, trained: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    """Give the good and bad files and folders that the commands below name; no command changes them."""
    top = tmp_path_factory.mktemp("places")
    found = {
        name: top / name
        for name in (
            "nowhere",
            "file",
            "raw",
            "without_sounds",
            "without_words",
            "lacking",
            "unlisted",
            "other_words",
        )
    }
    found["file"].write_text("hello")
    found["raw"] = top / "sound.raw"
    found["raw"].write_text("hello")
    found["config"] = top / "config.json"
    found["config"].write_text('{"config": {"training": {"epochs": 2, "nonsense": 1}}}')
    found["without_sounds"].mkdir()
    (found["without_words"] / "low").mkdir(parents=True)
    write_corpus(found["lacking"])
    for speaker in speaker_names("validation", 3):
        for path in (found["lacking"] / "low").glob(f"{speaker}_nohash_*"):
            path.unlink()
    (found["unlisted"] / "SpeechCommands" / "speech_commands_v0.02").mkdir(parents=True)
    shutil.copytree(shared_recordings / "low", found["other_words"] / "cat")
    for name, changes in WRONG_MODELS.items():
        found[name] = top / f"{name}.json"
        config = json.loads((trained["lstm"] / "config.json").read_text())
        config["config"]["model"] |= changes
        found[name].write_text(json.dumps(config))
    return found | {"data": shared_recordings, "run": trained["lstm"]}


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
    TRAIN.replace("{out}", "{run} --hidden-size 9 --hop-ms 10"),
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
    f"{TRAIN} --threads 1000000000",
    f"{TRAIN} --threads 8589934592",
    f"{TRAIN} --seconds 30000",
    f"{TRAIN} --sample-rate 1",
    f"{TRAIN} --hidden-size 1000000000",
    f"{TRAIN} --num-layers 10000",
    f"{TRAIN} --n-fft 1000000000",
    f"{TRAIN} --unknown",
    "notebook --words low go --data {data} --study {out} --out {out}.ipynb",
    EVALUATE.replace("{run}", "{nowhere}"),
    EVALUATE.replace("{run}", "{data}"),
    EVALUATE.replace("{run}", "{file}"),
    EVALUATE.replace("{data}", "{nowhere}"),
    EVALUATE.replace("{data}", "{lacking}"),
    EVALUATE.replace("{data}", "{lacking} --split testing"),
    EVALUATE.replace("{data}", "{other_words}"),
    EVALUATE.replace("{data}", "{other_words} --split all"),
    EVALUATE.replace("{data}", "{nowhere} --split all"),
    EVALUATE.replace("{run}", "wordspt"),
    EVALUATE.replace("{run}", "wordspot"),
    EVALUATE.replace("{run}", "wordspot --split all"),
    f"{EVALUATE} --device nonsense",
    "predict {data} --run {nowhere}",
    "predict {data} --run {data}",
    "predict {nowhere} --run {run}",
    "predict {without_sounds} --run {run}",
    "predict --run {run}",
    "explore --data {nowhere} --out {out}",
    "explore --data {data} --out {out} --words low dog",
    "explore --data {data} --out {file}",
    "study --words low high rise --data {nowhere} --out {out}",
    "study --words low high rise --data {data} --out {file}",
    "compare {run} --out {out}",
    "compare {run} {run} --out {out}",
    "compare {run} {nowhere} --out {out}",
    "compare wordspot lstm --out {out}",
    "compare wordspot {run} --data {data} --out {out}",
    "compare --out {out}",
    "mistakes --data {data} --out {out}",
    "mistakes {nowhere} --data {data} --out {out}",
    "mistakes {run} --data {nowhere} --out {out}",
    "mistakes {run} --data {data} --out {file}/below",
    "mistakes {run} --data {data} --out {data}",
    "mistakes {run} --data {data} --out .",
    "mistakes {run} --data {other_words} --out {out}",
    "mistakes wordspt --data {data} --out {out}",
    "study --words low --data {data} --out {out}",
    "study --words low high --data {data} --out {out} --models lstm transformer",
    "study --words low high --data {data} --out {out} --experiments nonsense",
    "study --words low high --data {data} --out {out} --seeds 0",
    "study --words low high --data {data} --out {out} --jobs 0",
    "study --words low high --data {data} --out {out} --models --epochs 1",
    "train {nowhere}.json --data {data} --out {out}",
    "train {config} --data {data} --out {out}",
    "train --data {data} --out {out} {config}",
    "train {without_sounds}.json --data {data} --out {out}",
    *(f"train {{{name}}} --data {{data}} --out {{out}}" for name in WRONG_MODELS),
    "train bc-resnet --scale 0 --data {data} --out {out}",
    "report {nowhere}",
    "report {run}",
    "pack --words low high rise --data {nowhere} --out {out}",
    "pack --words low high rise --data {data} --out {file}",
    "sweep lstm --words low high rise --data {nowhere} --out {out}",
    "sweep lstm --words low high rise --data {data} --out {out} --trials 0",
    "sweep lstm --words low high rise --data {data} --out {out} --storage nonsense://sweep",
    "synthesize --out {out}",
    "synthesize yes no yes --out {out}",
    "synthesize свет --out {out}",
    "synthesize 明かり --out {out}",
    "synthesize 3 --out {out}",
    "synthesize ... --out {out}",
    "synthesize yes --out {data}",
    "synthesize yes --out {file}",
    "synthesize yes --clips 0 --out {out}",
    "synthesize yes --engines piper --hold-out piper --out {out}",
    "own-words yes --out {out}",
    "own-words --out {out}",
    "own-words yes 3 --out {out}",
    "own-words yes no --model transformer --out {out}",
    "own-words yes no --recordings {nowhere} --out {out}",
    f"{TRAIN} --synthetic -1",
    f"{TRAIN} --recorded-times 2",
    f"{TRAIN} --clips-per-word 0",
    TRAIN.replace("{data}", "synthetic").replace("low high rise", "low 3"),
]

FAILURES = [
    TRAIN.replace("{data}", "{without_sounds}"),
    TRAIN.replace("{data}", "{without_words}"),
    TRAIN.replace("{data}", "{lacking}"),
    TRAIN.replace("{data}", "{unlisted}"),
    f"{TRAIN} --silence",
    "predict {file} --run {run}",
    "predict {raw} --run {run}",
    "explore --data {without_sounds} --out {out}",
    "study --words low high rise --data {lacking} --out {out}",
    "pack --words low high rise --data {lacking} --out {out}",
    "own-words low high --recordings {without_words} --out {out}",
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


SAID = {
    EVALUATE.replace("{data}", "{lacking}"): "or evaluate all clips with --split all",
    EVALUATE.replace("{data}", "{other_words}"): "{other_words}, which has cat",
    EVALUATE.replace("{data}", "{other_words} --split all"): "{other_words}: has no clips of low, high, rise",
    EVALUATE.replace("{run}", "wordspt"): "wordspt: no run here (no config.json)",
    EVALUATE.replace("{run}", "wordspt "): "or a pretrained recogniser (lstm, wordspot, wordspot-live)",
    "compare wordspot lstm --out {out}": "wordspot: not evaluated on the validation split",
    "train {unknown_kind} --data {data} --out {out}": "'transformer' must be one of recurrent, bc-resnet",
    "train {other_kind} --data {data} --out {out}": "encoder: no such setting",
    "train {unknown_pooling} --data {data} --out {out}": "must be one of 'last', 'mean', 'additive', ",
    "train {nowhere}.json --data {data} --out {out}": "{nowhere}.json: No such file or directory",
    f"{TRAIN} --threads 0": "threads: 0 must be at least 1",
    "mistakes {run} --data {data} --out {data}": "{data}: is a folder: name a file",
    f"{TRAIN} --unknown": "unknown: {data} has no words beside low, high, rise: leave out --unknown",
    f"{TRAIN} --threads 8589934592": "threads: 8589934592 must be at most 1024",
    "notebook --words low go --data {data} --study {out} --out {out}.ipynb": (
        "go not in {data}, which has high, low, rise"
    ),
    "study --words low high --data {data} --out {out} --models --epochs 1": "models: name at least one of ",
    "own-words yes no --model transformer --out {out}": "'transformer' must be one of rnn, lstm, ",
}


@pytest.mark.parametrize("command", SAID)
def test_what_is_said(wordspot: Command, places: dict[str, Path], tmp_path: Path, command: str) -> None:
    ran = wordspot(*command.format(**places, small=SMALL, out=tmp_path / "out").split())
    assert_one_line(ran, 2)
    assert SAID[command].format(**places) in ran.err


def test_an_empty_cache_is_not_the_folder_one_is_in(
    wordspot: Command, places: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WORDSPOT_CACHE", "")
    ran = wordspot(*train("lstm", places["data"], tmp_path / "out"))
    assert_one_line(ran, 2)
    assert ran.err.startswith("wordspot: WORDSPOT_CACHE: an empty value")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (["train", "lstm", "--data", "D", "--out", ""], "--out"),
        (["train", "lstm", "--data", "D", "--out="], "--out"),
        (["train", "lstm", "--data", "", "--out", "O"], "--data"),
        (["evaluate", "", "--data", "D"], "evaluate"),
        (["predict", "clip.wav", "--run", ""], "--run"),
        (["predict", "", "clip.wav"], "predict"),
        (["report", ""], "report"),
        ([""], "wordspot"),
    ],
)
def test_an_empty_argument_is_not_the_folder_one_is_in(
    wordspot: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = wordspot(*arguments)
    assert_one_line(ran, 2)
    assert ran.err.startswith(f"wordspot: {name}: an empty value")
    assert list(tmp_path.iterdir()) == []


def test_a_cache_that_cannot_be_made(
    wordspot: Command, places: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORDSPOT_CACHE", str(places["file"]))
    ran = wordspot(*train("lstm", places["data"], tmp_path / "out"))
    assert_one_line(ran, ran.code)
    assert ran.code in (1, 2)
    assert str(places["file"]) in ran.err


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
        [program(), "predict", places["data"] / folder, "--run", places["run"]],
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
    assert err.splitlines()[-1] == "wordspot: interrupted: what is finished is kept"
    assert "Traceback" not in err
    assert_nothing_half_written(out)
    for line in (out / "metrics.jsonl").read_text().splitlines():
        assert json.loads(line)["epoch"] >= 1
