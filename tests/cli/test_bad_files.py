"""Clips and runs that can't be used: named in one line, left out or converted where asked."""

import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.cli.conftest import (
    EVALUATE,
    SMALL,
    TRAIN,
    Command,
    assert_nothing_half_written,
    assert_one_line,
    contents,
    train,
)
from tests.conftest import SAMPLE_RATE, WORDS, speaker_names


def empty(path: Path) -> None:
    path.write_bytes(b"")


def no_samples(path: Path) -> None:
    soundfile.write(path, np.zeros(0, np.int16), SAMPLE_RATE)


def text(path: Path) -> None:
    path.write_text("hello")


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:9000])


def not_a_number(path: Path) -> None:
    soundfile.write(path, np.full(8000, np.nan), SAMPLE_RATE, subtype="FLOAT")


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def broken_link(path: Path) -> None:
    path.unlink()
    path.symlink_to("nowhere")


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def slow(path: Path) -> None:
    soundfile.write(path, np.zeros(8000, np.int16), 8000)


def stereo(path: Path) -> None:
    soundfile.write(path, np.zeros((8000, 2), np.int16), SAMPLE_RATE)


def coarse(path: Path) -> None:
    soundfile.write(path, np.zeros(8000, np.int16), SAMPLE_RATE, subtype="PCM_U8")


Spoil = Callable[[Path], None]
UNREADABLE: list[Spoil] = [empty, no_samples, text, cut_short, not_a_number, folder, broken_link]
if sys.platform != "win32":  # which has no pipes in folders
    UNREADABLE.append(pipe)
CONVERTIBLE: list[Spoil] = [slow, stereo, coarse]


@pytest.fixture
def clip(recordings: Path) -> Path:
    """Give one clip of the training split of `recordings`, to be spoiled."""
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
    ran = wordspot("predict", clip.parent, "--run", trained["lstm"])
    assert_one_line(ran, 1)
    assert str(clip) in ran.err
    ran = wordspot("predict", clip.parent, "--skip-bad", "--run", trained["lstm"])
    assert ran.code == 0
    assert ran.err.startswith(f"wordspot: left out {clip}")
    assert len(ran.out.splitlines()) == 27
    if spoil in CONVERTIBLE:
        ran = wordspot("predict", clip.parent, "--convert", "--run", trained["lstm"])
        assert (ran.code, ran.err, len(ran.out.splitlines())) == (0, "", 28)


def test_every_clip_bad(wordspot: Command, recordings: Path, tmp_path: Path) -> None:
    for path in recordings.rglob("*.wav"):
        text(path)
    ran = wordspot(*train("lstm", recordings, tmp_path / "out"), "--skip-bad")
    assert ran.code == 1
    assert all(line.startswith("wordspot: ") for line in ran.err.splitlines())
    assert_one_line(wordspot("explore", "--data", recordings, "--out", tmp_path / "out"), 1)


def test_a_word_whose_clips_of_a_split_are_all_bad(
    wordspot: Command, recordings: Path, tmp_path: Path
) -> None:
    for speaker in speaker_names("testing", 3):
        for path in (recordings / "low").glob(f"{speaker}_nohash_*"):
            text(path)
    ran = wordspot(*train("lstm", recordings, tmp_path / "out"), "--skip-bad")
    assert ran.code == 1
    assert [line.split(":")[0] for line in ran.err.splitlines()] == ["wordspot", "wordspot"]
    assert "no clips of low in the testing split" in ran.err


def test_a_run_without_weights(wordspot: Command, own_run: Path, shared_recordings: Path) -> None:
    (own_run / "model.safetensors").unlink()
    for command in (f"predict {shared_recordings} --run {own_run}", EVALUATE):
        assert_one_line(
            wordspot(*command.format(run=own_run, data=shared_recordings, small=SMALL).split()), 1
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
        '{"config": {"model": {"hidden_size": "many"}}, "provenance": {}}',
        "\udcff",
    ],
)
def test_a_damaged_config(wordspot: Command, own_run: Path, shared_recordings: Path, content: str) -> None:
    (own_run / "config.json").write_text(content, errors="surrogateescape")
    for command in (EVALUATE, TRAIN.replace("{out}", "{run}")):
        ran = wordspot(*command.format(run=own_run, data=shared_recordings, small=SMALL).split())
        assert_one_line(ran, 1)
        assert str(own_run) in ran.err


OLD_CONFIG = {
    "model": {"front": "conv2d", "channels": 24, "cell": "lstm", "units": 96, "layers": 1, "pooling": "mean"},
    "corpus": {"words": list(WORDS), "seconds": 1.0, "rate_hz": 16000},
    "features": {"transform": "log-mel", "n_mels": 40, "level": True, "deltas": 0},
    "augment": {"shift_ms": 100.0, "mask_bands": 8, "mask_ms": 200.0, "speed": 0.1, "background_p": 0.5},
}
"""A config with names that settings had once; its model has no kind."""


@pytest.mark.parametrize("sections", [*([name] for name in OLD_CONFIG), list(OLD_CONFIG)])
def test_a_run_of_an_older_version(
    wordspot: Command, own_run: Path, shared_recordings: Path, tmp_path: Path, sections: list[str]
) -> None:
    stored = json.loads((own_run / "config.json").read_text())
    stored["config"] |= {name: OLD_CONFIG[name] for name in sections}
    (own_run / "config.json").write_text(json.dumps(stored))
    before = contents(own_run)
    for command in (
        EVALUATE,
        TRAIN.replace("{out}", "{run}"),
        "predict {data} --run {run}",
        "compare {run} wordspot --out {out}",
        "mistakes {run} --data {data} --out {out}/page.html",
    ):
        arguments = command.format(run=own_run, data=shared_recordings, small=SMALL, out=tmp_path / "out")
        ran = wordspot(*arguments.split())
        assert_one_line(ran, 1)
        place = own_run / "config.json"
        assert ran.err.startswith(f"wordspot: {place}: not a config of this version of wordspot (")
        assert ran.err.endswith("): train again with another --out\n")
    assert_one_line(
        wordspot("train", own_run / "config.json", "--data", shared_recordings, "--out", tmp_path / "out"), 2
    )
    assert contents(own_run) == before
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("kept", [0, 4, 100, -1])
def test_damaged_weights(wordspot: Command, own_run: Path, shared_recordings: Path, kept: int) -> None:
    weights = own_run / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:kept])
    for command in ("predict {data} --run {run}", EVALUATE):
        ran = wordspot(*command.format(run=own_run, data=shared_recordings, small=SMALL).split())
        assert_one_line(ran, 1)
        assert str(weights) in ran.err


def test_weights_of_another_run(
    wordspot: Command, trained: dict[str, Path], own_run: Path, shared_recordings: Path
) -> None:
    shutil.copy(trained["rnn"] / "model.safetensors", own_run)
    assert_one_line(wordspot("predict", shared_recordings, "--run", own_run), 1)


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
        if ran.code == 0:  # what is lost may be made again, but then whole
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


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no names that aren't text")
def test_a_name_that_is_no_text(wordspot: Command, recordings: Path, clip: Path, tmp_path: Path) -> None:
    clip.rename(Path(os.fsdecode(os.fsencode(clip.parent) + b"/caf\xe9.wav")))
    ran = wordspot(*train("lstm", recordings, tmp_path / "out"))
    if ran.code:  # it may as well be trained on
        assert_one_line(ran, 1)
