"""Hard negatives are the windows that were no word."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.streams.conftest import heard_of
from tests.streams.test_recording import at, recording, sound
from wordspot.corpus.sources import find_index
from wordspot.corpus.speech_commands import FOLDER, VERSIONS
from wordspot.layout import write_lists
from wordspot.streams.mining import cut, false_starts, mine_false_accepts
from wordspot.streams.recording import Said
from wordspot.streams.settings import StreamConfig


def test_windows_that_are_no_word() -> None:
    rows = np.zeros((100, 3), np.float32)
    rows[[20, 60, 90], 0] = 0.9
    rows[:, 2] = 1 - rows[:, 0]
    # "yes" is told at step 20 (3.0 s), 60 (7.0 s, in "cat") and 90 (10.0 s, where "no" is said).
    said = [Said("yes", 2.4, 2.9, ""), Said("cat", 6.3, 6.9, ""), Said("no", 9.5, 9.9, "")]
    assert false_starts(heard_of(rows, said), 0.5, ("yes", "no")) == [6 * 16_000]


def test_clips_are_cut_where_they_are() -> None:
    made = recording(at(*range(0, 500_000, 9_000)))
    samples = sound(made)
    starts = [0, 100, 159_000, 159_500, 320_000, made.samples - 16_000, made.samples - 1000]
    clips = list(cut(made, starts, 16_000))
    for start, clip in zip(starts, clips, strict=True):
        there = samples[start : start + 16_000]
        assert np.array_equal(clip[: len(there)], there)
        assert len(clip) == 16_000
    assert not clips[-1][1000:].any()


@pytest.mark.usefixtures("espeak_alone")
@pytest.mark.parametrize("below", [".", f"{FOLDER}/{VERSIONS[0]}"])
def test_mining_writes_training_clips(below: str, tiny_run: Path, spoken: Path, tmp_path: Path) -> None:
    folder = tmp_path / below / "mistaken"
    folder.parent.mkdir(parents=True, exist_ok=True)
    if below != ".":
        write_lists(folder.parent, [("yes/0a_nohash_0.wav", "validation")])
    written = mine_false_accepts(tiny_run, spoken, folder, 0.6, StreamConfig(hours=0.02), quiet=True)
    assert written
    assert sorted(folder.iterdir()) == sorted(written)
    there = [clip for clip in find_index(tmp_path).clips if clip.word == "mistaken"]
    assert len(there) == len(written)
    assert {clip.split for clip in there} == {"training"}
    for path in written:
        samples, rate = soundfile.read(path)
        assert (len(samples), rate) == (16_000, 16_000)
