"""Lists of the partition beside the clips: written, read, and followed instead of the rule."""

from pathlib import Path

import pytest

from tests.conftest import write_samples
from tests.helpers import assert_one_line
from wordspot.corpus.folder import index_folder
from wordspot.errors import WordspotError
from wordspot.layout import Split, read_lists, split_of, write_lists

PARTS: list[tuple[str, Split]] = [
    ("yes/b_nohash_0.wav", "testing"),
    ("yes/a_nohash_0.wav", "testing"),
    ("no/c_nohash_0.wav", "validation"),
    ("no/d_nohash_0.wav", "training"),
]


def test_lists_that_were_written_are_read(tmp_path: Path) -> None:
    write_lists(tmp_path, PARTS)
    assert read_lists(tmp_path) == {path: split for path, split in PARTS if split != "training"}
    assert (tmp_path / "testing_list.txt").read_text() == "yes/a_nohash_0.wav\nyes/b_nohash_0.wav\n"
    assert (tmp_path / "validation_list.txt").read_text() == "no/c_nohash_0.wav\n"


def test_where_there_are_no_lists_nothing_is_read(tmp_path: Path) -> None:
    assert read_lists(tmp_path) is None


def test_lists_without_clips_are_lists(tmp_path: Path) -> None:
    write_lists(tmp_path, [("yes/a_nohash_0.wav", "training")])
    assert read_lists(tmp_path) == {}


def test_one_list_alone_is_read_and_its_empty_lines_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "testing_list.txt").write_text(
        "\n  yes/a_nohash_0.wav \n\nyes/é_nohash_0.wav", encoding="utf-8"
    )
    assert read_lists(tmp_path) == {"yes/a_nohash_0.wav": "testing", "yes/é_nohash_0.wav": "testing"}


def test_a_list_that_is_not_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "validation_list.txt").write_bytes(b"yes/\xff\xfe.wav\n")
    with pytest.raises(WordspotError, match=r"validation_list\.txt: not a text file") as caught:
        read_lists(tmp_path)
    assert_one_line(caught.value)


def test_a_folder_follows_its_lists_instead_of_the_rule(tmp_path: Path) -> None:
    # By the rule each speaker stands in the part that is named here.
    speakers: dict[str, Split] = {"5f1253e9": "training", "ff2b842e": "validation", "85d2ac4b": "testing"}
    assert {name: split_of(name) for name in speakers} == speakers
    for speaker in speakers:
        write_samples(tmp_path / "yes" / f"{speaker}_nohash_0.wav", [1])
    assert {clip.speaker: clip.split for clip in index_folder(tmp_path).clips} == speakers
    write_lists(
        tmp_path, [("yes/5f1253e9_nohash_0.wav", "testing"), ("yes/85d2ac4b_nohash_0.wav", "validation")]
    )
    assert {clip.speaker: clip.split for clip in index_folder(tmp_path).clips} == {
        "5f1253e9": "testing",
        "ff2b842e": "training",
        "85d2ac4b": "validation",
    }
