"""Files and folders are whole or as they were."""

import json
from pathlib import Path

import pytest

from wordspot.errors import UsageError
from wordspot.files import atomic_folder, atomic_write, output_folder, write_json, write_text

# An interruption is no Exception: what cleans up must not pass it by.
BREAKS = pytest.mark.parametrize("stop", [ValueError, KeyboardInterrupt])


def break_off_file(path: Path, stop: type[BaseException]) -> None:
    with atomic_write(path) as part:
        part.write_text("half")
        raise stop


def break_off_folder(path: Path, stop: type[BaseException]) -> None:
    with atomic_folder(path) as part:
        (part / "new").write_text("half")
        raise stop


def test_a_file_takes_its_place_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with atomic_write(path) as part:
        part.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


@BREAKS
def test_a_broken_file_leaves_the_old_one(tmp_path: Path, stop: type[BaseException]) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(stop):
        break_off_file(path, stop)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@BREAKS
def test_a_broken_new_file_leaves_nothing(tmp_path: Path, stop: type[BaseException]) -> None:
    with pytest.raises(stop):
        break_off_file(tmp_path / "a.txt", stop)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_takes_its_place_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "below" / "a"
    path.mkdir(parents=True)
    (path / "old").touch()
    with atomic_folder(path) as part:
        (part / "new").touch()
        assert (path / "old").exists()
    assert list(path.iterdir()) == [path / "new"]
    assert list(path.parent.iterdir()) == [path]


@BREAKS
def test_a_broken_folder_leaves_the_old_one(tmp_path: Path, stop: type[BaseException]) -> None:
    path = tmp_path / "a"
    path.mkdir()
    (path / "old").write_text("old")
    with pytest.raises(stop):
        break_off_folder(path, stop)
    assert (path / "old").read_text() == "old"
    assert list(path.iterdir()) == [path / "old"]
    assert list(tmp_path.iterdir()) == [path]


def test_texts_are_utf8_and_json_is_readable(tmp_path: Path) -> None:
    write_text(tmp_path / "a.txt", "café\n")
    assert (tmp_path / "a.txt").read_bytes() == b"caf\xc3\xa9\n"
    write_json(tmp_path / "a.json", {"word": "café"})
    text = (tmp_path / "a.json").read_text(encoding="utf-8")
    assert json.loads(text) == {"word": "café"}
    assert text == '{\n  "word": "café"\n}\n'


def test_json_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_json(path, [1])
    with pytest.raises(TypeError):
        write_json(path, object())
    assert json.loads(path.read_text()) == [1]


def test_an_output_folder_is_made_with_those_above_it(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    assert output_folder(folder) == folder
    assert folder.is_dir()
    (folder / "kept").touch()
    output_folder(folder)
    assert (folder / "kept").exists()


@pytest.mark.parametrize("below", ["", "below"])
def test_a_file_is_no_output_folder(tmp_path: Path, below: str) -> None:
    file = tmp_path / "file"
    file.write_text("mine")
    with pytest.raises(UsageError, match=str(file)):
        output_folder(file / below)
    assert file.read_text() == "mine"
