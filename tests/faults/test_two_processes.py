"""Two processes that want one folder: the second is told so in one line, or waits."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.conftest import Command, assert_one_line, train
from tests.helpers import dead_process, files_of
from wordspot.errors import UsageError
from wordspot.files import alone_in, remove_locks

HOLD = """
import sys
from pathlib import Path
from wordspot.files import alone_in
with alone_in(Path(sys.argv[1])):
    print("holding", flush=True)
    sys.stdin.read()
"""


@contextmanager
def another_in(folder: Path) -> Iterator[None]:
    """Have another process at work in a folder meanwhile."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-c", HOLD, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as it:
        assert it.stdout
        assert it.stdout.readline() == "holding\n"
        yield


@pytest.mark.parametrize(
    "command",
    [
        "train lstm --epochs 1 --hidden-size 8",
        "study --experiments family --models rnn lstm --seeds 1 --epochs 1 --jobs 1",
        "sweep lstm --trials 1 --epochs 1",
    ],
)
def test_the_second_is_refused_in_one_line(
    wordspot: Command, shared_recordings: Path, tmp_path: Path, command: str
) -> None:
    out = tmp_path / "out"
    with another_in(out):
        before = files_of(out)
        arguments = [*command.split(), "--words", "low", "high", "rise", "--data", shared_recordings]
        ran = wordspot(*arguments, "--out", out)
        assert_one_line(ran, 2)
        assert ran.err == (
            f"wordspot: {out}: another process is at work here: wait until it ends, or choose another --out\n"
        )
        assert files_of(out) == before


def test_the_folder_is_free_again_afterwards(
    wordspot: Command, shared_recordings: Path, tmp_path: Path
) -> None:
    with another_in(tmp_path / "run"):
        pass
    assert wordspot(*train("lstm", shared_recordings, tmp_path / "run")).code == 0


def test_what_killed_processes_left_is_removed(tmp_path: Path) -> None:
    dead = dead_process()
    left = [f"a.{dead}.part", f"below/a.{dead}.part", ".other.lock", "below/deeper/kept.json"]
    for name in left:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / f".making.{dead}.part").mkdir()
    with alone_in(tmp_path, depth=1):
        names = {path.name for path in tmp_path.rglob("*")}
        assert names == {".work.lock", "below", "deeper", "kept.json"}
    assert {path.name for path in tmp_path.rglob("*")} == {"below", "deeper", "kept.json"}


def test_a_lock_that_is_held_stays(tmp_path: Path) -> None:
    with another_in(tmp_path):
        remove_locks(tmp_path)
        assert (tmp_path / ".work.lock").exists()
        with pytest.raises(UsageError, match="another process is at work"), alone_in(tmp_path):
            pass
