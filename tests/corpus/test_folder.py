"""Word folders: which files are clips, whose, and in which part."""

from pathlib import Path

import pytest

from tests.conftest import SPEAKERS, WORDS, write_samples
from wordspot.corpus.folder import index_folder
from wordspot.corpus.speech_commands import FOLDER, index_speech_commands, version_in
from wordspot.errors import UsageError, WordspotError
from wordspot.layout import SPLITS, split_of

OFFICIAL = {
    "training": "5f1253e9 063d48cf ec5ab5d5 b72e58c9 ec201020 a527cb3c a95dbfd4 0227998e 3a69f765 2927c601 "
    "f63a6479 7ea032f3",
    "validation": "ff2b842e 32ad5b65 88f8a99c 7ca023e2 3cc595de 9d32f10a 1aed7c6d 66cff190 1e02ffc5 3b853f44 "
    "28ef2a01 16db1582",
    "testing": "85d2ac4b 6021f08b 3659fc1c a591c2ea 1f3bece8 c22d3f18 3cbd76a3 e9901cf0 7e1054e7 4c6167ca "
    "dcb57584 4845bb10",
}
"""A dozen speakers of each part, from the lists that Speech Commands comes with."""


@pytest.mark.parametrize("split", SPLITS)
def test_the_rule_puts_speakers_where_the_data_set_does(split: str) -> None:
    assert {split_of(speaker) for speaker in OFFICIAL[split].split()} == {split}


def test_the_rule_gives_the_official_part_of_every_real_clip(real_clips: Path) -> None:
    version = version_in(real_clips)
    assert version
    official = index_speech_commands(real_clips, version)
    by_rule = index_folder(real_clips / FOLDER / version)
    assert len(official.clips) == len(by_rule.clips) > 1000
    assert {clip.path: clip.split for clip in by_rule.clips} == {
        clip.path: clip.split for clip in official.clips
    }
    assert len(by_rule.noises) == len(official.noises) > 0


def test_a_folder_of_words(shared_recordings: Path) -> None:
    index = index_folder(shared_recordings)
    assert index.words == sorted(WORDS)
    assert index.noises == []
    for word in WORDS:
        for split, speakers in SPEAKERS.items():
            clips = [clip for clip in index.clips if clip.word == word and clip.split == split]
            assert len(clips) == 2 * speakers
            assert len({clip.speaker for clip in clips}) == speakers
    assert all((shared_recordings / clip.path).is_file() for clip in index.clips)


def test_only_sound_files_in_word_folders_are_clips(tmp_path: Path) -> None:
    for name in (
        "yes/ff2b842e_nohash_0.wav",
        "yes/ff2b842e_nohash_1.flac",
        "yes/evening.WAV",
        "no/morning.wav",
        "no/.hidden.wav",
        "no/deeper/below.wav",
        ".hidden/a.wav",
        "_draft/a.wav",
        "_background_noise_/rain.wav",
        "_background_noise_/.hidden.wav",
        "above.wav",
    ):
        write_samples(tmp_path / name, [1, 2, 3])
    (tmp_path / "yes" / "notes.txt").touch()
    with pytest.warns(UserWarning, match=r"^2 files name no speaker \(such as no/morning\.wav\)"):
        index = index_folder(tmp_path)
    assert [(clip.path, clip.word, clip.speaker) for clip in index.clips] == [
        ("no/morning.wav", "no", "morning"),
        ("yes/evening.WAV", "yes", "evening"),
        ("yes/ff2b842e_nohash_0.wav", "yes", "ff2b842e"),
        ("yes/ff2b842e_nohash_1.flac", "yes", "ff2b842e"),
    ]
    assert index.noises == [tmp_path / "_background_noise_" / "rain.wav"]


def test_a_missing_folder_is_wrong_use(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nowhere: no such folder"):
        index_folder(tmp_path / "nowhere")


def test_a_folder_without_clips_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "yes").mkdir()
    write_samples(tmp_path / "_background_noise_" / "rain.wav", [1])
    with pytest.raises(WordspotError, match="no clips here"):
        index_folder(tmp_path)
