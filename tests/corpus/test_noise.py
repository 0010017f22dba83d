"""Cuts of background noise: how many, from where, and how loud."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.conftest import SAMPLE_RATE, SPEAKERS, noise, write_samples
from wordspot.config import SILENCE, CorpusConfig, Runtime
from wordspot.corpus.corpus import open_corpus
from wordspot.corpus.folder import index_folder
from wordspot.corpus.index import Clip, choose
from wordspot.corpus.noise import cut_silence, noise_of
from wordspot.errors import WordspotError


def cuts_of(root: Path, config: CorpusConfig) -> list[Clip]:
    index = index_folder(root)
    return cut_silence(index, choose(index, config), config)


CONFIG = CorpusConfig(words=("low", "high"), silence=True)


@pytest.mark.parametrize("seconds", [0.1, 0.7, 1.0])
def test_no_moment_of_a_recording_stands_in_two_parts(noisy_recordings: Path, seconds: float) -> None:
    cuts = cuts_of(noisy_recordings, CorpusConfig(words=("low", "high"), silence=True, seconds=seconds))
    for path in {cut.path for cut in cuts}:
        frames = soundfile.info(noisy_recordings / path).frames
        part_of = np.full(frames, "", dtype="U10")
        for cut in cuts:
            if cut.path == path:
                assert cut.stop
                assert 0 <= cut.start < cut.stop <= frames
                assert cut.stop - cut.start == round(seconds * SAMPLE_RATE)
                assert set(part_of[cut.start : cut.stop]) <= {"", cut.split}
                part_of[cut.start : cut.stop] = cut.split
        assert {"training", "validation", "testing"} <= set(part_of)


def test_as_many_cuts_as_clips_of_a_word_from_every_recording(noisy_recordings: Path) -> None:
    cuts = cuts_of(noisy_recordings, CONFIG)
    assert {cut.word for cut in cuts} == {SILENCE}
    assert Counter((cut.path, str(cut.split)) for cut in cuts) == {
        (f"_background_noise_/noise{n}.wav", split): speakers
        for n in range(2)
        for split, speakers in SPEAKERS.items()
    }
    assert len({(cut.path, cut.start) for cut in cuts}) == len(cuts)


def test_cuts_are_the_same_each_time_and_of_every_loudness(noisy_recordings: Path) -> None:
    cuts = cuts_of(noisy_recordings, CONFIG)
    assert cuts == cuts_of(noisy_recordings, CONFIG)
    gains = [cut.gain for cut in cuts]
    assert 1e-4 <= min(gains) < 5e-4  # 80 dB softer
    assert 0.7 < max(gains) < 1
    assert len(set(gains)) == len(gains)
    assert 0.3 < np.mean(np.array(gains) < 0.01) < 0.7  # half of them by more than 40 dB


def test_stored_silence_is_the_noise_at_its_gain(noisy_recordings: Path) -> None:
    store = open_corpus(noisy_recordings, CONFIG).store
    cuts = cuts_of(noisy_recordings, CONFIG)
    rows = np.flatnonzero(store.table["word"] == SILENCE)
    assert len(rows) == len(cuts) == 28
    for row, cut in zip(rows, cuts, strict=True):
        recording, _ = soundfile.read(noisy_recordings / cut.path, dtype="int16")
        expected = np.round(recording[cut.start : cut.stop] * cut.gain)
        assert np.array_equal(store.samples[row], expected)
        assert store.table["length"][row] == SAMPLE_RATE


def test_the_table_says_where_silence_is_cut_from(noisy_recordings: Path) -> None:
    table = open_corpus(noisy_recordings, CONFIG).store.table
    silence = table[table["word"] == SILENCE]
    cuts = cuts_of(noisy_recordings, CONFIG)
    assert list(silence["start"]) == [cut.start for cut in cuts]
    assert list(silence["stop"]) == [cut.stop for cut in cuts]
    assert list(silence["gain"]) == [cut.gain for cut in cuts]


def test_noise_of_another_rate_gives_cuts_of_full_length(recordings: Path) -> None:
    write_samples(recordings / "_background_noise_" / "rain.wav", noise(100_000), sample_rate=8_000)
    store = open_corpus(recordings, CONFIG, Runtime(convert=True)).store
    silence = store.table["word"] == SILENCE
    assert set(store.table["length"][silence]) == {SAMPLE_RATE}
    assert np.abs(store.samples[np.flatnonzero(silence)[-1], -100:]).max() > 0


def test_a_recording_of_ten_clips_is_just_long_enough(recordings: Path) -> None:
    path = write_samples(recordings / "_background_noise_" / "rain.wav", noise(160_000))
    assert len(cuts_of(recordings, CONFIG)) == 28
    write_samples(path, noise(159_000))
    with pytest.raises(WordspotError, match="too short") as error:
        cuts_of(recordings, CONFIG)
    assert str(error.value).startswith(f"{path}: 9.9 s")


def test_silence_needs_noise(recordings: Path) -> None:
    with pytest.raises(WordspotError, match="--silence"):
        cuts_of(recordings, CONFIG)


def test_noise_for_training_is_the_first_four_fifths_of_each_recording(tmp_path: Path) -> None:
    paths = [tmp_path / "rain.wav", tmp_path / "wind.flac"]
    write_samples(paths[0], range(100))
    write_samples(paths[1], range(1000, 1050))
    assert noise_of("training", paths, SAMPLE_RATE).tolist() == [*range(80), *range(1000, 1040)]
    assert noise_of("training", [], SAMPLE_RATE).tolist() == []
