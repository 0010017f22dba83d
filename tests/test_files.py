"""Files and folders are whole or as they were."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.helpers import dead_process
from wordspot.errors import UsageError
from wordspot.files import (
    atomic_folder,
    atomic_write,
    locked,
    output_folder,
    remove_leftovers,
    write_json,
    write_text,
)

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


FILL = """
import sys
from pathlib import Path
from wordspot.files import atomic_folder

for n in range(30):
    with atomic_folder(Path(sys.argv[1])) as part:
        for name in "abc":
            (part / name).write_text(sys.argv[2])
"""

COUNT = """
import sys
from pathlib import Path
from wordspot.files import locked

path = Path(sys.argv[1])
for n in range(20):
    with locked(path), locked(path):
        path.write_text(str(int(path.read_text()) + 1))
"""

STUCK = """
import sys, time
from pathlib import Path
from wordspot.files import atomic_folder, atomic_write

with atomic_folder(Path(sys.argv[1])) as folder, atomic_write(Path(sys.argv[2])) as part:
    (folder / "half").touch()
    part.write_text("half")
    print("filling", flush=True)
    time.sleep(60)
"""


def run_all(code: str, *arguments: list[str]) -> None:
    """Run a script in several processes at once, each with its arguments."""
    running = [
        subprocess.Popen([sys.executable, "-c", code, *own], stderr=subprocess.PIPE, text=True)
        for own in arguments
    ]
    errors = [process.communicate()[1] for process in running]
    assert not any(process.returncode for process in running), errors


def test_processes_that_fill_one_folder_at_once_wait_for_each_other(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    run_all(FILL, *([str(folder), name] for name in ("one", "two", "three", "four")))
    assert len({path.read_text() for path in folder.iterdir()}) == 1
    assert sorted(path.name for path in folder.iterdir()) == ["a", "b", "c"]
    assert list(tmp_path.iterdir()) == [folder]


def test_processes_that_work_on_one_file_wait_for_each_other(tmp_path: Path) -> None:
    path = tmp_path / "count"
    path.write_text("0")
    run_all(COUNT, *[[str(path)]] * 4)
    assert path.read_text() == "80"
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_killed_process_left_is_removed_by_the_next(tmp_path: Path) -> None:
    folder, file = tmp_path / "folder", tmp_path / "file.txt"
    command = [sys.executable, "-c", STUCK, str(folder), str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as it:
        assert it.stdout
        assert it.stdout.readline() == "filling\n"
        it.send_signal(signal.SIGKILL)
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {f"folder.{it.pid}.part", f"file.txt.{it.pid}.part", ".folder.lock"}
    started = time.monotonic()
    with atomic_folder(folder):
        assert not (tmp_path / f"folder.{it.pid}.part").exists()
    write_text(file, "whole")
    assert time.monotonic() - started < 5
    assert {path.name for path in tmp_path.iterdir()} == {"folder", "file.txt"}


def test_only_what_dead_processes_left_is_removed(tmp_path: Path) -> None:
    dead = dead_process()
    kept = [f"a.{os.getpid()}.part", f"a.{os.getppid()}.part", "a.part", f"a.{dead}.txt", f"{dead}.part"]
    for name in (*kept, f"a.{dead}.part", f"b.c.{dead}.part", "a.99999999999999999999.part"):
        (tmp_path / name).touch()
    (tmp_path / f"[a].{dead}.part").mkdir()
    remove_leftovers(tmp_path, "[a]")
    assert not (tmp_path / f"[a].{dead}.part").exists()
    assert (tmp_path / f"a.{dead}.part").exists()
    remove_leftovers(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(kept)


@BREAKS
def test_a_broken_work_keeps_nobody_waiting(tmp_path: Path, stop: type[BaseException]) -> None:
    with pytest.raises(stop), locked(tmp_path / "a"):
        raise stop
    assert list(tmp_path.iterdir()) == []
