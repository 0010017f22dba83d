"""Recordings made of a split: what is said in them, how dense, and in which surroundings."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.conftest import SPEAKERS
from tests.helpers import assert_one_line
from wordspot.config import UNKNOWN, CorpusConfig
from wordspot.corpus.corpus import Corpus
from wordspot.errors import UsageError
from wordspot.streams.recording import Recording
from wordspot.streams.scenes import make_recordings, open_split
from wordspot.streams.settings import StreamConfig
from wordspot.streams.written import write_said, write_wav
from wordspot.tts import synthesize as synthesize_module

pytestmark = pytest.mark.usefixtures("espeak_alone")

SHORT = StreamConfig(hours=0.02)
"""72 s, with 7 words and 10 others."""
NAMES = ["clean", "noise at 10 dB", "room echo", "running speech", "music", "noise alone", "quiet room"]


@pytest.fixture
def recordings(corpus: Corpus) -> list[Recording]:
    return make_recordings(corpus, "testing", SHORT)


def samples(recording: Recording) -> np.ndarray:
    return np.concatenate(list(recording.blocks()))


def test_a_split_has_all_its_clips_other_words_under_one_name(spoken: Path, corpus: Corpus) -> None:
    clips = 2 * SPEAKERS["testing"]
    assert Counter(corpus.store.table["word"]) == {"low": clips, "high": clips, UNKNOWN: 2 * clips}
    assert set(corpus.store.table["split"]) == {"testing"}
    with pytest.raises(UsageError, match="no clips of cat in the validation split") as caught:
        open_split(spoken, CorpusConfig(words=("low", "cat")), "validation")
    assert_one_line(caught.value)


def test_what_is_said_and_how_often(recordings: list[Recording]) -> None:
    assert [one.name for one in recordings] == NAMES
    assert {one.samples for one in recordings} == {72 * 16_000}
    for one in recordings[:3]:
        assert one.said == recordings[0].said
        words = Counter(said.word for said in one.said)
        assert words["low"] + words["high"] == 7
        assert words["rise"] + words["hiss"] == 10
    assert not any(one.said for one in recordings[3:])
    assert recordings[2].utterances[0].room is not None
    clips = [said.path for said in recordings[0].said if said.word in ("low", "high")]
    assert len(set(clips)) == 7  # of twelve, none comes twice


def test_clips_lie_one_after_the_other(recordings: list[Recording]) -> None:
    utterances = recordings[0].utterances
    ends = [one.first + len(one.clip) for one in utterances]
    assert all(end <= later.first for end, later in zip(ends, utterances[1:], strict=False))
    assert ends[-1] <= recordings[0].samples
    for one in utterances:
        assert one.first <= 16_000 * one.said.start < 16_000 * one.said.end <= one.first + len(one.clip)


def test_levels(recordings: list[Recording]) -> None:
    clean, noisy, _, *others = (samples(one) for one in recordings)
    noise = noisy - clean
    assert 20 * np.log10(noise.std() / 0.05) == pytest.approx(-10, abs=0.2)
    speech, music, alone, quiet = (float(np.sqrt(np.mean(one**2))) for one in others)
    for level in (speech, music, alone):
        assert level == pytest.approx(0.05, rel=0.02)
    assert quiet == pytest.approx(0.05 * 10**-1.5, rel=0.02)
    for one in others:
        assert np.isfinite(one).all()
        assert not np.array_equal(one[:160_000], one[160_000:320_000])


def test_equal_seeds_make_equal_recordings(spoken: Path, corpus: Corpus, recordings: list[Recording]) -> None:
    opened = open_split(spoken, corpus.config, "testing")
    for one, again in zip(recordings, make_recordings(opened, "testing", SHORT), strict=True):
        assert one.said == again.said
        assert np.array_equal(samples(one), samples(again))
    others = make_recordings(opened, "testing", StreamConfig(hours=SHORT.hours, seed=1))
    assert others[0].said != recordings[0].said


def test_clips_that_do_not_fit(corpus: Corpus) -> None:
    with pytest.raises(UsageError, match=r"clips don't fit into 0\.0002 h: make it longer") as caught:
        make_recordings(corpus, "testing", StreamConfig(hours=0.0002))
    assert_one_line(caught.value)


def test_without_a_synthesiser_there_is_no_running_speech(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none() -> list[str]:
        raise UsageError("synthetic speech needs a synthesiser")

    monkeypatch.setattr(synthesize_module, "installed_engines", none)
    with pytest.warns(UserWarning, match="left out running speech: synthetic speech needs a synthesiser"):
        made = make_recordings(corpus, "testing", SHORT)
    assert [one.name for one in made] == [name for name in NAMES if name != "running speech"]
    assert [one.name for one in make_recordings(corpus, "testing", SHORT, words_only=True)] == NAMES[:3]


def test_written_recordings_are_what_was_heard(recordings: list[Recording], tmp_path: Path) -> None:
    write_wav(recordings[1], tmp_path / "it.wav")
    written, rate = soundfile.read(tmp_path / "it.wav")
    assert rate == 16_000
    np.testing.assert_allclose(written, np.clip(samples(recordings[1]), -1, 1), atol=1e-4)
    write_said(recordings[1], tmp_path / "it.csv")
    lines = (tmp_path / "it.csv").read_text().splitlines()
    said = recordings[1].said[0]
    assert lines[0] == "word,start_s,end_s,clip"
    assert lines[1] == f"{said.word},{said.start:.3f},{said.end:.3f},{said.path}"
    assert len(lines) == 18
